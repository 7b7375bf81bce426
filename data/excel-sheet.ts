import { badData } from './bad-data.ts';
import { dateText } from './excel-forms.ts';
import type { SheetPlace, Workbook } from './excel-workbook.ts';
import { attributeOf } from './xml-reader.ts';

const MOST_COLUMNS = 16_384;
const MOST_ROWS = 1_048_576;

/** A row of a sheet that has a value; cells without one are undefined or empty. */
export interface SheetRow {
  /** As the spreadsheet numbers it, from 1. */
  number: number;
  cells: (string | undefined)[];
  /** For each cell whether it is written as text, not as a number, a date or yes/no. */
  isText: boolean[];
}

export interface SheetCounts {
  errors: number;
  /** Formulas whose result was never stored: a program wrote the file, and no spreadsheet has opened it since. */
  unknownResults: number;
}

/** Reads the rows of a sheet that have values, in their order; `take` answers false to end it. */
export async function readSheet(
  workbook: Workbook,
  sheet: SheetPlace,
  take: (row: SheetRow) => boolean,
): Promise<SheetCounts> {
  const counts: SheetCounts = { errors: 0, unknownResults: 0 };
  let row: SheetRow = { number: 0, cells: [], isText: [] };
  let column = -1;
  let type = 'n';
  let style = 0;
  let value = '';
  let hasValue = false;
  let hasFormula = false;
  let inValue = false;
  let pronounced = false;
  let ended = false;

  const endCell = () => {
    // A text that is empty is a result, too.
    if (hasFormula && value === '' && type !== 'str') counts.unknownResults++;
    if (!hasValue) return;
    if (type === 'e') {
      counts.errors++;
      return;
    }
    const text = textOf(workbook, type, style, value);
    if (text === '') return;
    row.cells[column] = text;
    row.isText[column] = type === 's' || type === 'str' || type === 'inlineStr';
  };
  const endRow = () => {
    if (row.cells.length > 0 && !take(row)) ended = true;
  };

  await workbook.read(
    sheet.entry,
    {
      open: (name, attributes) => {
        if (ended) return;
        if (name === 'row') {
          const number = Number(attributeOf(attributes, 'r') ?? row.number + 1);
          if (!(number > row.number && number <= MOST_ROWS)) throw damaged(sheet);
          row = { number, cells: [], isText: [] };
          column = -1;
        } else if (name === 'c') {
          const place = attributeOf(attributes, 'r');
          const next = place === undefined ? column + 1 : columnOf(place);
          if (!(next > column && next < MOST_COLUMNS)) throw damaged(sheet);
          column = next;
          type = attributeOf(attributes, 't') ?? 'n';
          style = Number(attributeOf(attributes, 's') ?? 0);
          value = '';
          hasValue = false;
          hasFormula = false;
        } else if (name === 'v' || (name === 't' && !pronounced)) {
          inValue = true;
          hasValue = true;
        } else if (name === 'f') {
          hasFormula = true;
        } else if (name === 'rPh') {
          pronounced = true;
        }
      },
      close: (name) => {
        if (ended) return;
        if (name === 'c') endCell();
        else if (name === 'row') endRow();
        else if (name === 'v' || name === 't') inValue = false;
        else if (name === 'rPh') pronounced = false;
      },
      text: (text) => {
        if (inValue) value += text;
      },
    },
    () => ended,
  );
  return counts;
}

function textOf(workbook: Workbook, type: string, style: number, value: string): string {
  switch (type) {
    case 's': {
      const text = workbook.strings[Number(value)];
      if (text === undefined)
        throw badData('The workbook is damaged: a text of a cell is missing.', 'Save it anew as .xlsx.');
      return plainText(text);
    }
    case 'str':
    case 'inlineStr':
      return plainText(value);
    case 'b':
      return value.trim() === '1' || value.trim() === 'true' ? 'true' : 'false';
    case 'd':
      return value.trim();
    default: {
      const number = Number(value);
      if (value.trim() === '' || !Number.isFinite(number)) return value.trim();
      const form = workbook.forms[style] ?? 'number';
      // Anew, because spreadsheets write 17 digits: 1.1000000000000001.
      return form === 'number' ? String(number) : dateText(number, form, workbook.from1904);
    }
  }
}

/** Signs that XML cannot have are written as _x000D_; line ends become one kind. */
function plainText(text: string): string {
  const decoded = text.includes('_x')
    ? text.replace(/_x([0-9A-F]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;
  return decoded.replace(/\r\n?/g, '\n').replaceAll('\0', '').toWellFormed();
}

/** “AB12” is column 27, counted from 0. */
function columnOf(place: string): number {
  let column = 0;
  for (let at = 0; at < place.length; at++) {
    const letter = (place.charCodeAt(at) | 32) - 96;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
    if (column > MOST_COLUMNS) break;
  }
  return column - 1;
}

export function columnLetters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnLetters(Math.floor(index / 26) - 1) + last;
}

function damaged(sheet: SheetPlace): Error {
  return badData(
    `The sheet “${sheet.name}” is damaged: its rows or cells are not in their order.`,
    'Open the workbook, save it anew as .xlsx and upload that.',
  );
}
