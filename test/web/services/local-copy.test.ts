import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openDataWorker } from '../../../data/open-data-worker.ts';
import type { Store } from '../../../infra/store.ts';
import { withLocalCopy } from '../../../web/services/local-copy.ts';

let tempFolder: string;
beforeEach(async () => {
  tempFolder = await mkdtemp(join(tmpdir(), 'trainyard-copies-'));
});
afterEach(() => rm(tempFolder, { recursive: true, force: true }));

/** A store that is no folder of this host: what is read of it is counted. */
function farStore(objects: Record<string, string | Buffer>) {
  const reads: string[] = [];
  const openRead = (object: string) => {
    reads.push(object);
    const content = objects[object];
    if (content === undefined) return new Readable({ read: () => undefined }).destroy(new Error('not there'));
    return Readable.from([content]);
  };
  return { reads, store: { openRead } as unknown as Store };
}

const table = (n: number) => `datasets/hash${n}/table.parquet`;
const read = (path: string) => readFile(path, 'utf8');

test('a table is fetched once, for whoever asks, at once or later, and has one path', async () => {
  const { store, reads } = farStore({ [table(1)]: 'one', [table(2)]: 'two' });
  const around = { store, tempFolder };
  const at = (n: number) => withLocalCopy(around, table(n), async (path) => [path, await read(path)]);
  const [first, same] = await Promise.all([at(1), at(1)]);
  expect(first).toEqual(same);
  expect(first?.[1]).toBe('one');
  expect(await at(1)).toEqual(first);
  expect((await at(2))[1]).toBe('two');
  expect(reads).toEqual([table(1), table(2)]);
});

test('copies that nobody uses go when there are too many of them; one in use stays', async () => {
  const { store, reads } = farStore({ [table(1)]: 'x'.repeat(60), [table(2)]: 'y'.repeat(60) });
  const around = { store, tempFolder, keepBytes: 100 };
  await withLocalCopy(around, table(1), async (first) => {
    await withLocalCopy(around, table(2), read);
    expect(existsSync(first)).toBe(true);
    expect(await readdir(join(tempFolder, 'tables'))).toHaveLength(1);
  });
  expect(await withLocalCopy(around, table(2), read)).toBe('y'.repeat(60));
  expect(reads).toEqual([table(1), table(2), table(2)]);
  expect(await readdir(join(tempFolder, 'tables'))).toHaveLength(1);
});

test('a fetch that fails leaves nothing, and the next one tries again', async () => {
  const objects: Record<string, string> = {};
  const { store } = farStore(objects);
  await expect(withLocalCopy({ store, tempFolder }, table(1), read)).rejects.toThrow('not there');
  expect(await readdir(join(tempFolder, 'tables'))).toEqual([]);
  objects[table(1)] = 'one';
  expect(await withLocalCopy({ store, tempFolder }, table(1), read)).toBe('one');
});

test('what may change is copied for as long as it is used', async () => {
  const { store, reads } = farStore({ 'predictions/1.parquet': 'one' });
  for (let n = 0; n < 2; n += 1) {
    expect(await withLocalCopy({ store, tempFolder }, 'predictions/1.parquet', read)).toBe('one');
  }
  expect(reads).toHaveLength(2);
  expect(await readdir(tempFolder)).toEqual([]);
});

test('previews of a dataset in such a store read it once', async () => {
  const data = openDataWorker({ memoryMb: 256, tempFolder: join(tempFolder, 'data'), threads: 1 });
  try {
    const csv = join(tempFolder, 'a.csv');
    const parquet = join(tempFolder, 'a.parquet');
    await writeFile(csv, 'a,b\n1,x\n2,y\n');
    await data.ingest({ path: csv, name: 'a.csv', toParquet: parquet });
    const { store, reads } = farStore({ [table(1)]: await readFile(parquet) });
    await rm(parquet);
    for (let n = 0; n < 3; n += 1) {
      const shown = await withLocalCopy({ store, tempFolder }, table(1), (path) =>
        data.recipePreview({ parquet: path, steps: [], rows: 'first' }),
      );
      expect(shown.rows).toHaveLength(2);
    }
    expect(reads).toEqual([table(1)]);
  } finally {
    await data.close();
  }
});
