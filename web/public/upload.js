// A large file takes its time: the form says how far it is. Without this it is an ordinary form.

for (const form of document.querySelectorAll('form[data-upload]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    event.stopPropagation();
    send(form);
  });
}

function send(form) {
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
    else show(request.responseText);
  });
  request.addEventListener('error', () => {
    button.disabled = false;
    bar.hidden = true;
    text.textContent = 'The connection was lost. Send it again.';
  });
  request.open('POST', form.getAttribute('action'));
  request.send(new FormData(form));
}

function show(html) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  document.querySelector('main').replaceWith(document.adoptNode(page.querySelector('main')));
  document.title = page.title;
  for (const form of document.querySelectorAll('form[data-upload]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      event.stopPropagation();
      send(form);
    });
  }
  document.querySelector('[role="alert"]')?.scrollIntoView({ block: 'nearest' });
  document.getElementById('file')?.focus();
}
