import { quoteName } from './sql-text.ts';

/** SQL: the value of a column as a page shows it. Bytes of an image say nothing to a person. */
export function shownCell(name: string, type: string): string {
  const column = quoteName(name);
  if (type !== 'BLOB') return `CAST(${column} AS VARCHAR)`;
  const kind = `CASE WHEN ${isPng(column)} THEN 'PNG' WHEN ${isJpeg(column)} THEN 'JPEG' ELSE 'no' END`;
  return `(${kind} || ' image, ' || octet_length(${column}) || ' bytes')`;
}

/** SQL: the bytes begin as a PNG file does. */
export function isPng(column: string): string {
  return `(${column}[1:8] = from_hex('89504E470D0A1A0A'))`;
}

export function isJpeg(column: string): string {
  return `(${column}[1:3] = from_hex('FFD8FF'))`;
}
