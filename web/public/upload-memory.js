// Which upload belongs to which file, over a reload of the page: browsers do not keep the file itself.

const key = 'trainyard-uploads';

function all() {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '[]');
  } catch {
    return [];
  }
}

function keep(list) {
  try {
    localStorage.setItem(key, JSON.stringify(list.slice(-10)));
  } catch {
    // Nothing can be kept here: a reload begins from the start then.
  }
}

const isOf = (file) => (each) =>
  each.name === file.name && each.size === file.size && each.changed === file.lastModified;

/** Of a file; or the latest of all. */
export function remembered(file) {
  return file ? all().find(isOf(file)) : all().at(-1);
}

export function remember(file, id) {
  const others = all().filter((each) => !isOf(file)(each));
  keep([...others, { id, name: file.name, size: file.size, changed: file.lastModified }]);
}

export function forget(file) {
  keep(all().filter((each) => !isOf(file)(each)));
}
