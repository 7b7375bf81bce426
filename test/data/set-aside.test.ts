import { open } from 'node:fs/promises';
import type { Layout } from '../../data/csv-layout.ts';
import { type RejectedRow, RejectedRows } from '../../data/rejected-rows.ts';
import { CsvScanner } from '../../data/scan-csv.ts';
import { SetAside } from '../../data/set-aside.ts';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

/** A small generator of numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Made {
  content: string;
  /** Each is on a row of its own and nowhere else. */
  marks: string[];
  rows: number;
}

/** A file whose rows are broken in ways that programs and people break them; every row has a mark that can be found again. */
function makeBroken(seed: number): Made {
  const random = seeded(seed);
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  const columns = 1 + Math.floor(random() * 4);
  const delimiter = pick([',', ';', '\t']);
  const lineEnd = pick(['\n', '\r\n']);
  const rows = 5 + Math.floor(random() * 60);
  const share = pick([0.02, 0.2, 0.9]);
  const lines = [Array.from({ length: columns }, (_, n) => `name${n}`).join(delimiter)];
  const marks: string[] = [];
  for (let row = 0; row < rows; row++) {
    const mark = `m${seed}r${row}x`;
    marks.push(mark);
    const cells = Array.from({ length: columns }, (_, n) =>
      n === 0 ? mark : pick(['', '7', 'text', `"a${delimiter}b"`, '"say ""x"""', '5" pipe']),
    );
    lines.push(random() < share ? breakRow(cells, delimiter, pick) : cells.join(delimiter));
  }
  return { content: lines.join(lineEnd) + pick(['', lineEnd]), marks, rows };
}

function breakRow(cells: string[], delimiter: string, pick: <T>(values: readonly T[]) => T): string {
  const line = cells.join(delimiter);
  return pick([
    () => `${line}${delimiter}more`,
    () => `${line}${delimiter}"${delimiter}`,
    () => `${line}${delimiter}x${delimiter}${delimiter}`,
    () => `"${cells[0]}"trailing${delimiter}${cells.slice(1).join(delimiter)}`,
    () => `"${line}`,
    () => `${cells[0]}\0${line.slice((cells[0] ?? '').length)}`,
    () => `${line}${delimiter}"a" b`,
  ])();
}

/** Rows that were set aside, in memory. */
class Aside extends RejectedRows {
  readonly rows: RejectedRow[] = [];
  override add(row: RejectedRow): void {
    this.rows.push(row);
  }
}

test('200 malformed files, in pieces of any size: what is kept is clean, and nothing is lost', () => {
  let rejected = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { content, marks } = makeBroken(seed);
    const bytes = Buffer.from(content);
    const head = content.slice(0, content.search(/[\r\n]/));
    const delimiter = /[,;\t]/.exec(head)?.[0] ?? ',';
    const layout: Layout = {
      dialect: { delimiter, quote: '"', escape: 'twice' },
      names: head.split(delimiter),
      header: true,
      skip: 0,
      firstLine: 1,
    };
    const aside = new Aside('set aside', fixture.folder);
    const sorter = new SetAside(layout, aside);
    const kept: Buffer[] = [];
    const size = 1 + (seed % 90);
    for (let at = 0; at < bytes.length; at += size) kept.push(Buffer.from(sorter.read(bytes.subarray(at, at + size))));
    kept.push(sorter.end());
    const scanner = new CsvScanner(layout.names, layout.dialect, true);
    scanner.read(Buffer.concat(kept));
    expect([seed, scanner.end().rows]).toEqual([seed, sorter.kept]);
    const texts = [Buffer.concat(kept).toString(), ...aside.rows.map(({ text }) => text)].join('\n');
    expect([seed, marks.filter((mark) => texts.split(mark).length !== 2)]).toEqual([seed, []]);
    rejected += aside.rows.length;
  }
  expect(rejected).toBeGreaterThan(1000);
});

test('malformed files: no crash, and every row is either in the table or set aside', async () => {
  let rejected = 0;
  let joined = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { content, marks, rows } = makeBroken(seed);
    const path = await fixture.write('broken.csv', content);
    const toParquet = `${path}.parquet`;
    const input = { path, name: 'broken.csv', toParquet, options: { badRows: 'set aside', header: 'yes' } } as const;
    let found;
    try {
      found = await fixture.worker.ingest(input);
    } catch (error) {
      // Where not one row is left there is no table; anything else is a mistake.
      expect([seed, error]).toEqual([
        seed,
        expect.objectContaining({ type: 'BadData', message: expect.stringMatching(/No row of the file/) }),
      ]);
      continue;
    }
    rejected += found.rejectedRows;
    const kept = await fixture.cells(toParquet);
    const aside =
      found.rejectedRows > 0 ? (await fixture.worker.rows({ parquet: `${toParquet}.rejected`, limit: 1000 })).rows : [];
    expect([seed, kept.length, aside.length]).toEqual([seed, found.profile.rows, found.rejectedRows]);
    const texts = [...kept.map((row) => row.join('|')), ...aside.map((row) => row[3] ?? '')];
    const lost = marks.filter((mark) => texts.filter((text) => text.includes(mark)).length !== 1);
    expect([seed, lost]).toEqual([seed, []]);
    // Two open quotes can make one value of the lines between them; otherwise a line is a row.
    const isJoined = [...kept, ...aside].some((row) => row.some((cell) => cell?.includes('\n')));
    joined += Number(isJoined);
    if (!isJoined) expect([seed, kept.length + aside.length]).toEqual([seed, rows]);
  }
  expect(rejected).toBeGreaterThan(1000);
  expect(joined).toBeLessThan(100);
}, 120_000);

test('a rejected row can be looked at: which, where, why and what', async () => {
  const content = 'a,b\n1,x\n2\n"3\n",y\n4,"z\n5,"q" r\n6,w\n';
  const { profile, parquet, options, rejectedRows } = await fixture.ingest(content, {
    options: { badRows: 'set aside' },
  });
  expect(await fixture.cells(parquet)).toEqual([
    ['1', 'x'],
    ['3\n', 'y'],
    ['6', 'w'],
  ]);
  expect([profile.rows, profile.rejectedRows, rejectedRows, options.badRows]).toEqual([3, 3, 3, 'set aside']);
  expect(profile.remarks?.join()).toMatch(
    /3 rows of 6 rows were set aside; the first is row 2: It has 1 column, but 2 columns are expected/,
  );
  const { columns, rows } = await fixture.worker.rows({ parquet: `${parquet}.rejected`, limit: 10 });
  expect(columns.map(({ name }) => name)).toEqual(['record', 'line', 'reason', 'text']);
  expect(rows.map(([record, line, , text]) => [record, line, text])).toEqual([
    ['2', '3', '2'],
    ['4', '6', '4,"z'],
    ['5', '7', '5,"q" r'],
  ]);
  expect(rows[1]?.[2]).toMatch(/text after the closing quote|never closed/);
});

test('without bad rows there is no file of them, and an earlier one goes away', async () => {
  const path = await fixture.write('same.csv', 'a,b\n1,2\n3\n');
  const input = { path, name: 'x', toParquet: `${path}.parquet`, options: { badRows: 'set aside' } } as const;
  await fixture.worker.ingest(input);
  expect((await fixture.worker.rows({ parquet: `${path}.parquet.rejected`, limit: 1 })).total).toBe(1);
  await fixture.write('same.csv', 'a,b\n1,2\n');
  expect((await fixture.worker.ingest(input)).rejectedRows).toBe(0);
  await expect(open(`${path}.parquet.rejected`)).rejects.toThrow(/ENOENT/);
});

test('a header that cannot be read refuses the file all the same', async () => {
  const failure = await failureOf(
    fixture.ingest('a,"b" c\n1,2\n', { options: { badRows: 'set aside', delimiter: ',' } }),
  );
  expect(failure.message).toMatch(/The header \(line 1\) cannot be read/);
});

test('one line of many megabytes is set aside in little memory, and the rows around it stay', async () => {
  const path = `${fixture.folder}/long.csv`;
  const file = await open(path, 'w');
  await file.write('a,b\n1,2\n');
  const piece = Buffer.alloc(8 << 20, 'x');
  for (let n = 0; n < 12; n++) await file.write(piece);
  await file.write('\n3,4\n');
  await file.close();
  const toParquet = `${path}.parquet`;
  const { profile, rejectedRows } = await fixture.worker.ingest({
    path,
    name: 'long',
    toParquet,
    options: { badRows: 'set aside' },
  });
  expect([profile.rows, rejectedRows]).toEqual([2, 1]);
  const { rows } = await fixture.worker.rows({ parquet: `${toParquet}.rejected`, limit: 1, cellLength: 5000 });
  expect(rows[0]).toEqual(['2', '3', expect.stringMatching(/longer than 4 MB/), 'x'.repeat(1000)]);
});

test.each([
  ['to the end of the file', 3],
  ['for more than four megabytes', 700_000],
])('a quote that is open %s costs one line only', async (_, rows) => {
  const lines = Array.from({ length: rows }, (__, n) => `${n},x\n`).join('');
  const { profile, rejectedRows, parquet } = await fixture.ingest(`a,b\n1,2\n3,"open\n${lines}`, {
    options: { badRows: 'set aside' },
  });
  expect([profile.rows, rejectedRows]).toEqual([rows + 1, 1]);
  const aside = await fixture.worker.rows({ parquet: `${parquet}.rejected`, limit: 2 });
  expect(aside.rows).toEqual([['2', '3', expect.stringMatching(/never closed/), '3,"open']]);
});
