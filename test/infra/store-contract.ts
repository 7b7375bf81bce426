import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Store } from '../../infra/store.ts';

/** What every Store must do. `open` gives an empty one in that folder, or the same one again. */
export function holdsStoreContract(name: string, open: (folder: string) => Store): void {
  describe(`${name} keeps the contract of a store`, () => {
    let folder: string;
    let store: Store;
    let file: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'trainyard-store-'));
      store = open(join(folder, 'store'));
      file = join(folder, 'given');
      await writeFile(file, '0123456789');
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    test('gives back what was put, also to one who opens it later', async () => {
      await store.put('models/m1/model.zip', file);
      const later = open(join(folder, 'store'));
      expect(await text(later.openRead('models/m1/model.zip'))).toBe('0123456789');
      expect(await later.exists('models/m1/model.zip')).toBe(true);
    });

    test('puts twice as once, the later one whole', async () => {
      await store.putText('a/b', 'a much longer first text');
      await store.putText('a/b', 'second');
      expect(await store.readText('a/b')).toBe('second');
      expect(await store.list('')).toEqual(['a/b']);
    });

    test.each([
      [{ start: 2 }, '23456789'],
      [{ start: 2, end: 5 }, '234'],
      [{ start: 4, end: 4 }, ''],
      [{ start: 8, end: 99 }, '89'],
      [{ start: 10 }, ''],
    ])('reads the part %j', async (range, expected) => {
      await store.put('x', file);
      expect(await text(store.openRead('x', range))).toBe(expected);
    });

    test('says what is not there', async () => {
      expect(await store.exists('logs/none')).toBe(false);
      expect(await store.exists('logs')).toBe(false);
      expect(await store.readText('logs/none')).toBeUndefined();
      await expect(text(store.openRead('logs/none'))).rejects.toMatchObject({ type: 'NotFound' });
    });

    test('lists by prefix, sorted, and not what only shares a folder', async () => {
      for (const object of ['logs/job-2/1.gz', 'logs/job-1/2.gz', 'logs/job-1/1.gz', 'models/m/x']) {
        await store.putText(object, object);
      }
      expect(await store.list('logs/job-1/')).toEqual(['logs/job-1/1.gz', 'logs/job-1/2.gz']);
      expect(await store.list('logs/job')).toHaveLength(3);
      expect(await store.list('logs/job-1/2')).toEqual(['logs/job-1/2.gz']);
      expect(await store.list('')).toHaveLength(4);
      expect(await store.list('nothing/')).toEqual([]);
    });

    test('removes once and again, and what never was', async () => {
      await store.putText('a/b/c', 'x');
      await store.remove('a/b/c');
      await store.remove('a/b/c');
      await store.remove('never/was');
      expect(await store.list('')).toEqual([]);
      expect(await store.size()).toBe(0);
    });

    test('knows its size', async () => {
      await store.put('a', file);
      await store.putText('b/c', 'äb');
      expect(await store.size()).toBe(13);
    });

    test.each(['', '/etc/passwd', '../out', 'a/../../out', 'a//b', 'a/', './a', 'a\\..\\b', 'a/\0', '.hidden', 'a/.b'])(
      'refuses the name %j',
      async (object) => {
        await expect(async () => store.putText(object, 'x')).rejects.toMatchObject({ type: 'Bug' });
        await expect(async () => text(store.openRead(object))).rejects.toMatchObject({ type: 'Bug' });
      },
    );

    test('survives many who put and remove beside each other', async () => {
      const round = async (n: number) => {
        await store.putText(`shared/${n % 3}/${n}`, String(n));
        await store.remove(`shared/${n % 3}/${n}`);
      };
      await Promise.all(Array.from({ length: 60 }, (_, n) => round(n)));
      expect(await store.list('')).toEqual([]);
    });
  });
}
