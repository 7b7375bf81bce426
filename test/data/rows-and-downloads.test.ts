import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataFixture, failureOf, openFixture, parseCsv } from './data-fixture.ts';

let fixture: DataFixture;
let parquet: string;
beforeAll(async () => {
  fixture = await openFixture();
  const rows = Array.from({ length: 300_000 }, (_, n) => `${n},${n % 7 === 0 ? '' : `name ${n}`},${n / 4}\n`);
  ({ parquet } = await fixture.ingest(`id,name,part\n${rows.join('')}`));
});
afterAll(() => fixture.close());

describe('rows', () => {
  test('come from any place in the file, with their numbers', async () => {
    const shown = await fixture.worker.rows({ parquet, offset: 299_998, limit: 50 });
    expect(shown).toEqual({
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'name', type: 'VARCHAR' },
        { name: 'part', type: 'DOUBLE' },
      ],
      rows: [
        ['299998', 'name 299998', '74999.5'],
        ['299999', null, '74999.75'],
      ],
      numbers: [299_999, 300_000],
      total: 300_000,
    });
  });

  test('beyond the end are none', async () => {
    expect((await fixture.worker.rows({ parquet, offset: 400_000, limit: 5 })).rows).toEqual([]);
  });

  test('at random are different ones in order, the same for the same seed', async () => {
    const first = await fixture.worker.rows({ parquet, limit: 50, random: true, seed: 7 });
    const again = await fixture.worker.rows({ parquet, limit: 50, random: true, seed: 7 });
    const other = await fixture.worker.rows({ parquet, limit: 50, random: true, seed: 8 });
    const ids = first.rows.map(([id]) => Number(id));
    expect(new Set(ids).size).toBe(50);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(ids.at(-1)).toBeGreaterThan(100_000);
    expect(first.numbers).toEqual(ids.map((id) => id + 1));
    expect(again.rows).toEqual(first.rows);
    expect(other.rows).not.toEqual(first.rows);
  });

  test('of chosen columns, in the order asked for', async () => {
    const { rows } = await fixture.worker.rows({ parquet, limit: 1, offset: 1, columns: ['part', 'id'] });
    expect(rows).toEqual([['0.25', '1']]);
    const failure = await failureOf(fixture.worker.rows({ parquet, limit: 1, columns: ['nome'] }));
    expect(failure.message).toMatch(/no column “nome”/);
  });

  test('have long cells cut', async () => {
    const long = await fixture.ingest(`a,b\n${'x'.repeat(5000)},1\ny,2\n`);
    const { rows } = await fixture.worker.rows({ parquet: long.parquet, limit: 1, cellLength: 10 });
    expect(rows[0]?.[0]).toBe(`${'x'.repeat(10)}…`);
  });

  test('as objects have numbers, unless they would be rounded', async () => {
    const { parquet: path } = await fixture.ingest(
      'big,small,part,ok,day,text\n9007199254740993,1,1.5,true,2024-01-31,x\n1,2,,,,\n',
    );
    expect(await fixture.worker.jsonRows({ parquet: path, limit: 5 })).toEqual({
      total: 2,
      rows: [
        { big: '9007199254740993', small: 1, part: 1.5, ok: true, day: '2024-01-31', text: 'x' },
        { big: 1, small: 2, part: null, ok: null, day: null, text: null },
      ],
    });
  });
});

describe('a download as CSV', () => {
  const formulas = ['=1+1', '+cmd', '-x', '@SUM(A1)', '-5', '+4912345', '-1.5', '- 3', 'a=b', '\t=1'];

  async function download(content: string, exact?: boolean): Promise<string[][]> {
    const { parquet: from } = await fixture.ingest(content);
    const path = join(fixture.folder, 'download.csv');
    await fixture.worker.toCsv({ parquet: from, path, exact });
    return parseCsv(await readFile(path, 'utf8'));
  }

  test('has every row and every value', async () => {
    const path = join(fixture.folder, 'all.csv');
    await fixture.worker.toCsv({ parquet, path });
    const records = parseCsv(await readFile(path, 'utf8'));
    expect(records).toHaveLength(300_001);
    expect(records[0]).toEqual(['id', 'name', 'part']);
    expect(records[7]).toEqual(['6', 'name 6', '1.5']);
    expect(records[8]).toEqual(['7', '', '1.75']);
    expect(records[300_000]).toEqual(['299999', '', '74999.75']);
    expect(records.slice(1).every(([id], n) => id === String(n))).toBe(true);
    expect(await fixture.strays()).toEqual([]);
  });

  test('makes formulas harmless, and leaves numbers alone', async () => {
    const csv = `text,=name\n${formulas.map((text) => `"${text}",-2.5\n`).join('')}`;
    const [header, ...records] = await download(csv);
    expect(header).toEqual(['text', "'=name"]);
    expect(records.map(([text]) => text)).toEqual([
      "'=1+1",
      "'+cmd",
      "'-x",
      "'@SUM(A1)",
      '-5',
      '+4912345',
      '-1.5',
      "'- 3",
      'a=b',
      "'\t'=1",
    ]);
    expect(new Set(records.map(([, number]) => number))).toEqual(new Set(['-2.5']));
  });

  test('makes formulas harmless behind blanks, and where a spreadsheet may begin another cell', async () => {
    const texts = [
      '  =1+1',
      '\u00a0@SUM(A1)',
      '\n=1',
      'a;=cmd',
      'a;  -1+cmd',
      'a\t+1',
      'b\n=1',
      'a;"=1"',
      '\rb',
      ' -5',
      '＝1',
    ];
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const csv = `${quoted('a;=b')},n\n${texts.map((text) => `${quoted(text)},-2\n`).join('')}${quoted('c - d = e')},3\n`;
    const [header, ...records] = await download(csv);
    expect(header).toEqual(["a;'=b", 'n']);
    expect(records.map(([text]) => text)).toEqual([
      "'  =1+1",
      "'\u00a0@SUM(A1)",
      "'\n'=1",
      "a;'=cmd",
      "a;  '-1+cmd",
      "a\t'+1",
      "b\n'=1",
      'a;"\'=1"',
      "'\rb",
      ' -5',
      "'＝1",
      'c - d = e',
    ]);
    expect(records.at(0)?.[1]).toBe('-2');
  });

  test('can have the exact values, for programs', async () => {
    const records = await download(`text,=name\n${formulas.map((text) => `"${text}",1\n`).join('')}`, true);
    expect(records.map(([text]) => text)).toEqual(['text', ...formulas]);
    expect(records[0]?.[1]).toBe('=name');
  });

  test('of one column keeps the rows whose value is missing', async () => {
    const path = join(fixture.folder, 'one.csv');
    const { parquet: from } = await fixture.ingest('a\nx\n\ny\n');
    await fixture.worker.toCsv({ parquet: from, path });
    expect(await readFile(path, 'utf8')).toBe('"a"\n"x"\n""\n"y"\n');
  });

  test('replaces what was there before', async () => {
    await download('a,b\n1,2\n3,4\n');
    expect(await download('a,b\n5,6\n')).toEqual([
      ['a', 'b'],
      ['5', '6'],
    ]);
  });
});

test('a download as JSON has an object for each row', async () => {
  const { parquet: from } = await fixture.ingest('"a ""q""",b\nx,1.5\n,2\n');
  const path = join(fixture.folder, 'download.json');
  await fixture.worker.toJson({ parquet: from, path });
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual([
    { 'a "q"': 'x', b: 1.5 },
    { 'a "q"': null, b: 2 },
  ]);
});
