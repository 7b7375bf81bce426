// The log of an open job: follows while the reader is at its end, pauses when they scroll up, brings earlier lines
// when they reach the top. Every line has a number, so none comes twice however often the stream begins again.

const keptLines = 20_000;
const nearEnd = 24;

export function logView(box) {
  const list = box.querySelector('#log-lines');
  const card = box.closest('section');
  const toNewest = card.querySelector('.to-newest');
  const count = card.querySelector('#log-count');
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: document.body.dataset.timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  let first = Number(box.dataset.first);
  let last = Number(box.dataset.last);
  let following = true;
  let fetching = false;
  let waiting = [];
  let frame = 0;

  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < nearEnd;
  const toEnd = () => {
    box.scrollTop = box.scrollHeight;
  };

  function follow(yes) {
    following = yes;
    toNewest.hidden = yes;
  }

  box.addEventListener('scroll', () => {
    if (atEnd()) follow(true);
    else if (following && box.scrollHeight > box.clientHeight) follow(false);
    if (box.scrollTop < nearEnd && !following) void earlier();
  });
  toNewest.addEventListener('click', () => {
    follow(true);
    toEnd();
    box.focus();
  });

  function draw() {
    frame = 0;
    const lines = waiting;
    waiting = [];
    list.append(...lines.map(item));
    if (following) {
      while (list.childElementCount > keptLines) {
        list.firstElementChild.remove();
        first += 1;
      }
    }
    card.querySelector('#log-empty')?.remove();
    count.textContent = `${last.toLocaleString('en-US')} ${last === 1 ? 'line' : 'lines'}`;
    if (following) toEnd();
  }

  function item(line) {
    const li = document.createElement('li');
    li.id = `L${line.line}`;
    li.className = line.source;
    li.dataset.line = line.line;
    const time = document.createElement('time');
    time.dateTime = new Date(line.atMs).toISOString();
    time.textContent = clock.format(line.atMs);
    li.append(time);
    if (line.source === 'machine' || line.source === 'platform') {
      const from = document.createElement('b');
      from.textContent = `${line.source} `;
      li.append(from);
    }
    li.append(line.text);
    return li;
  }

  async function earlier() {
    if (fetching || first <= 1) return;
    fetching = true;
    try {
      const response = await fetch(`${box.dataset.earlier}?line=${first}`);
      const { lines } = await response.json();
      if (lines.length === 0) return;
      const below = box.scrollHeight - box.scrollTop;
      list.prepend(...lines.map(item));
      first = lines[0].line;
      box.scrollTop = box.scrollHeight - below;
      if (first <= 1) card.querySelector('#log-earlier')?.remove();
    } finally {
      fetching = false;
    }
  }
  card.querySelector('#log-earlier a')?.addEventListener('click', (event) => {
    event.preventDefault();
    follow(false);
    void earlier();
  });

  const filters = card.querySelector('[data-log-filters]');
  filters.hidden = false;
  filters.addEventListener('click', (event) => {
    const button = event.target.closest('[data-stream]');
    if (!button) return;
    const shown = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(shown));
    box.classList.toggle(`no-${button.dataset.stream}`, !shown);
    if (following) toEnd();
  });

  toEnd();
  return {
    add(lines) {
      for (const line of lines) {
        if (line.line <= last) continue;
        last = line.line;
        waiting.push(line);
      }
      if (waiting.length > 0) frame ||= requestAnimationFrame(draw);
    },
  };
}
