// An open sweep: asked again every two seconds until it is done; then the page is loaded as that of a done one.
import { keepParts } from './live-parts.js';

const root = document.querySelector('[data-sweep]');
if (root.dataset.liveParts) {
  const parts = keepParts(root);
  const timer = setInterval(async () => {
    if (document.hidden) return;
    await parts.refresh();
    if (document.getElementById('status').dataset.open === 'no') {
      clearInterval(timer);
      location.reload();
    }
  }, 2000);
}
