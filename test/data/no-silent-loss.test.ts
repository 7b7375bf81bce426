import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  oneof,
  record,
  string,
  uniqueArray,
} from 'fast-check';
import { type DataFixture, openFixture, parseCsv } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const nasty = string({
  unit: constantFrom(
    ...',;|\t"\'\\\n\r =+-@.eE0123456789aXé🚂_%<>&{}[]()#NA'.split(/(?:)/u),
    '\r\n',
    'true',
    '\u2028',
    '\u007f',
  ),
  maxLength: 12,
});
const value = oneof(
  { weight: 3, arbitrary: nasty },
  {
    weight: 1,
    arbitrary: constantFrom(
      '',
      'NA',
      'null',
      'true',
      'False',
      '007',
      '1.50',
      '-0',
      '1e5',
      '2024-01-31',
      'NaN',
      ' ',
      '""',
      "'",
    ),
  },
  { weight: 1, arbitrary: integer().map(String) },
);
const table = integer({ min: 1, max: 6 }).chain((columns) =>
  record({
    names: uniqueArray(
      nasty.map((name) => `n${name}`),
      { minLength: columns, maxLength: columns, selector: (name) => name.toLowerCase() },
    ),
    rows: array(array(value, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 30 }),
    delimiter: constantFrom(',', ';', '\t', '|'),
    lineEnd: constantFrom('\n', '\r\n'),
    alwaysQuote: boolean(),
    lastLineEnd: boolean(),
  }),
);

function field(text: string, alwaysQuote: boolean): string {
  // Of one column, a blank line would be a missing row at the end, which is no row.
  return alwaysQuote || text === '' || /[,;|\t"'\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What a value may have become, by the type of its column. */
function expectSame(type: string, written: string, read: string | null | undefined): void {
  if (type === 'VARCHAR') return expect(read).toBe(written === '' ? null : written);
  if (/^(|NA|NaN|null)$/.test(written.trim())) return expect(read).toBeNull();
  if (type === 'BIGINT' || type === 'DOUBLE') return expect(Number(read)).toBe(Number(written));
  if (type === 'BOOLEAN') return expect(read).toBe(written.trim().toLowerCase());
  expect(read?.startsWith(written.trim().slice(0, 10))).toBe(true);
}

test('every cell of any table comes back, in its row and column', async () => {
  await assert(
    asyncProperty(table, async ({ names, rows, delimiter, lineEnd, alwaysQuote, lastLineEnd }) => {
      const lines = [names, ...rows].map((row) => row.map((text) => field(text, alwaysQuote)).join(delimiter));
      const text = lines.join(lineEnd) + (lastLineEnd ? lineEnd : '');
      const { profile, parquet } = await fixture.ingest(text);
      expect(profile.columns.map((column) => column.name)).toEqual(names);
      const cells = await fixture.cells(parquet);
      expect(cells).toHaveLength(rows.length);
      for (const [index, row] of rows.entries()) {
        for (const [column, written] of row.entries()) {
          expectSame(profile.columns[column]?.sqlType ?? '', written, cells[index]?.[column]);
        }
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: 15_000, endOnFailure: true },
  );
});

test('rows in are rows out, counted by another parser, over the size of any buffer', async () => {
  const long = 'x, "quoted"\n'.repeat(300);
  const quoted = `"${long.replaceAll('"', '""')}"`;
  const text = `id,note,tail\n${Array.from({ length: 12_000 }, (_, n) => `${n},${n % 3 ? quoted : ''},"end ""${n}"""\n`).join('')}`;
  const records = parseCsv(text.slice(0, text.length))
    .slice(1)
    .filter((cells) => cells.length === 3);
  const { profile, parquet } = await fixture.ingest(text);
  expect(profile.rows).toBe(records.length);
  const [last] = (await fixture.worker.rows({ parquet, offset: 11_999, limit: 1, cellLength: 10_000 })).rows;
  expect(last).toEqual(['11999', long, 'end "11999"'].map((cell, n) => (n === 1 && 11_999 % 3 === 0 ? null : cell)));
  const { rows } = await fixture.worker.rows({ parquet, columns: ['id'], limit: 12_000 });
  expect(rows.map(([id]) => Number(id))).toEqual(Array.from({ length: 12_000 }, (_, n) => n));
});
