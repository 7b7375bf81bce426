import { randomUUID } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownName } from '../../data/own-name.ts';
import type { ShownRows } from '../../data/data-calls.ts';
import type { AgainstLabel, LookedCloser, Relation } from '../../data/look-calls.ts';
import type { DatasetRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import type { ImportOptionsInput, ImportUsed } from '../../domain/import-options.ts';
import { withLocalCopy } from './local-copy.ts';
import type { ServiceOptions } from './options.ts';
import { conflict, notFound } from './refused.ts';
import type { Who } from './services.ts';

/** As much of a text file as shows how it would be read. */
const TRIED_BYTES = 1_000_000;
const TRIED_ROWS = 20;

export interface TriedImport {
  rows: ShownRows;
  used: ImportUsed;
  rejectedRows: number;
  /** Only the beginning of the file was read. */
  isPart: boolean;
}

/** Looks at a dataset that take longer than its page: what goes together, and how its file could be read otherwise. */
export interface LookService {
  closer(who: Who, id: string): Promise<LookedCloser>;
  againstLabel(who: Who, id: string, label: string): Promise<AgainstLabel>;
  relation(who: Who, id: string, x: string, y: string): Promise<Relation>;
  /** The first rows as these options would read them; nothing is kept. */
  tryImport(who: Who, id: string, options: ImportOptionsInput): Promise<TriedImport>;
}

export function lookService(options: ServiceOptions): LookService {
  const { stores, store, data, tempFolder, uploadLimitMb } = options;

  const find = async (who: Who, id: string): Promise<DatasetRow> => {
    const row = await stores.datasets.get(who.workspaceId, id);
    if (!row) throw notFound('dataset with this id', 'It may have been removed. See the list of data.');
    return row;
  };
  const withTable = async <T>(who: Who, id: string, use: (parquet: string) => Promise<T>): Promise<T> =>
    withLocalCopy(options, datasetFiles(await find(who, id)).parquet, use);

  const tryFile = async (
    path: string,
    name: string,
    asked: ImportOptionsInput,
    isPart: boolean,
  ): Promise<TriedImport> => {
    const parquet = join(tempFolder, `${ownName('web')}${randomUUID()}.parquet`);
    try {
      const limitBytes = uploadLimitMb * 1024 * 1024;
      const made = await data.ingest({ path, name, toParquet: parquet, limitBytes, options: asked });
      const rows = await data.rows({ parquet, limit: TRIED_ROWS });
      return { rows, used: made.options, rejectedRows: made.rejectedRows, isPart };
    } finally {
      await rm(parquet, { force: true });
      await rm(`${parquet}.rejected`, { force: true });
    }
  };

  return {
    closer: (who, id) => withTable(who, id, (parquet) => data.lookCloser({ parquet })),
    againstLabel: (who, id, label) => withTable(who, id, (parquet) => data.againstLabel({ parquet, label })),
    relation: (who, id, x, y) => withTable(who, id, (parquet) => data.relation({ parquet, x, y })),
    async tryImport(who, id, asked) {
      const row = await find(who, id);
      const { original } = datasetFiles(row);
      if (!(await store.exists(original)))
        throw conflict('This dataset was made here; there is no file that could be read in another way.');
      return withLocalCopy(options, original, async (path) => {
        const start = await beginningOf(path);
        if (start === null) return tryFile(path, row.name, asked, false);
        const part = join(tempFolder, `${ownName('web')}${randomUUID()}.part`);
        try {
          await writeFile(part, start);
          return await tryFile(part, row.name, asked, true);
        } finally {
          await rm(part, { force: true });
        }
      });
    },
  };
}

/** Whole lines from the beginning of a long text; null for what is short, or no text that can be cut. */
async function beginningOf(path: string): Promise<Buffer | null> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TRIED_BYTES), 0, TRIED_BYTES, 0);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    // Zeros: packed, a workbook, Parquet, or two bytes to a letter, where a line does not end at one byte.
    const isText = !buffer.subarray(0, Math.min(bytesRead, 4096)).includes(0) && !isPacked(buffer);
    return bytesRead < TRIED_BYTES || end < 0 || !isText ? null : buffer.subarray(0, end + 1);
  } finally {
    await file.close();
  }
}

function isPacked(start: Buffer): boolean {
  return ['1f8b', '28b52ffd', '504b0304', '50415231'].some((magic) =>
    start.subarray(0, 4).toString('hex').startsWith(magic),
  );
}
