import { join } from 'node:path';
import type { ImportOptions } from '../domain/import-options.ts';
import { badData } from './bad-data.ts';
import { MOST_COLUMNS } from './check-names.ts';
import { PlainCsvWriter } from './plain-csv-writer.ts';
import type { PlainTable } from './plain-table.ts';
import { hiddenProblem } from './json-names.ts';
import { readHead } from './plain-file.ts';
import { type Entry, readJsonList } from './read-json-list.ts';
import { type Line, readLines } from './read-lines.ts';
import type { RejectedRows } from './rejected-rows.ts';
import { LONGEST_RECORD } from './scan-csv.ts';
import type { Session } from './session.ts';
import { plural, showValue } from './show-value.ts';

const hint = 'One object is expected in each line, like {"name": "Ann", "age": 42}.';
const hintForList = 'Objects are expected in the list, like [{"name": "Ann"}, {"name": "Ben"}].';

/** Digits that a number of JavaScript would round; and powers that it does not reach. */
const rounding = /\d{16}|[eE]\+?\d{3}/;

interface Column {
  index: number;
  allText: boolean;
}

/**
 * Writes objects, one to a line or all of them in one list, as the plainest CSV there is. It is read twice: which columns there are is known only
 * at the end. An object in an object becomes columns a.b; what is deeper, and every list, stays JSON text.
 */
export async function convertJsonLines(
  session: Session,
  path: string,
  options: ImportOptions,
  rejected: RejectedRows,
): Promise<PlainTable> {
  const from = options.firstRow === 'auto' ? 1 : options.firstRow;
  const columns = new Map<string, Column>();
  const isList = beginsList((await readHead(path)).toString());
  const expected = isList ? hintForList : hint;
  let rows = 0;
  let blank = 0;
  const records = async (
    good: (fields: Map<string, unknown>) => void,
    bad: (row: Line, reason: string, record: number) => void,
  ) => {
    let [record, place] = [0, 0];
    const read = isList ? readJsonList : readLines;
    for await (const line of read(path, LONGEST_RECORD, session.signal)) {
      place++;
      if ((isList ? place : line.number) < from) continue;
      if (!isList && line.text !== undefined && line.text.trim().replace(/^\uFEFF/, '') === '') {
        blank++;
        continue;
      }
      record++;
      const found = readRecord(line, isList ? 'entry' : 'line');
      if (typeof found === 'string') bad(line, found, record);
      else good(found);
    }
  };
  await records(
    (fields) => {
      rows++;
      for (const [name, value] of fields) noteColumn(columns, name, value);
    },
    (line, reason, record) => rejected.add({ record, line: line.number, reason, hint: expected, text: line.start }),
  );
  if (rows === 0) {
    rejected.requireSome(0);
    throw badData('The file has no object.', expected);
  }
  if (columns.size === 0) throw badData('No object of the file has a value.', expected);
  const blankLines = blank;
  const to = join(session.workFolder, 'objects.csv');
  const writer = new PlainCsvWriter(to);
  writer.row([...columns.keys()]);
  const cells: string[] = Array.from({ length: columns.size }, () => '');
  await records(
    (fields) => {
      cells.fill('');
      for (const [name, value] of fields) cells[columns.get(name)?.index ?? 0] = textOf(value);
      writer.row(cells);
    },
    () => undefined,
  );
  writer.end();
  return {
    path: to,
    allText: [...columns.values()].map(({ allText }) => allText),
    firstRow: from,
    remarks: [
      ...(isList ? ['The file is one list; each object in it is a row.'] : []),
      ...(blankLines > 0 ? [`${plural(blankLines, 'blank line')} ${blankLines === 1 ? 'was' : 'were'} skipped.`] : []),
    ],
  };
}

function noteColumn(columns: Map<string, Column>, name: string, value: unknown): void {
  let column = columns.get(name);
  if (!column) {
    if (columns.size === MOST_COLUMNS) {
      throw badData(
        `The objects have more than ${MOST_COLUMNS.toLocaleString('en-US')} different names; as many columns are possible.`,
        'If names are values (an id for a name), turn them into values of one name.',
      );
    }
    column = { index: columns.size, allText: true };
    columns.set(name, column);
  }
  if (value !== null && typeof value !== 'string') column.allText = false;
}

/** A list of objects; a line that is a list of anything else is a line that is wrong. */
function beginsList(head: string): boolean {
  return /^\uFEFF?\s*\[\s*\{/.test(head);
}

/** The fields of an object, or what is wrong with it. */
function readRecord({ number, text, problem }: Entry, what: 'line' | 'entry'): Map<string, unknown> | string {
  if (problem !== undefined) return problem;
  if (text === undefined) return `The ${what} is longer than ${LONGEST_RECORD >> 20} MB.`;
  if (text === '') return 'There is nothing between two commas, or behind the last one.';
  let parsed: unknown;
  try {
    parsed = parse(number === 1 ? text.replace(/^\uFEFF/, '') : text);
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/, ?".*$|in JSON|\s*\(line.*$/gs, '').trim() : '';
    return `The ${what} is no JSON${said === '' ? '' : `: ${said}`}.`;
  }
  if (typeof parsed !== 'object' || parsed === null)
    return `The ${what} has ${showValue(text, 30)}, which is no object.`;
  if (Array.isArray(parsed)) return `The ${what} has a list, not an object.`;
  const hidden = hiddenProblem(text, parsed);
  if (hidden !== undefined) return hidden;
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(parsed)) {
    const refused = isObject(value) ? flatten(fields, name, value) : put(fields, name, value);
    if (refused !== undefined) return refused;
  }
  return fields;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber);
}

function flatten(fields: Map<string, unknown>, name: string, value: Record<string, unknown>): string | undefined {
  for (const [inner, innerValue] of Object.entries(value)) {
    const problem = put(fields, `${name}.${inner}`, innerValue);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function put(fields: Map<string, unknown>, name: string, value: unknown): string | undefined {
  if (fields.has(name)) return `The name ${showValue(name)} is there twice.`;
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
    return `${showValue(name)} has a character that text does not have.`;
  }
  if (!name.isWellFormed() || name.includes('\0'))
    return `The name ${showValue(name)} has a character that text does not have.`;
  fields.set(name, value);
  return undefined;
}

/** A number as it is written, where reading it would change it. */
class LongNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toJSON(): unknown {
    // Newer than the types of the language.
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

function parse(text: string): unknown {
  if (!rounding.test(text)) return JSON.parse(text);
  const reviver = (_: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? new LongNumber(source) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function textOf(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof LongNumber) return value.text;
  return JSON.stringify(value);
}
