import { join } from 'node:path';
import type { ImportOptions } from '../domain/import-options.ts';
import { badData } from './bad-data.ts';
import { columnLetters, readSheet, type SheetCounts, type SheetRow } from './excel-sheet.ts';
import { openWorkbook, type SheetPlace, type Workbook } from './excel-workbook.ts';
import { PlainCsvWriter } from './plain-csv-writer.ts';
import type { PlainTable } from './plain-table.ts';
import type { RejectedRows } from './rejected-rows.ts';
import type { Session } from './session.ts';
import { listNames, plural, showValue } from './show-value.ts';

/** So many rows say how wide the table is. */
const FIRST_ROWS = 200;

/** Writes a sheet of a workbook as the plainest CSV there is. */
export async function convertExcel(
  session: Session,
  path: string,
  options: ImportOptions,
  limit: number,
  rejected: RejectedRows,
): Promise<PlainTable & { sheet: string; sheets: string[] }> {
  const workbook = await openWorkbook(path, limit, session.signal);
  const sheet = await chooseSheet(workbook, options);
  const to = join(session.workFolder, 'sheet.csv');
  const writer = new SheetWriter(to, rejected, options.header !== 'no');
  const from = options.firstRow === 'auto' ? 1 : options.firstRow;
  const counts = await readSheet(workbook, sheet, (row) => {
    if (row.number >= from) writer.take(row);
    return true;
  });
  writer.end();
  if (writer.firstRow === undefined) {
    throw badData(
      `The sheet ${showValue(sheet.name)} has no cell with a value.`,
      'Choose another sheet, or another first row.',
    );
  }
  return {
    path: to,
    allText: writer.allText,
    firstRow: options.firstRow === 'auto' ? writer.firstRow : options.firstRow,
    remarks: remarksOn(workbook, sheet, options, counts, writer.blankRows),
    sheet: sheet.name,
    sheets: workbook.sheets.map(({ name }) => name),
  };
}

async function chooseSheet(workbook: Workbook, { sheet }: ImportOptions): Promise<SheetPlace> {
  const { sheets } = workbook;
  if (sheet !== 'auto') {
    const chosen = typeof sheet === 'number' ? sheets[sheet - 1] : sheets.find(({ name }) => name === sheet);
    if (chosen) return chosen;
    const wanted = typeof sheet === 'number' ? `sheet ${sheet}` : `sheet ${showValue(sheet)}`;
    throw badData(
      `The workbook has no ${wanted}.`,
      `It has ${listNames(
        sheets.map(({ name }) => name),
        10,
      )}.`,
    );
  }
  const visible = sheets.filter(({ hidden }) => !hidden);
  for (const candidate of visible) {
    let found = false;
    await readSheet(workbook, candidate, () => {
      found = true;
      return false;
    });
    if (found) return candidate;
  }
  throw badData(
    'No sheet of the workbook has a cell with a value.',
    'Look whether the export went through, and upload it again.',
  );
}

function remarksOn(
  { sheets }: Workbook,
  sheet: SheetPlace,
  options: ImportOptions,
  { errors, unknownResults }: SheetCounts,
  blankRows: number,
): string[] {
  const remarks: string[] = [];
  if (sheets.length > 1 && options.sheet === 'auto') {
    const others = sheets.filter((other) => other !== sheet).map(({ name }) => name);
    remarks.push(`The sheet ${showValue(sheet.name)} was read; the workbook also has ${listNames(others)}.`);
  }
  if (errors > 0)
    remarks.push(
      `${plural(errors, 'cell')} with an error (#N/A, #DIV/0! …) ${errors === 1 ? 'was' : 'were'} taken for missing.`,
    );
  if (unknownResults > 0) {
    const what = plural(unknownResults, 'formula');
    remarks.push(
      `${what} had no stored result and ${unknownResults === 1 ? 'was' : 'were'} taken for missing: open and save the workbook in a spreadsheet program.`,
    );
  }
  if (blankRows > 0) remarks.push(`${plural(blankRows, 'blank row')} ${blankRows === 1 ? 'was' : 'were'} skipped.`);
  return remarks;
}

/** The table begins where its first rows have their first value, and ends where they have their last. */
class SheetWriter {
  readonly allText: boolean[] = [];
  firstRow: number | undefined;
  blankRows = 0;
  readonly #writer: PlainCsvWriter;
  readonly #rejected: RejectedRows;
  readonly #headerGiven: boolean;
  #waiting: SheetRow[] | undefined = [];
  #from = 0;
  #to = 0;
  #record: number;
  #last = 0;

  constructor(path: string, rejected: RejectedRows, hasHeader: boolean) {
    this.#writer = new PlainCsvWriter(path);
    this.#rejected = rejected;
    this.#headerGiven = hasHeader;
    this.#record = hasHeader ? -1 : 0;
  }

  take(row: SheetRow): void {
    if (this.firstRow === undefined) this.firstRow = row.number;
    else this.blankRows += row.number - this.#last - 1;
    this.#last = row.number;
    if (!this.#waiting) {
      this.#write(row);
      return;
    }
    this.#waiting.push(row);
    if (this.#waiting.length === FIRST_ROWS) this.#begin();
  }

  end(): void {
    this.#begin();
    this.#writer.end();
  }

  #begin(): void {
    const rows = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#from = Math.min(...rows.map(({ cells }) => cells.findIndex((cell) => cell !== undefined)));
    this.#to = Math.max(...rows.map(({ cells }) => cells.length));
    for (const row of rows) this.#write(row);
  }

  #write({ number, cells, isText }: SheetRow): void {
    this.#record++;
    const outside = cells.findIndex((cell, index) => cell !== undefined && (index < this.#from || index >= this.#to));
    if (outside >= 0) {
      this.#rejected.add({
        record: Math.max(1, this.#record),
        line: number,
        reason: `Column ${columnLetters(outside)} has the value ${showValue(cells[outside] ?? '')}, but the table goes from column ${columnLetters(this.#from)} to ${columnLetters(this.#to - 1)}.`,
        hint: 'Take out what stands beside the table.',
        text: cells.map((cell) => cell ?? '').join('\t'),
      });
      return;
    }
    const row: string[] = [];
    for (let index = this.#from; index < this.#to; index++) {
      const cell = cells[index];
      row.push(cell ?? '');
      // The names of the columns are text and say nothing.
      const counts = cell !== undefined && (this.#record > 0 || !this.#headerGiven);
      if (counts) this.allText[row.length - 1] = (this.allText[row.length - 1] ?? true) && isText[index] === true;
    }
    this.#writer.row(row);
  }
}
