// Keeps the parts of a page that the server renders up to date: asked again when the stream says that something
// changed, at most once a second, and only what really differs is put into place, so that nothing else moves.

const atMostEveryMs = 1000;

export function keepParts(root) {
  const address = root.dataset.liveParts;
  const shown = new Map();
  let timer;
  let asking = false;
  let again = false;

  async function refresh() {
    timer = undefined;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const response = await fetch(address, { headers: { accept: 'text/html' } });
      if (response.ok) put(new DOMParser().parseFromString(await response.text(), 'text/html'));
    } catch {
      // Away for a moment; the next event asks again.
    } finally {
      asking = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  // A part may hold others: where the whole is in use, those inside that are not still follow.
  function put(fresh) {
    for (const part of fresh.querySelectorAll('[data-live]')) {
      const html = part.outerHTML;
      const old = document.getElementById(part.id);
      const isInPlace = old === part;
      if (isInPlace) shown.set(part.id, html);
      if (!old || isInPlace || shown.get(part.id) === html || isInUse(old)) continue;
      shown.set(part.id, html);
      const focused = old.contains(document.activeElement) ? document.activeElement.id : '';
      old.replaceWith(document.adoptNode(part));
      if (focused) document.getElementById(focused)?.focus();
      document.dispatchEvent(new Event('part-changed'));
    }
  }

  function soon() {
    timer ??= setTimeout(refresh, atMostEveryMs);
  }

  return { soon, refresh };
}

/** A question that is open, or a curve that somebody looks at, is not taken away under their hands. */
function isInUse(part) {
  return part.querySelector(':popover-open, details[open], [data-zoomed]') !== null;
}
