import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBytes } from '../../infra/disk.ts';
import { folderStore } from '../../infra/local/folder-store.ts';
import { holdsStoreContract } from './store-contract.ts';

holdsStoreContract('a folder', folderStore);

describe('a folder as a store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-store-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('clears away, when it is opened, what a put that died had left; not one that may go on', async () => {
    await mkdir(join(folder, 'models'));
    const [old, fresh] = [join(folder, 'models', '.making-old'), join(folder, 'models', '.making-fresh')];
    await writeFile(old, 'half');
    await writeFile(fresh, 'half');
    await utimes(old, new Date(0), new Date(0));
    const store = folderStore(folder);
    await store.putText('first', 'put');
    expect(await readdir(join(folder, 'models'))).toEqual(['.making-fresh']);
    expect(await store.list('')).toEqual(['first']);
  });

  test('leaves nothing half-made when the given file is not there', async () => {
    const store = folderStore(folder);
    await expect(store.put('a/b', join(folder, 'none'))).rejects.toThrow();
    expect(await readdir(join(folder, 'a'))).toEqual([]);
  });

  test('knows the free bytes of a disk, also below a folder that is not there yet', async () => {
    expect(await freeBytes(folder)).toBeGreaterThan(0);
    expect(await freeBytes(join(folder, 'not', 'yet'))).toBeGreaterThan(0);
  });
});
