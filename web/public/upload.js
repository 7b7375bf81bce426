// A large file takes its time: it is sent in parts, can be paused, and goes on where it was after a broken connection or a
// reload. Without this, and where the file becomes more than a dataset, it is an ordinary form.
import { forget, remember, remembered } from './upload-memory.js';

const partBytes = 4 * 1024 * 1024;
const pollMs = 400;
const longestWaitMs = 15_000;

function keepForms() {
  for (const form of document.querySelectorAll('form[data-upload]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (form.dataset.then) void sendInParts(form);
      else sendWhole(form);
    });
    if (form.dataset.then) offerToGoOn(form);
  }
}

/** What was broken off by closing the page: the file has to be chosen again, and only the rest of it is sent. */
function offerToGoOn(form) {
  const before = remembered();
  if (!before) return;
  const text = form.querySelector('[data-upload-text]');
  text.textContent = `${before.name} is here in part. Choose it again to go on with it.`;
}

async function sendInParts(form) {
  const file = form.querySelector('input[type="file"]').files[0];
  if (!file) return;
  const show = face(form);
  show.begin();
  let paused = false;
  let resume;
  show.onPause(() => {
    paused = !paused;
    show.paused(paused);
    if (!paused) resume?.();
  });
  try {
    let upload = await begin(file);
    let waitMs = 500;
    while (upload.state === 'receiving') {
      if (paused) {
        await new Promise((go) => (resume = go));
        continue;
      }
      try {
        const offset = await sendPart(upload, file, (sent) => show.progress(sent, file.size));
        upload = offset >= file.size ? await ask(`/api/v1/uploads/${upload.id}`) : { ...upload, offset };
        waitMs = 500;
      } catch (error) {
        if (error.refused) throw error;
        show.say(`The connection was lost; trying again in ${Math.ceil(waitMs / 1000)} s.`);
        await pause(waitMs);
        waitMs = Math.min(longestWaitMs, waitMs * 2);
        upload = await ask(`/api/v1/uploads/${upload.id}`).catch((why) => {
          if (why.refused) throw why;
          return upload;
        });
      }
    }
    show.say('Reading the file …');
    while (upload.state === 'reading') {
      await pause(pollMs);
      upload = await ask(`/api/v1/uploads/${upload.id}`).catch(() => upload);
    }
    forget(file);
    if (upload.state === 'kept') location.assign(form.dataset.then + upload.datasetId);
    else show.refused({ ...upload.failure, id: upload.id });
  } catch (error) {
    forget(file);
    show.refused(error.refused ?? { message: 'The file could not be sent.', hint: 'Try it again.', problems: [] });
  }
}

/** The upload that this file began before, or a new one. */
async function begin(file) {
  if (file.size === 0)
    throw Object.assign(new Error('empty'), {
      refused: { message: `“${file.name}” is empty.`, hint: 'Choose another file.' },
    });
  const id = remembered(file)?.id;
  if (id) {
    const before = await ask(`/api/v1/uploads/${id}`).catch(() => null);
    if (before?.state === 'receiving' && before.length === file.size) return before;
  }
  const upload = await ask('/api/v1/uploads', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: file.name, length: file.size }),
  });
  remember(file, upload.id);
  return upload;
}

async function ask(address, init) {
  const response = await fetch(address, init);
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  // What Trainyard itself refuses will not get better by asking again.
  if (response.status < 500 && response.status !== 429) {
    const refused = { message: answer.detail ?? answer.title, hint: answer.hint, problems: answer.problems ?? [] };
    throw Object.assign(new Error(answer.title), { refused });
  }
  throw new Error(`${response.status}`);
}

function sendPart(upload, file, onProgress) {
  const { id, offset } = upload;
  const part = file.slice(offset, offset + partBytes);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(offset + loaded));
    request.addEventListener('load', () => {
      if (request.status === 204) resolve(Number(request.getResponseHeader('Upload-Offset')));
      else reject(new Error(`${request.status}`));
    });
    request.addEventListener('error', () => reject(new Error('lost')));
    request.open('PATCH', `/api/v1/uploads/${id}`);
    request.setRequestHeader('Content-Type', 'application/offset+octet-stream');
    request.setRequestHeader('Upload-Offset', String(offset));
    request.send(part);
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the form says while it is sent. */
function face(form) {
  const bar = form.querySelector('progress');
  const text = form.querySelector('[data-upload-text]');
  const button = form.querySelector('button:not([type="button"])');
  const pausing = form.querySelector('[data-pause]');
  return {
    begin() {
      button.disabled = true;
      bar.hidden = false;
      pausing.hidden = false;
      pausing.textContent = 'Pause';
    },
    onPause(act) {
      pausing.onclick = act;
    },
    paused(is) {
      pausing.textContent = is ? 'Go on' : 'Pause';
      if (is) text.textContent = 'Paused after this part.';
    },
    progress(sent, total) {
      bar.value = (sent / total) * 100;
      text.textContent = sent < total ? `${Math.floor((sent / total) * 100)} %` : 'Reading the file …';
    },
    say(words) {
      text.textContent = words;
    },
    refused({ message, hint, problems = [], id }) {
      const more = problems.map((problem) => problem.message).filter((words) => !words.startsWith(message));
      const note = document.createElement('div');
      note.className = 'note bad';
      note.setAttribute('role', 'alert');
      note.append(element('h3', 'The file was not taken'), element('p', [message, ...more].join(' ')));
      note.append(element('p', hint ?? 'Mend the file and choose it again.', 'small'));
      if (id) {
        const link = element('a', 'Read it in another way');
        link.href = `/data/uploads/${id}`;
        note.append(link);
      }
      form.querySelector('[role="alert"]')?.remove();
      form.prepend(note);
      note.scrollIntoView({ block: 'nearest' });
      const input = form.querySelector('input[type="file"]');
      input.setAttribute('aria-invalid', 'true');
      button.disabled = false;
      bar.hidden = true;
      bar.value = 0;
      pausing.hidden = true;
      text.textContent = '';
      input.focus();
    },
  };
}

function element(name, words, className = '') {
  const made = document.createElement(name);
  made.textContent = words;
  if (className) made.className = className;
  return made;
}

/** In one piece, where the answer is a page of its own. */
function sendWhole(form) {
  const bar = form.querySelector('progress');
  const text = form.querySelector('[data-upload-text]');
  const button = form.querySelector('button');
  const request = new XMLHttpRequest();
  button.disabled = true;
  bar.hidden = false;
  request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
    if (!lengthComputable) return;
    bar.value = (loaded / total) * 100;
    text.textContent = loaded < total ? `${Math.round((loaded / total) * 100)} %` : 'Reading the file …';
  });
  request.addEventListener('load', () => {
    // The browser has followed the redirect of a file that was taken; a refused one brings its form back.
    if (request.status < 400) location.assign(request.responseURL);
    else showPage(request.responseText);
  });
  request.addEventListener('error', () => {
    button.disabled = false;
    bar.hidden = true;
    text.textContent = 'The connection was lost. Send it again.';
  });
  request.open('POST', form.getAttribute('action'));
  request.send(new FormData(form));
}

function showPage(html) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  document.querySelector('main').replaceWith(document.adoptNode(page.querySelector('main')));
  document.title = page.title;
  keepForms();
  document.querySelector('[role="alert"]')?.scrollIntoView({ block: 'nearest' });
  document.getElementById('file')?.focus();
}

keepForms();
