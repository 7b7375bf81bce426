// An open prediction: the parts that the server renders follow its stream of events.
import { keepParts } from './live-parts.js';

const root = document.querySelector('[data-work]');
if (root.dataset.liveParts) {
  const parts = keepParts(root);
  const stream = new EventSource(root.dataset.events);
  stream.addEventListener('job', () => parts.soon());
  stream.addEventListener('end', () => {
    stream.close();
    location.reload();
  });
}
