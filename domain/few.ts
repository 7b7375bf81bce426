const MOST_NAMED = 5;

/** “a, b, c and 1,204 more”: there may be hundreds, and the first few say which table was meant. */
export function few(texts: readonly string[], most = MOST_NAMED): string {
  const more = texts.length - most;
  if (more <= 0) return texts.join(', ');
  return `${texts.slice(0, most).join(', ')} and ${more.toLocaleString('en-US')} more`;
}
