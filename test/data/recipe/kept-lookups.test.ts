import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataWorker } from '../../../data/open-data-worker.ts';
import { type DataFixture, openFixture } from '../data-fixture.ts';
import { peopleCsv, step } from './recipe-fixture.ts';

let fixture: DataFixture;
let parquet: string;
let towns: string;
beforeAll(async () => {
  fixture = await openFixture();
  ({ parquet } = await fixture.ingest(peopleCsv(300)));
  towns = (await fixture.ingest(townsCsv(100, 7))).parquet;
});
afterAll(() => fixture.close());

function townsCsv(count: number, times: number): string {
  return `name,people\n${Array.from({ length: count }, (_, n) => `town ${n},${n * times}\n`).join('')}`;
}

const settings = { dataset: 'towns', keys: [{ from: 'city', to: 'name' }], take: ['people'] };
const look = step('x', 'join', settings);

async function kept(): Promise<string[]> {
  const names = await readdir(fixture.tempFolder, { recursive: true }).catch(() => []);
  return names.filter((name) => /-lookups\/.*parquet$/.test(name)).map((name) => join(fixture.tempFolder, name));
}

test('what is looked up is reduced once for all previews, and anew for another table or other columns', async () => {
  const from = join(fixture.folder, 'towns.parquet');
  const ask = async (more: Partial<typeof look> = {}, at = towns) => {
    const others = [{ datasetId: 'towns', name: 'Towns', parquet: at }];
    return fixture.worker.recipePreview({ parquet, steps: [{ ...look, ...more }], others, rows: 'first', limit: 3 });
  };
  const first = await ask();
  expect(first.rows.map(({ after }) => after.at(-1))).toEqual([null, '7', '14']);
  const [file] = await kept();
  const { mtimeMs, ino } = await stat(file as string);
  expect((await ask()).rows).toEqual(first.rows);
  expect((await ask({ id: 'y', settings: { ...settings, prefix: 'of town ' } })).rows).toEqual(first.rows);
  expect(await kept()).toEqual([file]);
  expect(await stat(file as string)).toMatchObject({ mtimeMs, ino });

  await fixture.worker.ingest({ path: await fixture.write('t.csv', townsCsv(100, 9)), name: 't.csv', toParquet: from });
  expect((await ask({}, from)).rows.map(({ after }) => after.at(-1))).toEqual([null, '9', '18']);
  expect(await kept()).toHaveLength(2);
  for (let n = 2; n < 10; n += 1) await ask({ settings: { ...settings, take: Array<string>(n).fill('people') } });
  expect((await kept()).length).toBeLessThanOrEqual(8);
});

test('a check of the whole file and a full run come to what the preview shows', async () => {
  const others = [{ datasetId: 'towns', name: 'Towns', parquet: towns }];
  const toParquet = join(fixture.folder, 'out.parquet');
  const ask = { parquet, steps: [look], others };
  const shown = await fixture.worker.recipePreview({ ...ask, rows: 'first', limit: 300 });
  await fixture.worker.runRecipe({ ...ask, toParquet });
  expect(await fixture.cells(toParquet)).toEqual(shown.rows.map(({ after }) => after));
  const check = await fixture.worker.recipeCheck(ask);
  expect(check.steps[0]?.failing.count).toBe(shown.rows.filter(({ fails }) => fails).length);
});

test('a large table that is looked into does not go through the line of quick calls', async () => {
  const tempFolder = join(fixture.folder, 'lanes');
  const worker = openDataWorker({ memoryMb: 256, tempFolder, threads: 1 });
  const others = [{ datasetId: 'towns', name: 'Towns', parquet: towns }];
  const ask = { parquet, steps: [look], others, rows: 'first' as const, limit: 1 };
  try {
    await worker.rows({ parquet, limit: 1 });
    const [quick] = worker.pids();
    await worker.recipePreview(ask);
    const [, patient] = worker.pids();
    expect(patient).not.toBe(quick);
    const training = { task: { kind: 'binary' as const, labels: ['churned'] }, ignoredColumns: [] };
    expect((await worker.recipePreview({ ...ask, training })).training?.problems).toEqual([]);
    expect(worker.pids()).toHaveLength(3);
    const folders = (await readdir(tempFolder)).filter((name) => name.endsWith('-lookups')).toSorted();
    expect(folders).toEqual(
      worker
        .pids()
        .filter((pid) => pid !== quick)
        .map((pid) => `data-${pid}-lookups`)
        .toSorted(),
    );
  } finally {
    await worker.close();
  }
  expect(existsSync(tempFolder) ? await readdir(tempFolder) : []).toEqual([]);
  await rm(tempFolder, { recursive: true, force: true });
});
