// Another way to read a file shows its first rows at once, instead of by the button.
const form = document.querySelector('[data-import]');
let asking;

form.addEventListener('change', () => void look());

async function look() {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams(new FormData(form));
  query.delete('_csrf');
  try {
    const response = await fetch(`${form.dataset.import}?${query}`, { signal: asking.signal });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const fresh = page.getElementById('import-preview');
    if (fresh) document.getElementById('import-preview').replaceWith(document.adoptNode(fresh));
  } catch {
    // A newer question took its place, or the button still does it.
  }
}
