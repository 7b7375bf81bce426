// A file that is fetched or read: looked at again until it is a dataset, or refused.
const state = document.getElementById('upload-state');
if (state.dataset.open === 'yes') setTimeout(() => location.reload(), 1000);
