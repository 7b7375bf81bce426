// On every page: forms are sent once, and what says “heard N s ago” goes on counting.

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post' || form.dataset.sent) {
    // A second press of the same button; the server would take it for the same request anyway.
    if (form.dataset.sent) event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  // The browser's back button brings the page back as it was left.
  window.addEventListener('pageshow', () => delete form.dataset.sent, { once: true });
});

export function spanInWords(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const quietAfterMs = 30_000;

function tick() {
  for (const chip of document.querySelectorAll('[data-heard]')) {
    const silentMs = Date.now() - Date.parse(chip.dataset.heard);
    const isQuiet = silentMs > quietAfterMs;
    chip.classList.toggle('go', !isQuiet);
    chip.classList.toggle('wait', isQuiet);
    chip.firstElementChild.textContent = isQuiet ? '!' : '●';
    chip.querySelector('[data-words]').textContent = `heard ${spanInWords(silentMs)} ago`;
  }
  for (const left of document.querySelectorAll('[data-left]')) left.textContent = timeLeft(left.dataset);
}

/** As the server says it: see web/page-models/progress-bar.ts. */
function timeLeft({ about, most }) {
  const now = Date.now();
  const limit = most === undefined ? Number.POSITIVE_INFINITY : Number(most);
  if (Number(about) > now && Number(about) < limit) return `about ${spanInWords(about - now)} left`;
  return most !== undefined && limit > now ? `at most ${spanInWords(limit - now)} left` : '';
}
setInterval(tick, 1000);
