import {
  badRowsWays,
  decimals,
  encodings,
  type ImportOptionsInput,
  type ImportUsed,
  importOptionsSchema,
  quotes,
  thousandsSigns,
} from '../../domain/import-options.ts';
import type { TriedImport } from '../services/look-service.ts';
import { type PreviewTable, rowsTable } from './dataset-page.ts';
import type { Field, Option } from './new-job-page.ts';
import { formatMany } from './plain-words.ts';

/** How a file is read, to be changed; with the first rows as they would be. */
export interface ImportPage {
  dataset: { href: string; name: string };
  action: string;
  fields: (Field & { options: Option[]; kind: 'select' | 'number' })[];
  preview: PreviewTable | null;
  problem: { message: string; whatToDo: string | null } | null;
  found: string;
}

export type ImportValues = Record<string, string>;

const auto = 'auto';
const delimiterWords: Record<string, string> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'bar',
  ' ': 'blank',
};
const titles: Record<string, [title: string, hint: string]> = {
  format: ['Kind of file', ''],
  delimiter: ['Between the values', ''],
  quote: ['Around values', ''],
  encoding: ['Encoding', ''],
  decimal: ['Decimal sign', ''],
  thousands: ['Between thousands', ''],
  header: ['First row has the names', ''],
  sheet: ['Sheet', 'Of an Excel workbook.'],
  firstRow: ['The table begins in row', 'Counted from 1; empty to find it.'],
  badRows: ['Rows that are no rows of the table', ''],
};

/** Only what somebody chose; all else is found again. */
export function importOptionsFrom(values: ImportValues): { options: ImportOptionsInput } | { problem: string } {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(titles)) {
    const value = values[name] ?? '';
    if (value === '' || value === auto) continue;
    if (name === 'delimiter') given[name] = value === 'tab' ? '\t' : value === 'blank' ? ' ' : value;
    else if (name === 'thousands') given[name] = value === 'blank' ? ' ' : value;
    else if (name === 'firstRow' || (name === 'sheet' && /^\d+$/.test(value))) given[name] = Number(value);
    else given[name] = value;
  }
  const read = importOptionsSchema.partial().strict().safeParse(given);
  if (read.success) return { options: Object.fromEntries(Object.entries(read.data).filter(([name]) => name in given)) };
  return { problem: read.error.issues[0]?.message ?? 'These options cannot be read.' };
}

export function importPage(input: {
  dataset: { id: string; name: string };
  values: ImportValues;
  used: ImportUsed | null;
  tried: TriedImport | null;
  problem: ImportPage['problem'];
}): ImportPage {
  const { values, tried } = input;
  const used = tried?.used ?? input.used;
  const href = `/data/${input.dataset.id}`;
  const choices: Record<string, [value: string, word: string][]> = {
    format: [
      ['csv', 'CSV'],
      ['json lines', 'JSON lines'],
      ['excel', 'Excel'],
      ['parquet', 'Parquet'],
      ['images', 'Images'],
    ],
    delimiter: [
      [',', 'comma ,'],
      [';', 'semicolon ;'],
      ['tab', 'tab'],
      ['|', 'bar |'],
      ['blank', 'blank'],
      [':', 'colon :'],
    ],
    quote: quotes.map((sign) => [sign, sign === 'none' ? 'nothing' : sign]),
    encoding: encodings.map((name) => [name, name]),
    decimal: decimals.map((sign) => [sign, sign === '.' ? 'point: 29.85' : 'comma: 29,85']),
    thousands: thousandsSigns.map((sign) => [
      sign === ' ' ? 'blank' : sign,
      sign === 'none' ? 'nothing' : sign === ' ' ? 'blank' : sign,
    ]),
    header: [
      ['yes', 'yes'],
      ['no', 'no'],
    ],
    sheet: (used?.sheets ?? []).map((name, n) => [String(n + 1), name]),
    badRows: badRowsWays.map((way) => [way, way === 'refuse' ? 'refuse the file' : 'are set aside, with the reason']),
  };
  const fields = Object.entries(titles)
    .filter(([name]) => name !== 'sheet' || (choices['sheet'] ?? []).length > 1)
    .map(([name, [label, hint]]) => {
      const id = `import-${name}`;
      const value = values[name] ?? '';
      const listed = choices[name] ?? [];
      const none: [string, string] =
        name === 'badRows' ? ['', 'refuse the file'] : ['', `find it${foundWord(used, name)}`];
      const offered = name === 'badRows' ? listed : [none, ...listed];
      return {
        name,
        id,
        label,
        value,
        hint,
        problem: null,
        describedBy: hint === '' ? '' : `${id}-hint`,
        kind: name === 'firstRow' ? ('number' as const) : ('select' as const),
        options: offered.map(([each, word]) => ({ value: each, word, note: '', selected: each === value })),
      };
    });
  return {
    dataset: { href, name: input.dataset.name },
    action: `${href}/import`,
    fields,
    preview: tried && { ...rowsTable(tried.rows), stated: statedOf(tried) },
    problem: input.problem,
    found: used ? importWords(used) : '',
  };
}

function statedOf({ rows, isPart, rejectedRows }: TriedImport): string {
  const where = isPart ? 'the beginning of the file' : formatMany(rows.total, 'row');
  return `the first ${rows.rows.length} of ${where}${rejectedRows > 0 ? `, ${formatMany(rejectedRows, 'row')} set aside` : ''}`;
}

function foundWord(used: ImportUsed | null, name: string): string {
  const value = used?.[name as keyof ImportUsed];
  if (value === null || value === undefined || Array.isArray(value)) return '';
  const word = name === 'delimiter' ? (delimiterWords[String(value)] ?? String(value)) : String(value);
  return ` (${word === ' ' ? 'blank' : word})`;
}

/** “CSV, semicolon between values, windows-1252, decimal comma”. */
export function importWords(used: ImportUsed): string {
  const kinds = {
    csv: 'CSV',
    'json lines': 'JSON lines',
    parquet: 'Parquet',
    excel: 'Excel',
    images: 'images',
  } as const;
  return [
    `${kinds[used.format]}${used.packed ? `, packed with ${used.packed}` : ''}`,
    ...(used.delimiter === null ? [] : [`${delimiterWords[used.delimiter] ?? used.delimiter} between values`]),
    ...(used.encoding === null ? [] : [used.encoding]),
    ...(used.decimal === ',' ? ['decimal comma'] : []),
    ...(used.header === 'no' ? ['without a header'] : []),
    ...(used.sheet === null ? [] : [`sheet “${used.sheet}”`]),
    ...(used.badRows === 'set aside' ? ['bad rows set aside'] : []),
  ].join(', ');
}
