// Steps are moved by dragging their number, with mouse, pen or finger.
import { formFor } from './recipe-keys.js';

export function keepDragging({ change }) {
  document.addEventListener('pointerdown', (event) => {
    const grip = event.target.closest?.('#steps .number');
    const item = grip?.closest('li[data-step]');
    if (!item || event.button !== 0) return;
    event.preventDefault();
    drag(item, event, change);
  });
}

function drag(item, begin, change) {
  let over;
  const isAfter = (to, y) => y > to.getBoundingClientRect().top + to.offsetHeight / 2;
  const clear = () => over?.item.classList.remove('drop-here', 'drop-after');
  const moved = (event) => {
    if (Math.abs(event.clientY - begin.clientY) < 4 && !over) return;
    item.classList.add('dragged');
    clear();
    const to = document.elementFromPoint(event.clientX, event.clientY)?.closest('#steps > li[data-step]');
    over = to && to !== item ? { item: to, after: isAfter(to, event.clientY) } : undefined;
    over?.item.classList.add(over.after ? 'drop-after' : 'drop-here');
  };
  const done = (event) => {
    document.removeEventListener('pointermove', moved);
    document.removeEventListener('pointerup', done);
    document.removeEventListener('pointercancel', done);
    item.classList.remove('dragged');
    clear();
    if (!over || event.type === 'pointercancel') return;
    const from = Number(item.dataset.at);
    let at = Number(over.item.dataset.at) + (over.after ? 1 : 0);
    // It is taken out first, which brings those behind it one place nearer.
    if (at > from) at -= 1;
    if (at !== from) void change(formFor(item.dataset.step, { do: 'to', at: String(at) }));
  };
  document.addEventListener('pointermove', moved);
  document.addEventListener('pointerup', done);
  document.addEventListener('pointercancel', done);
}
