/* global SwaggerUIBundle */
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
