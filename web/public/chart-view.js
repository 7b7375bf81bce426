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

  function make() {
    const width = picture.clientWidth;
    if (width === 0) return;
    const line = colour('--s1');
    const ink = colour('--ink-3');
    const grid = colour('--line');
    const font = `11px ${styleOf('--sans')}`;
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    plot?.destroy();
    picture.replaceChildren();
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', label);
    plot = new window.uPlot(
      {
        width,
        height: Math.round(Math.max(180, width * 0.28)),
        legend: { show: false },
        cursor: { drag: { x: true, y: false } },
        scales: { x: { time: false } },
        axes: [axis, { ...axis, size: 56 }],
        series: [
          { label: xTitle },
          {
            label: yTitle,
            stroke: line,
            width: 2.5,
            points: { show: xs.length < 60, size: 5, fill: line },
            ...(stepped ? { paths: window.uPlot.paths.stepped({ align: 1 }) } : {}),
          },
        ],
        hooks: {
          setSelect: [(self) => (zoomed = self.select.width > 0)],
        },
      },
      [xs, ys],
      picture,
    );
    plot.over.addEventListener('dblclick', () => {
      zoomed = false;
    });
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
