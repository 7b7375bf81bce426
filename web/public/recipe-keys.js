// Keys of the editor: a adds a step, arrows go from step to step, with Alt they move it, Ctrl-Z takes back.

export function keepKeys({ change }) {
  document.addEventListener('keydown', (event) => {
    const isWriting = event.target.closest?.('input:not([type="checkbox"]), textarea, select, [popover]') !== null;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !isWriting) {
      const key = event.key.toLowerCase();
      if (key === 'z') return press(event, event.shiftKey ? 'redo' : 'undo', change);
      if (key === 'y') return press(event, 'redo', change);
    }
    if (isWriting || event.ctrlKey || event.metaKey) return;
    if (event.key === 'a' && !event.altKey) {
      event.preventDefault();
      document.getElementById('add-panel').showPopover();
      return;
    }
    const item = event.target.closest?.('#steps > li');
    if (!item || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    if (!event.target.matches('.stepname, li')) return;
    event.preventDefault();
    const way = event.key === 'ArrowUp' ? 'up' : 'down';
    if (event.altKey) void move(item, way, change);
    else (way === 'up' ? item.previousElementSibling : item.nextElementSibling)?.querySelector('.stepname')?.focus();
  });
}

function press(event, id, change) {
  const button = document.getElementById(id);
  event.preventDefault();
  if (button && !button.disabled) void change(button.form, button);
}

/** Any step can be moved; the buttons are drawn for the one that is looked at. */
async function move(item, way, change) {
  const name = item.querySelector('.stepname').id;
  await change(formFor(item.dataset.step, { do: way }));
  document.getElementById(name)?.focus();
}

/** The form that a change of this step would have. */
export function formFor(stepId, fields) {
  const editor = document.getElementById('editor');
  const form = document.createElement('form');
  form.action = `${editor.dataset.editor}/steps/${stepId}`;
  form.method = 'post';
  form.hidden = true;
  const token = document.querySelector('[name="_csrf"]').value;
  const all = { _csrf: token, position: editor.dataset.position, place: editor.dataset.place, ...fields };
  for (const [name, value] of Object.entries(all)) {
    const input = document.createElement('input');
    input.type = 'hidden';
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.getElementById('adding').append(form);
  return form;
}
