// The list of steps to add: written words narrow it down, Enter takes the first.

export function keepPicker() {
  document.addEventListener(
    'toggle',
    (event) => {
      if (event.target.id !== 'add-panel' || event.newState !== 'open') return;
      const find = event.target.querySelector('[data-find]');
      find.value = '';
      narrow(find);
      find.focus();
    },
    true,
  );
  document.addEventListener('input', (event) => {
    if (event.target.matches('[data-find]')) narrow(event.target);
  });
  document.addEventListener('keydown', (event) => {
    const panel = event.target.closest?.('#add-panel');
    if (!panel) return;
    const kinds = shown(panel);
    if (event.key === 'Enter' && event.target.matches('[data-find]')) {
      event.preventDefault();
      kinds[0]?.click();
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const at = kinds.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
      (kinds[at] ?? panel.querySelector('[data-find]')).focus();
    }
  });
  show();
  document.getElementById('editor').addEventListener('drawn', show);
}

/** Without a script nothing could be found by writing. */
function show() {
  for (const find of document.querySelectorAll('[data-find]')) find.hidden = false;
}

function shown(panel) {
  return [...panel.querySelectorAll('.kind')].filter((kind) => !kind.hidden);
}

function narrow(find) {
  const panel = find.closest('#add-panel');
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const kind of panel.querySelectorAll('.kind')) {
    kind.hidden = !words.every((word) => kind.dataset.words.includes(word));
    kind.classList.remove('first');
  }
  for (const group of panel.querySelectorAll('[data-group]'))
    group.hidden = !group.querySelector('.kind:not([hidden])');
  const kinds = shown(panel);
  // A title says more than a help text in which the word happens to be.
  const byTitle = kinds.find(
    (kind) => words.length > 0 && kind.querySelector('b').textContent.toLowerCase().startsWith(words[0]),
  );
  if (byTitle && byTitle !== kinds[0]) {
    const group = byTitle.closest('[data-group]');
    group.parentElement.insertBefore(group, group.parentElement.querySelector('[data-group]'));
    group.querySelector('legend').after(byTitle);
  }
  if (words.length > 0) shown(panel)[0]?.classList.add('first');
  panel.querySelector('[data-none]').hidden = kinds.length > 0;
}
