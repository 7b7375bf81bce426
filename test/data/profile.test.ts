import { join } from 'node:path';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const rows = Array.from(
  { length: 60 },
  (_, n) => `${n},${n % 3 === 0 ? '' : `2024-01-0${1 + (n % 9)}`},class ${n % 30}`,
);
const made = () => fixture.ingest(`n,day,kind\n${rows.join('\n')}\n`);

test('a table that was made here is looked at as after an upload, and left as it is', async () => {
  const { parquet, profile } = await made();
  const { remarks: _remarks, options: _options, rejectedRows: _rows, ...looked } = profile;
  expect(await fixture.worker.profile({ parquet })).toEqual(looked);
  expect(await fixture.strays()).toEqual([]);
});

test('some columns, with every value counted', async () => {
  const { parquet } = await made();
  const { rows: total, columns } = await fixture.worker.profile({ parquet, columns: ['kind'], top: 1000 });
  expect([total, columns.map(({ name, distinct, top }) => [name, distinct, top.length])]).toEqual([
    60,
    [['kind', 30, 30]],
  ]);
  expect(await failureOf(fixture.worker.profile({ parquet, columns: ['no'] }))).toMatchObject({ type: 'NotFound' });
});

test('it waits for full runs, not for uploads', async () => {
  const { parquet } = await made();
  const { worker } = fixture;
  const path = await fixture.write('later.csv', `a\n${'1\n'.repeat(2_000_000)}`);
  let isRead = false;
  const upload = worker.ingest({ path, name: 'later.csv', toParquet: join(fixture.folder, 'later.parquet') });
  const read = upload.then(() => {
    isRead = true;
  });
  await worker.profile({ parquet });
  expect(isRead).toBe(false);
  await read;
});
