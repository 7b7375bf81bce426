/** A value from somebody's file, fit for a message: short, and with its invisible characters made visible. */
export function showValue(value: string, longest = 60): string {
  const cut = value.length > longest ? `${value.slice(0, longest)}…` : value;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return `“${cut.replace(/[\u0000-\u001f\u007f]/g, (c) => (c === '\n' ? '⏎' : c === '\t' ? '⇥' : '�'))}”`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** “a”, “b” and 3 more. */
export function listNames(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map((name) => showValue(name));
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more.toLocaleString('en-US')} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
