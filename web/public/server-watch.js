// An open page looks alive though nobody answers it any more. After some seconds without its stream, and without an
// answer to a plain question, it says so; what cannot work is switched off, and comes back by itself with the server.

const patienceMs = 5000;
const againMs = 2000;

export function watchServer(stream) {
  let timer;

  stream.addEventListener('open', back);
  stream.addEventListener('error', () => {
    timer ??= setTimeout(look, patienceMs);
  });

  async function look() {
    timer = undefined;
    if (stream.readyState === EventSource.OPEN) return;
    if (await answers()) {
      // A stream that was refused does not begin again by itself; the page as it is now begins a new one.
      if (stream.readyState === EventSource.CLOSED) location.reload();
      back();
    } else {
      away();
    }
    timer ??= setTimeout(look, againMs);
  }

  function away() {
    if (document.getElementById('away')) return;
    const note = document.createElement('p');
    note.id = 'away';
    note.className = 'note wait';
    note.setAttribute('role', 'status');
    document.getElementById('main').prepend(note);
    // Readers hear what is put into a place that is there, not one that comes with its words.
    note.textContent = 'Trainyard does not answer; trying again.';
    document.body.classList.add('away');
    for (const button of document.querySelectorAll('main button:not(:disabled)')) {
      button.disabled = true;
      button.dataset.away = '';
    }
  }

  function back() {
    document.getElementById('away')?.remove();
    document.body.classList.remove('away');
    for (const button of document.querySelectorAll('button[data-away]')) {
      button.disabled = false;
      delete button.dataset.away;
    }
  }
}

async function answers() {
  try {
    const { ok } = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(patienceMs) });
    return ok;
  } catch {
    return false;
  }
}
