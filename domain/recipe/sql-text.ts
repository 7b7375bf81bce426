/** A name as SQL sees it, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal; backslashes mean nothing in one. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteTexts(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`;
}

/** A literal of a double, to the last bit. */
export function quoteNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is no number to write down.`);
  return `CAST(${quoteText(String(value))} AS DOUBLE)`;
}
