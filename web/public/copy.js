// Buttons that copy what stands in a box beside them; hidden where they could not.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener('click', () => void copy(button, words));
  }
}

async function copy(button, words) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = words), 2000);
}
