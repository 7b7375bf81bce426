import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ingested } from '../../data/data-calls.ts';
import { type DataWorker, openDataWorker } from '../../data/open-data-worker.ts';
import { TrainyardError } from '../../domain/failures.ts';
import type { ImportOptionsInput } from '../../domain/import-options.ts';

export interface DataFixture {
  worker: DataWorker;
  folder: string;
  tempFolder: string;
  write(name: string, content: string | Buffer): Promise<string>;
  ingest(
    content: string | Buffer,
    more?: { limitBytes?: number; name?: string; options?: ImportOptionsInput },
  ): Promise<Ingested & { parquet: string }>;
  /** Every cell of a Parquet file as it is shown. */
  cells(parquet: string): Promise<(string | null)[][]>;
  /** What lies about in the folder of temporary files, and unfinished results. */
  strays(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openFixture(memoryMb = 512): Promise<DataFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-data-'));
  const tempFolder = join(folder, 'tmp');
  const worker = openDataWorker({ memoryMb, tempFolder, threads: 2 });
  let files = 0;
  const write = async (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  return {
    worker,
    folder,
    tempFolder,
    write,
    ingest: async (content, more = {}) => {
      files++;
      const path = await write(`upload-${files}`, content);
      const parquet = join(folder, `data-${files}.parquet`);
      const { name = 'data.csv', ...options } = more;
      const result = await worker.ingest({ path, name, toParquet: parquet, ...options });
      return { ...result, parquet };
    },
    cells: async (parquet) => {
      const { rows } = await worker.rows({ parquet, limit: 1_000_000, cellLength: 10_000_000 });
      return rows;
    },
    strays: async () => {
      const left = await readdir(tempFolder).catch(() => []);
      const parts = (await readdir(folder)).filter((name) => name.endsWith('.part'));
      return [...left, ...parts];
    },
    close: async () => {
      await worker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a call failed with; a call that succeeds fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<TrainyardError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TrainyardError) return error;
    throw error;
  }
  throw new Error('It succeeded.');
}

/** An independent reader of CSV: slow and simple, by RFC 4180. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|\n|$)/gy;
  let record: string[] = [];
  while (pattern.lastIndex < text.length || record.length > 0) {
    const found = pattern.exec(text);
    if (!found) throw new Error(`No CSV at ${JSON.stringify(text.slice(record.length, record.length + 20))}`);
    record.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll('""', '"'));
    if (found[3] !== ',') {
      records.push(record);
      record = [];
      if (found[3] === '') break;
    }
  }
  return records;
}
