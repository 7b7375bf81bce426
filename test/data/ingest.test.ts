import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { ColumnProfile } from '../../domain/dataset.ts';
import { type DataFixture, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

async function column(values: string[]): Promise<ColumnProfile> {
  const { profile } = await fixture.ingest(`id,value\n${values.map((value, n) => `${n},${value}\n`).join('')}`);
  return profile.columns[1] as ColumnProfile;
}

const thousand = (value: (n: number) => string) => Array.from({ length: 1000 }, (_, n) => value(n));

describe('types', () => {
  test.each([
    ['whole numbers', ['1', '-2', '', '9007199254740993'], 'BIGINT'],
    ['whole numbers with blanks around', [' 1', '2 ', '3'], 'BIGINT'],
    ['fractions', ['1', '2.5', '-.5', '1e-3'], 'DOUBLE'],
    ['fractions, the first in the last of many rows', [...thousand(String), '0.5'], 'DOUBLE'],
    ['NA among numbers', ['1', 'NA', '3'], 'BIGINT'],
    ['yes/no', ['true', 'False', '', 'TRUE'], 'BOOLEAN'],
    ['dates', ['2024-01-31', '', '1999-12-01'], 'DATE'],
    ['dates and times', ['2024-01-31 10:00', '2024-01-31T10:00:01.5Z', '2024-01-31'], 'TIMESTAMP'],
    ['leading zeros', ['007', '123', '42'], 'VARCHAR'],
    ['leading zeros in the last of many rows', [...thousand((n) => String(n + 1)), '007'], 'VARCHAR'],
    ['phone numbers', ['+4912345', '+4954321'], 'VARCHAR'],
    ['ids of twenty digits', ['12345678901234567890', '1'], 'VARCHAR'],
    ['numbers too large', ['1e400', '1'], 'VARCHAR'],
    ['infinity', ['inf', '1'], 'VARCHAR'],
    ['a day that does not exist', ['2024-02-30', '2024-02-01'], 'VARCHAR'],
    ['dates with the day first', ['31.01.2024', '01.02.2024'], 'VARCHAR'],
    ['only NA', ['NA', 'NA'], 'VARCHAR'],
    ['nothing', ['', ''], 'VARCHAR'],
    ['numbers with underscores', ['1_000', '2_000'], 'VARCHAR'],
  ])('reads %s', async (_, values, expected) => {
    expect((await column(values)).sqlType).toBe(expected);
  });

  test('a text value in the last of many rows makes the column text and loses nothing', async () => {
    const many = Array.from({ length: 8000 }, (_, n) => String(n));
    const { profile, parquet } = await fixture.ingest(`v,w\n${[...many, 'oops'].map((v) => `${v},1\n`).join('')}`);
    expect(profile.columns[0]).toMatchObject({ sqlType: 'VARCHAR', type: 'text', missing: 0 });
    expect(profile.columns[0]?.remarks.join()).toMatch(
      /All but 1 value are numbers; the first other is “oops” in row 8001/,
    );
    const { rows } = await fixture.worker.rows({ parquet, offset: 7999, limit: 5 });
    expect(rows).toEqual([
      ['7999', '1'],
      ['oops', '1'],
    ]);
  });

  test.each([
    ['leading zeros', ['007', '123'], /leading zeros/],
    ['a decimal comma', ['"1,5"', '"2,5"'], /decimal comma/],
    ['dates with the day first', ['31.01.2024', '01.02.2024'], /do not begin with the year/],
    ['NA among numbers', ['1', 'NA', '3'], /1 value that said/],
    ['one value', ['a', 'a'], /Every row has the same value/],
    ['all different', ['a', 'b'], /Every value is different/],
    ['all missing', ['', ''], /Every value is missing/],
  ])('remarks on %s', async (_, values, remark) => {
    expect((await column(values)).remarks.join('|')).toMatch(remark);
  });
});

describe('forms of the file', () => {
  const expected = [
    ['1', 'Käse, "alt"'],
    ['2', null],
    ['3', 'zwei\nZeilen'],
  ];
  const csv = 'id,text\n1,"Käse, ""alt"""\n2,\n3,"zwei\nZeilen"\n';
  test.each<[string, string | Buffer, string]>([
    ['plain', csv, ''],
    ['without a last line end', csv.trimEnd(), ''],
    ['with the mark of UTF-8', `\uFEFF${csv}`, ''],
    ['with semicolons', csv.replace('id,text', 'id;text').replace(/^(\d),/gm, '$1;'), ''],
    ['with tabs', csv.replace('id,text', 'id\ttext').replace(/^(\d),/gm, '$1\t'), ''],
    ['with bars', csv.replace('id,text', 'id|text').replace(/^(\d),/gm, '$1|'), ''],
    ['with apostrophes for quotes', "'id','text'\n'1','Käse, \"alt\"'\n'2',''\n'3','zwei\nZeilen'\n", ''],
    ['with backslashes before quotes', 'id,text\n1,"Käse, \\"alt\\""\n2,\n3,"zwei\nZeilen"\n', ''],
    ['with blank lines', csv.replace('2,\n', '\n2,\n\n'), 'blank lines were skipped'],
    ['with mixed line ends', csv.replace('id,text\n', 'id,text\r\n'), ''],
    ['in Windows-1252', Buffer.from(csv, 'latin1'), 'Windows-1252'],
    ['in UTF-16 with a mark', Buffer.from(`\uFEFF${csv}`, 'utf16le'), 'UTF-16'],
    ['in UTF-16 without a mark', Buffer.from(csv, 'utf16le'), 'UTF-16'],
    ['in UTF-16, the other way round', Buffer.from(`\uFEFF${csv}`, 'utf16le').swap16(), 'UTF-16'],
    ['packed with gzip', gzipSync(csv), 'gzip'],
  ])('reads a file %s', async (_, content, remark) => {
    const { profile, parquet, contentHash, bytes } = await fixture.ingest(content);
    expect(profile.columns.map(({ name }) => name)).toEqual(['id', 'text']);
    expect(await fixture.cells(parquet)).toEqual(expected);
    expect(profile.remarks?.join('|') ?? '').toMatch(remark);
    expect(contentHash).toBe(createHash('sha256').update(content).digest('hex'));
    expect(bytes).toBe(Buffer.byteLength(content));
  });

  test('keeps Windows line ends out of the values', async () => {
    const { parquet, profile } = await fixture.ingest('a,b\r\n1,x\r\n2,y\r\n');
    expect(await fixture.cells(parquet)).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
    expect(profile.columns[0]?.sqlType).toBe('BIGINT');
  });

  test('takes a quote inside of a value for a sign of it', async () => {
    const { parquet } = await fixture.ingest('a,b\n5" pipe,x "y"\nz,\n');
    expect(await fixture.cells(parquet)).toEqual([
      ['5" pipe', 'x "y"'],
      ['z', null],
    ]);
  });

  test('keeps the blank rows of a single column, but not those at the end', async () => {
    const { parquet, profile } = await fixture.ingest('a\n1\n\n3\n\n\n');
    expect(await fixture.cells(parquet)).toEqual([['1'], [null], ['3']]);
    expect(profile.columns[0]).toMatchObject({ missing: 1, sqlType: 'BIGINT' });
  });

  test('numbers the columns of a file without a header', async () => {
    const { parquet, profile } = await fixture.ingest('5.1,3.5,setosa\n4.9,3.0,setosa\n4.7,3.2,virginica\n');
    expect(profile.columns.map(({ name }) => name)).toEqual(['column_1', 'column_2', 'column_3']);
    expect(profile.remarks?.join()).toMatch(/no header/);
    expect(await fixture.cells(parquet)).toHaveLength(3);
  });

  test('takes years for names', async () => {
    const { profile } = await fixture.ingest('country,2019,2020\nA,1,2\nB,3,4\n');
    expect(profile.columns.map(({ name }) => name)).toEqual(['country', '2019', '2020']);
  });

  test('reads a Parquet file, its types brought to ours', async () => {
    const first = await fixture.ingest('a,b,c\n1,x,2024-01-01 10:00:00\n2,,\n');
    const { profile, parquet } = await fixture.ingest(await readFile(first.parquet), { name: 'data.parquet' });
    expect(profile.columns.map(({ sqlType }) => sqlType)).toEqual(['BIGINT', 'VARCHAR', 'TIMESTAMP']);
    expect(await fixture.cells(parquet)).toEqual(await fixture.cells(first.parquet));
  });

  test('keeps odd names and values as they are', async () => {
    const names = [
      '<script>alert(1)</script>',
      '"; DROP TABLE x; --',
      '__proto__',
      'file_row_number',
      'c0',
      "it's",
      'ü 🚂',
      ' a ',
    ];
    const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const line = names.map(quote).join(',');
    const { profile, parquet } = await fixture.ingest(`${line}\n${line}\n${line}\n`);
    expect(profile.columns.map(({ name }) => name)).toEqual(names);
    expect(await fixture.cells(parquet)).toEqual([names, names]);
    const { rows } = await fixture.worker.jsonRows({ parquet, limit: 1 });
    expect(Object.keys(rows[0] ?? {})).toEqual(names);
  });
});

describe('profile', () => {
  test('counts on the whole file', async () => {
    const rows = Array.from(
      { length: 1000 },
      (_, n) => `${n % 100 === 0 ? '' : n},${n % 3 === 0 ? 'a' : 'b'},2024-01-${n % 2 ? '01' : '11'}\n`,
    );
    const { profile } = await fixture.ingest(`n,class,day\n${rows.join('')}`);
    expect(profile.rows).toBe(1000);
    const [n, kind, day] = profile.columns;
    expect(n).toMatchObject({
      type: 'whole number',
      missing: 10,
      distinct: 990,
      min: '1',
      max: '999',
      mean:
        500.5 - 500.5 / 990 + 0.5 / 990 + (500 / 990 - 500 / 990) + (n?.mean ?? 0) - (500.5 - 500.5 / 990 + 0.5 / 990),
    });
    expect(n?.histogram).toHaveLength(20);
    expect(n?.histogram.reduce((sum, count) => sum + count, 0)).toBe(990);
    expect(n?.top).toHaveLength(20);
    expect(kind).toMatchObject({ type: 'text', distinct: 2, min: null, histogram: [], mean: null });
    expect(kind?.top).toEqual([
      { value: 'b', count: 666 },
      { value: 'a', count: 334 },
    ]);
    expect(day).toMatchObject({ type: 'date', min: '2024-01-01', max: '2024-01-11' });
    expect(day?.histogram).toEqual([500, ...Array.from({ length: 18 }, () => 0), 500]);
  });

  test('holds a table of three thousand columns', async () => {
    const names = Array.from({ length: 3000 }, (_, n) => `column ${n}`);
    const line = (row: number) => names.map((_, n) => String(n * row)).join(',');
    const { profile, parquet } = await fixture.ingest(`${names.join(',')}\n${line(1)}\n${line(2)}\n${line(3)}\n`);
    expect(profile.columns).toHaveLength(3000);
    expect(profile.columns[2999]).toMatchObject({ min: '2999', max: '8997', distinct: 3 });
    const { rows } = await fixture.worker.rows({ parquet, limit: 1, columns: ['column 7', 'column 2'] });
    expect(rows).toEqual([['7', '2']]);
  });
});
