// Another column to predict means another guess: asked for at once, instead of by the button.
// (A button called “action” hides `form.action`: the attribute is asked instead.)

const form = document.querySelector('[data-job-form]');
form.querySelector('[name="task.labels"]').addEventListener('change', (event) => void guessFor(event.target));

async function guessFor(label) {
  const body = new URLSearchParams(new FormData(form));
  body.set('action', 'guess');
  const response = await fetch(form.getAttribute('action'), { method: 'POST', body });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const name of ['task.kind', 'task.metric', 'task.positiveClass']) {
    const fresh = page.querySelector(`[name="${name}"]`).closest('.field');
    form.querySelector(`[name="${name}"]`).closest('.field').replaceWith(document.adoptNode(fresh));
  }
  // The chosen column itself stays as it is, under the hands; what stands around it is that of the new one.
  const fresh = page.getElementById(label.id);
  for (const part of ['hint', 'problem']) {
    document.getElementById(`${label.id}-${part}`)?.remove();
    const words = page.getElementById(`${label.id}-${part}`);
    if (words) label.closest('.field').append(document.adoptNode(words));
  }
  for (const name of ['aria-describedby', 'aria-invalid']) {
    if (fresh.hasAttribute(name)) label.setAttribute(name, fresh.getAttribute(name));
    else label.removeAttribute(name);
  }
  for (const id of ['identifiers', 'further-labels']) {
    document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));
  }
}

// What it costs follows what is chosen and how long it may take: counted by the server, as the button does.
const counts = ['machine', 'machine.spot', 'minutes', 'longestMinutes', 'limits.attempts', 'limits.silenceSeconds'];
form.addEventListener('change', (event) => {
  if (counts.includes(event.target.name)) void countAgain();
});
let counting = 0;

async function countAgain() {
  const mine = ++counting;
  const body = new URLSearchParams(new FormData(form));
  body.set('action', 'count');
  const response = await fetch(form.getAttribute('action'), { method: 'POST', body });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  // Another choice was made meanwhile: its own answer is on its way.
  if (mine !== counting) return;
  for (const part of form.querySelectorAll('[data-counted]')) {
    const words = page.getElementById(part.id)?.querySelectorAll('p, dl') ?? [];
    for (const [index, old] of part.querySelectorAll('p, dl').entries()) {
      if (words[index]) old.replaceWith(document.adoptNode(words[index]));
    }
  }
  const fresh = page.querySelector('[name="budget"]');
  const budget = form.querySelector('[name="budget"]');
  if (budget.value === '') budget.value = fresh.value;
  const hint = page.getElementById(`${budget.id}-hint`);
  if (hint) document.getElementById(`${budget.id}-hint`)?.replaceWith(document.adoptNode(hint));
}

// A file need not be opened and copied by hand where a script can read it.
const fileField = form.querySelector('[data-settings-file]');
fileField.hidden = false;
fileField.querySelector('input').addEventListener('change', (event) => void readSettings(event.target.files));

async function readSettings([file]) {
  if (file) form.querySelector('[name="settingsFile"]').value = await file.text();
}
