// An open prediction: the parts that the server renders follow its stream of events.
import { keepParts } from './live-parts.js';
import { watchServer } from './server-watch.js';

const root = document.querySelector('[data-work]');
if (root.dataset.liveParts) {
  const parts = keepParts(root);
  const stream = new EventSource(root.dataset.events);
  watchServer(stream);
  stream.addEventListener('job', () => parts.soon());
  stream.addEventListener('end', () => {
    stream.close();
    location.reload();
  });
}
