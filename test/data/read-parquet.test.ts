import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEngine } from '../../data/session.ts';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

/** A Parquet file as another program would have written it. */
async function parquetOf(select: string): Promise<Buffer> {
  const path = join(fixture.folder, 'made.parquet');
  const engine = await openEngine({ memoryMb: 256, threads: 1 });
  const connection = await engine.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  engine.closeSync();
  return readFile(path);
}

test.each([
  ['SMALLINT', '7', 'BIGINT', '7'],
  ['UINTEGER', '4294967295', 'BIGINT', '4294967295'],
  ['DECIMAL(18, 2)', '1.25', 'DOUBLE', '1.25'],
  ['HUGEINT', '12', 'DOUBLE', '12.0'],
  ['FLOAT', '0.5', 'DOUBLE', '0.5'],
  ['DOUBLE', "'nan'", 'DOUBLE', null],
  ['BOOLEAN', 'true', 'BOOLEAN', 'true'],
  ['DATE', "'2024-01-31'", 'DATE', '2024-01-31'],
  ['TIMESTAMP_NS', "'2024-01-31 10:00:00'", 'TIMESTAMP', '2024-01-31 10:00:00'],
  ['TIMESTAMPTZ', "'2024-01-31 10:00:00+02'", 'TIMESTAMP', '2024-01-31 08:00:00'],
  ['TIME', "'10:00:00'", 'VARCHAR', '10:00:00'],
  ['VARCHAR', "''", 'VARCHAR', null],
  ['VARCHAR', "'007'", 'VARCHAR', '007'],
  ['INTEGER[]', '[1, 2]', 'VARCHAR', '[1, 2]'],
  ["ENUM('a', 'b')", "'b'", 'VARCHAR', 'b'],
])('a column of %s (%s) becomes %s', async (type, value, sqlType, shown) => {
  const { profile, parquet } = await fixture.ingest(await parquetOf(`SELECT 1 AS id, CAST(${value} AS ${type}) AS v`));
  expect(profile.columns[1]?.sqlType).toBe(sqlType);
  expect(await fixture.cells(parquet)).toEqual([['1', shown]]);
});

test('a Parquet file keeps the order of its rows', async () => {
  const { parquet, profile } = await fixture.ingest(await parquetOf('SELECT range AS id FROM range(200000)'));
  expect(profile.rows).toBe(200_000);
  const cells = await fixture.cells(parquet);
  expect(cells.every(([id], n) => id === String(n))).toBe(true);
});

test.each([
  ['without rows', 'SELECT 1 AS a WHERE false', /no row/],
  ['with a blank name', 'SELECT 1 AS " ", 2 AS b', /Column 1 has no name/],
])('a Parquet file %s is refused', async (_, select, message) => {
  const failure = await failureOf(fixture.ingest(await parquetOf(select)));
  expect(failure.type).toBe('BadData');
  expect(failure.message).toMatch(message);
});

test('a Parquet file whose data is damaged is refused', async () => {
  const bytes = await parquetOf("SELECT range AS id, 'text ' || range AS t FROM range(50000)");
  bytes.fill(0xab, 100, 20_000);
  const failure = await failureOf(fixture.ingest(bytes));
  expect(failure).toMatchObject({ type: 'BadData', message: expect.stringMatching(/damaged/) });
});
