/* global SwaggerUIBundle */

// Its stylesheet knows a dark look, but leaves it to the page to ask for it.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  // The address of a foreign validator is its default; nothing here leaves this machine.
  validatorUrl: null,
  // What changes something must say that it comes from here and not from a form.
  requestInterceptor: (request) => {
    request.headers['X-Trainyard'] = '1';
    return request;
  },
});
