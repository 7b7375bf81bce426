import { quoteText } from './sql-text.ts';

/*
 * What a spreadsheet would run as a formula begins, behind blanks that it leaves out, with one of these signs. A cell
 * begins also in the middle of a text, for a spreadsheet that was set up for “;” or tabs: it does not know the quotes
 * of this file. The apostrophe is what spreadsheets themselves use for “this is text”.
 */
const signs = '[=+@\\-\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}]';
const blanks = '[\\x00 \\t\\n\\v\\f\\r\u{A0}\u{200B}\u{3000}\u{FEFF}]*';
const leading = `^(?:${blanks}${signs}|[\\t\\r])`;
const inside = `([;\\t\\r\\n][\\x00 \\t\\n\\v\\f\\r\u{A0}\u{200B}\u{3000}\u{FEFF}"]*)(${signs})`;
/** A plain number that is text (-5, +49123) is none, and stays as it is. */
const plainNumber = '^ *[-+]?[0-9]+([.,][0-9]+)? *$';

/** SQL for the text of a column as a spreadsheet may have it. */
export function harmlessText(column: string): string {
  const within = `regexp_replace(${column}, ${quoteText(inside)}, ${quoteText("\\1'\\2")}, 'g')`;
  return `CASE WHEN regexp_matches(${column}, ${quoteText(plainNumber)}) THEN ${column}
    WHEN regexp_matches(${column}, ${quoteText(leading)}) THEN '''' || ${within} ELSE ${within} END`;
}

/** The same for a name. */
export function harmlessName(name: string): string {
  if (new RegExp(plainNumber).test(name)) return name;
  const within = name.replaceAll(new RegExp(inside, 'g'), "$1'$2");
  return new RegExp(leading).test(name) ? `'${within}` : within;
}
