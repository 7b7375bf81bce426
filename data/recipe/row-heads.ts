import { mkdirSync, rmSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TableSchema } from '../../domain/recipe/table-schema.ts';
import { quoteText } from '../../domain/recipe/sql-text.ts';
import type { Session } from '../session.ts';
import type { KnownFit } from './recipe-calls.ts';
import { openTable, relationOf } from './recipe-table.ts';

/** A preview fits, sorts and searches in so many rows at most; of wide tables in fewer, so many cells. */
const SAMPLE_ROWS = 20_000;
const SAMPLE_CELLS = 1_000_000;
/** Fifty rows are then one small group to unpack, not a large one. */
const GROUP_ROWS = 2048;
const MOST_HEADS = 12;

export interface Head {
  schema: TableSchema;
  /** Rows of the dataset. */
  total: number;
  /** The first rows of it, as a relation with row numbers. */
  relation: string;
  rows: number;
  /** All rows of the dataset. */
  whole: string;
  /** What was learned from these rows. */
  fits: Map<string, KnownFit>;
}

interface Place {
  path: string;
  part: string;
  key: string;
}

/**
 * The first rows of the datasets that are being looked at, kept beside, in a form that is read in no time. A row group of
 * a large Parquet file is unpacked whole, and its list of groups is read whole, however few rows are asked for: that
 * would make a large file slower than a small one at every key that a person presses.
 */
export class RowHeads {
  readonly #heads = new Map<string, { place: Place; head?: Head }>();
  #folder: string | undefined;
  #next = 1;

  /** Where the head of a file is or will be. */
  placeOf(parquet: string, tempFolder: string): Place {
    const { mtimeMs, size, ino } = statSync(parquet);
    const key = `${parquet}\n${mtimeMs}\n${size}\n${ino}`;
    const found = this.#heads.get(key);
    if (found) {
      // The one that was used last goes last.
      this.#heads.delete(key);
      this.#heads.set(key, found);
      return found.place;
    }
    const path = join(this.#folderIn(tempFolder), `${this.#next++}.parquet`);
    const place = { path, part: `${path}.part`, key };
    this.#heads.set(key, { place });
    this.#forget();
    return place;
  }

  async head(session: Session, parquet: string): Promise<Head> {
    const entry = this.#heads.get(this.placeOf(parquet, dirname(session.workFolder)).key);
    if (!entry) throw new Error('The place of a head was not asked for.');
    entry.head ??= await makeHead(session, parquet, entry.place);
    return entry.head;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Named as other folders of work are, so that the next process removes what a killed one left. */
  #folderIn(tempFolder: string): string {
    this.#folder ??= join(tempFolder, `data-${process.pid}-heads`);
    mkdirSync(this.#folder, { recursive: true });
    return this.#folder;
  }

  #forget(): void {
    const [oldest] = this.#heads;
    if (this.#heads.size <= MOST_HEADS || !oldest) return;
    this.#heads.delete(oldest[0]);
    rmSync(oldest[1].place.path, { force: true });
  }
}

async function makeHead(session: Session, parquet: string, { path, part }: Place): Promise<Head> {
  const { schema, total, relation } = await openTable(session, parquet);
  const rows = Math.min(total, SAMPLE_ROWS, Math.max(500, Math.floor(SAMPLE_CELLS / schema.length)));
  await session.run(
    `COPY (SELECT * FROM ${relation} LIMIT ${rows}) TO ${quoteText(part)}
     (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE ${GROUP_ROWS}, USE_TMP_FILE false)`,
  );
  await rename(part, path);
  return { schema, total, relation: relationOf(path), rows, whole: relation, fits: new Map() };
}
