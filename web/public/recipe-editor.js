// The editor of a recipe. Without this every change is a form that is sent and a page that comes back; with it the page
// stays, and only what differs in the answer is put into place.
import { keepKeys } from './recipe-keys.js';
import { keepDragging } from './recipe-drag.js';
import { keepPicker } from './recipe-picker.js';

const previewAfterMs = 150;
const checkEveryMs = 700;
const tab = crypto.randomUUID();
const parts = ['recipe-head', 'recipe-more', 'steps', 'saved', 'adding', 'preview'];
const root = () => document.getElementById('editor');

let changing = Promise.resolve();
let looking;
let typing;

/** Changes go one after the other: each begins where the one before has ended. */
export function change(form, submitter) {
  changing = changing.then(() => send(form.isConnected ? form : document.getElementById(form.id), submitter));
  return changing;
}

async function send(form, submitter) {
  if (!form) return;
  stopLooking();
  const body = new URLSearchParams(new FormData(form, submitter?.isConnected ? submitter : undefined));
  // The page may have gone on since the form was drawn; who presses sees the newest.
  if (body.has('position')) body.set('position', root().dataset.position);
  document.getElementById('saved').textContent = 'saving …';
  await put(await ask(form.getAttribute('action'), { method: 'POST', body }), { remember: true });
}

async function ask(address, init = {}) {
  try {
    return await fetch(address, { headers: { accept: 'text/html' }, ...init });
  } catch (error) {
    return error.name === 'AbortError' ? null : new Response('', { status: 503 });
  }
}

async function put(response, { remember = false, keepForm = false } = {}) {
  if (response === null) return;
  if (!response.ok) return trouble(response);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById('editor');
  if (!fresh) return location.reload();
  // A page that was asked for earlier and comes late says what is no longer so.
  if (Number(fresh.dataset.position) < Number(root().dataset.position) && !remember) return;
  if (remember) {
    const address = new URL(response.url);
    history.replaceState(null, '', address.pathname + address.search);
  }
  Object.assign(root().dataset, fresh.dataset);
  document.getElementById('recipe-trouble').hidden = true;
  for (const id of parts) {
    if (keepForm && id === 'steps') putSteps(page);
    else swap(document.getElementById(id), page.getElementById(id));
  }
  document.title = page.title;
  if (!keepForm || remember) showMarked();
  root().dispatchEvent(new Event('drawn'));
  watchCheck();
}

/** The form that is being typed in stays; what is said around it, and beside its fields, is new. */
function putSteps(page) {
  const form = document.getElementById('step-form');
  const drawn = page.getElementById('step-form');
  if (form && drawn) drawn.replaceWith(document.createComment('form'));
  const own = page.getElementById('steps');
  const marker = [...walk(own)].find((node) => node.nodeType === Node.COMMENT_NODE && node.data === 'form');
  if (!form || !marker) return swap(document.getElementById('steps'), own);
  const item = form.closest('li');
  const freshItem = marker.parentElement;
  for (const id of ['what', 'chip', 'tools']) {
    const [old, next] = [item.querySelector(`:scope > .${id}`), freshItem.querySelector(`:scope > .${id}`)];
    if (old && next && old.outerHTML !== next.outerHTML) old.replaceWith(document.adoptNode(next));
    else if (old && !next) old.remove();
    else if (!old && next) item.insertBefore(document.adoptNode(next), form);
  }
  item.className = freshItem.className;
  for (const other of document.querySelectorAll('#steps > li')) {
    if (other !== item && other.id) swap(other, own.querySelector(`#${CSS.escape(other.id)}`));
  }
  putWords(form, drawn);
}

function putWords(form, drawn) {
  for (const field of form.querySelectorAll('.field')) {
    const input = field.querySelector('[name]');
    const next =
      input && [...drawn.querySelectorAll('[name]')].find(({ name }) => name === input.name)?.closest('.field');
    const [old, said] = [field.querySelector('.problem'), next?.querySelector('.problem')];
    if (old && said) old.textContent = said.textContent;
    else if (old) old.remove();
    else if (said) field.append(document.adoptNode(said));
    if (next) markAs(field, next);
  }
}

/** The frame of an input goes with the words beside it, also for those who only hear it. */
function markAs(field, next) {
  const marked = (where, name) => (where.hasAttribute?.(name) ? where : where.querySelector(`[${name}]`));
  for (const name of ['aria-invalid', 'aria-describedby']) {
    const [old, said] = [marked(field, name), marked(next, name)];
    if (said) (document.getElementById(said.id) ?? field).setAttribute(name, said.getAttribute(name));
    else old?.removeAttribute(name);
  }
}

/** What a step made may stand at the far end of a wide table. */
function showMarked() {
  for (const box of document.querySelectorAll('#preview .scroll')) {
    const marked = box.querySelector('th.new, td.changed, th.lost');
    if (!marked) continue;
    const [from, to] = [marked.offsetLeft, marked.offsetLeft + marked.offsetWidth];
    if (from < box.scrollLeft || to > box.scrollLeft + box.clientWidth) box.scrollLeft = Math.max(0, from - 80);
  }
}

// Input and output are looked at together.
document.addEventListener(
  'scroll',
  (event) => {
    const own = event.target;
    if (!own.matches?.('.beside .scroll')) return;
    for (const other of own.closest('.beside').querySelectorAll('.scroll')) {
      if (other !== own && other.scrollTop !== own.scrollTop) other.scrollTop = own.scrollTop;
    }
  },
  true,
);

function* walk(node) {
  for (const child of node.childNodes) {
    yield child;
    yield* walk(child);
  }
}

function swap(old, fresh) {
  if (!old || !fresh || old.outerHTML === fresh.outerHTML) return;
  // A question that is open is not taken away under somebody's hands.
  if (old.querySelector(':popover-open')) return;
  const active = old.contains(document.activeElement) ? document.activeElement.id : '';
  const scrolled = [...old.querySelectorAll('.scroll, .checks')].map(({ scrollLeft, scrollTop }) => [
    scrollLeft,
    scrollTop,
  ]);
  old.replaceWith(document.adoptNode(fresh));
  for (const [n, box] of [...fresh.querySelectorAll('.scroll, .checks')].entries()) {
    if (scrolled[n]) [box.scrollLeft, box.scrollTop] = scrolled[n];
  }
  if (active) focusOn(active);
}

/** A button that can do nothing any more gives the focus to the step that it was for. */
function focusOn(id) {
  const again = document.getElementById(id);
  if (again && !again.disabled) return again.focus();
  const item = again?.closest('li') ?? document.querySelector('#steps > li[aria-current]');
  item?.querySelector('.stepname')?.focus();
}

async function trouble(response) {
  // Somebody typed on; the newer answer is on its way.
  if (response.status === 409 && response.url.endsWith('/preview')) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const words = page.querySelector('main')?.textContent.replace(/\s+/g, ' ').trim();
  const box = document.getElementById('recipe-trouble');
  box.textContent =
    response.status === 503
      ? 'Trainyard does not answer now. What you typed is still here; it is sent with the next change.'
      : (words ?? 'That did not work.');
  box.hidden = false;
  document.getElementById('saved').textContent = 'not saved';
  if (response.status === 409) await put(await ask(location.href), { remember: true });
}

/** Looks elsewhere in the recipe: another step, other rows. */
async function look(address) {
  stopLooking();
  looking = new AbortController();
  const to = new URL(address, location.href);
  to.searchParams.set('tab', tab);
  const response = await ask(to, { signal: looking.signal });
  if (!response?.ok) return put(response);
  history.replaceState(null, '', address);
  await put(response);
}

function stopLooking() {
  looking?.abort();
  looking = undefined;
  clearTimeout(typing);
}

/** What the settings would do, as they are typed. Of several questions only the last is answered. */
function previewSoon(form) {
  clearTimeout(typing);
  typing = setTimeout(async () => {
    looking?.abort();
    looking = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set('stepId', form.dataset.stepForm);
    body.set('place', root().dataset.place);
    body.set('tab', tab);
    root().classList.add('waiting');
    const response = await ask(`${root().dataset.editor}/preview`, { method: 'POST', body, signal: looking.signal });
    root().classList.remove('waiting');
    await put(response, { keepForm: true });
  }, previewAfterMs);
}

let checking;
/** The pass over the whole file goes on behind the page; when it is done, its counts are put into place. */
function watchCheck() {
  clearTimeout(checking);
  if (root().dataset.check !== 'running') return;
  checking = setTimeout(async () => {
    try {
      const response = await fetch(`${root().dataset.editor}/check`);
      const { state, position, progress } = await response.json();
      if (String(position) !== root().dataset.position) return;
      const bar = document.querySelector('#checkline progress');
      if (bar && progress?.ofPasses)
        bar.value = ((progress.passes + progress.rows / Math.max(1, progress.ofRows)) / progress.ofPasses) * 100;
      if (state !== 'running' && !isTyping()) {
        const keepForm = document.getElementById('step-form') !== null;
        return await put(await ask(location.href), { keepForm });
      }
    } catch {
      // Away for a moment.
    }
    watchCheck();
  }, checkEveryMs);
}

function isTyping() {
  const form = document.getElementById('step-form');
  return form?.contains(document.activeElement) && form.dataset.typed === 'yes';
}

/** Settings that belong to another choice are out of the way. */
function showFields(form) {
  for (const field of form.querySelectorAll('[data-when]')) {
    const values = new FormData(form).getAll(field.dataset.when);
    field.hidden = !values.some((value) => field.dataset.is.split('|').includes(value));
  }
  for (const list of form.querySelectorAll('[data-rows]')) growRows(list);
}

/** There is always one empty row to write in. */
function growRows(list) {
  const rows = [...list.querySelectorAll('[data-row]')];
  const last = rows.at(-1);
  const isUsed = [...last.querySelectorAll('input, select')].some(
    ({ name, value }) => value !== '' && !name.endsWith('.is'),
  );
  if (!isUsed) return;
  const row = last.cloneNode(true);
  for (const input of row.querySelectorAll('input, select')) {
    input.id = input.id.replace(/-(\d+)-/, (_, n) => `-${Number(n) + 1}-`);
    input.setAttribute('aria-label', input.getAttribute('aria-label').replace(/row \d+/, `row ${rows.length + 1}`));
    if (input.tagName === 'SELECT') input.selectedIndex = 0;
    else input.value = '';
  }
  list.append(row);
}

document.addEventListener(
  'submit',
  (event) => {
    const form = event.target;
    if (!form.matches('[data-edit]')) return;
    event.preventDefault();
    // Not the “sent once” of ordinary forms: this page stays.
    event.stopImmediatePropagation();
    form.closest('[popover]')?.hidePopover();
    void change(form, event.submitter);
  },
  true,
);
document.addEventListener('input', (event) => {
  const form = event.target.closest('#step-form');
  if (!form) return;
  form.dataset.typed = 'yes';
  showFields(form);
  previewSoon(form);
});
// What was chosen or written is kept as soon as one goes on to the next thing.
document.addEventListener('change', (event) => {
  const form = event.target.closest('#step-form');
  if (!form) return;
  form.dataset.typed = '';
  void keep(form);
});

/** Kept without taking the form from under somebody's hands. */
function keep(form) {
  changing = changing.then(async () => {
    if (!form.isConnected) return;
    stopLooking();
    const body = new URLSearchParams(new FormData(form));
    body.set('position', root().dataset.position);
    document.getElementById('saved').textContent = 'saving …';
    await put(await ask(form.getAttribute('action'), { method: 'POST', body }), { keepForm: true, remember: true });
  });
  return changing;
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-view], a.stepname, #steps a.button, #close-form');
  if (!link || !root().contains(link) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void changing.then(() => look(link.getAttribute('href')));
});

showMarked();
keepPicker();
keepKeys({ change });
keepDragging({ change });
watchCheck();
