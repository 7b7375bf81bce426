// Puts a live chart over the server's picture. It starts from the table under it, so both always say the same, and is
// drawn only while it is on the screen. A reader who zoomed in keeps what they look at when points come.

const maximumPoints = 10_000;

function styleOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** `light-dark()` means nothing to a canvas: an element is asked what it comes to. */
function colour(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A line that never moved stands in the middle, not far above an axis that begins at nothing. */
function around(value) {
  const half = Math.abs(value) * 0.1 || 1;
  return [value - half, value + half];
}

export function chartView(holder) {
  const picture = holder.querySelector('.picture');
  const rows = [...holder.querySelectorAll('table.points tbody tr')];
  const xs = rows.map((row) => Number(row.cells[0].dataset.value));
  const ys = rows.map((row) => Number(row.cells[1].dataset.value));
  const heads = holder.querySelectorAll('table.points th');
  const [xTitle, yTitle] = [...heads].map((head) => head.textContent);
  const label = picture.querySelector('svg')?.getAttribute('aria-label') ?? yTitle;
  const stepped = holder.dataset.stepped === 'true';
  let plot;
  let zoomed = false;
  const zoom = (yes) => {
    zoomed = yes;
    holder.toggleAttribute('data-zoomed', yes);
  };

  const marks = [...holder.querySelectorAll('[data-mark]')].map((mark) => [
    Number(mark.dataset.mark),
    mark.textContent,
  ]);
  const from = holder.dataset.from === undefined ? undefined : Number(holder.dataset.from);

  function make() {
    const width = picture.clientWidth;
    if (width === 0) return;
    const [line, ink, grid, wait] = ['--s1', '--ink-3', '--line', '--wait'].map(colour);
    const font = `11px ${styleOf('--sans')}`;
    const axis = { stroke: ink, font, ticks: { show: false } };
    plot?.destroy();
    picture.replaceChildren();
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', label);
    plot = new window.uPlot(
      {
        width,
        height: Math.round(Math.min(260, Math.max(180, width * 0.3))),
        legend: { show: false },
        padding: [12, 12, 0, 0],
        cursor: { drag: { x: true, y: false } },
        scales: {
          x: { time: false, range: (_, min, max) => [zoomed ? min : (from ?? min), max] },
          y: { range: (_, min, max) => (min === max ? around(min) : window.uPlot.rangeNum(min, max, 0.1, true)) },
        },
        axes: [
          { ...axis, size: 28, space: 90, grid: { show: false } },
          { ...axis, size: 52, space: 44, grid: { stroke: grid, width: 1 } },
        ],
        series: [
          { label: xTitle },
          {
            label: yTitle,
            stroke: line,
            width: 2.5,
            points: { show: false },
            ...(stepped ? { paths: window.uPlot.paths.stepped({ align: 1 }) } : {}),
          },
        ],
        hooks: {
          setSelect: [(self) => zoom(self.select.width > 0)],
          draw: [(self) => drawOver(self, { line, wait, font })],
        },
      },
      [xs, ys],
      picture,
    );
    plot.over.addEventListener('dblclick', () => zoom(false));
  }

  /** A point at the end, so that the newest value stands out, and a dashed line where a machine was lost. */
  function drawOver(self, { line, wait, font }) {
    const { ctx, bbox } = self;
    const ratio = window.devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top - 8 * ratio, bbox.width + 12 * ratio, bbox.height + 12 * ratio);
    ctx.clip();
    if (xs.length > 0) {
      ctx.fillStyle = line;
      ctx.beginPath();
      ctx.arc(self.valToPos(xs.at(-1), 'x', true), self.valToPos(ys.at(-1), 'y', true), 4.5 * ratio, 0, 7);
      ctx.fill();
    }
    ctx.strokeStyle = wait;
    ctx.fillStyle = wait;
    ctx.font = font.replace('11px', `${11 * ratio}px`);
    for (const [x, text] of marks) {
      const left = self.valToPos(x, 'x', true);
      ctx.setLineDash([3 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      const isRight = left > bbox.left + bbox.width * 0.7;
      ctx.textAlign = isRight ? 'right' : 'left';
      ctx.fillText(text, left + (isRight ? -6 : 6) * ratio, bbox.top + bbox.height - 6 * ratio);
    }
    ctx.restore();
  }

  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && !plot) make();
  });
  watcher.observe(picture);
  const resized = new ResizeObserver(() => plot && plot.width !== picture.clientWidth && make());
  resized.observe(picture);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot && make());

  return {
    add(points) {
      for (const [x, y] of points) {
        if (y === null || (xs.length > 0 && x < xs.at(-1))) continue;
        xs.push(x);
        ys.push(y);
      }
      if (xs.length > maximumPoints) {
        xs.splice(0, xs.length - maximumPoints);
        ys.splice(0, ys.length - maximumPoints);
      }
      if (!plot) return;
      const { min, max } = plot.scales.x;
      plot.setData([xs, ys], !zoomed);
      if (zoomed) plot.setScale('x', { min, max });
    },
    leave() {
      watcher.disconnect();
      resized.disconnect();
      plot?.destroy();
    },
  };
}
