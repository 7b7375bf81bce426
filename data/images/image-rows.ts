import { join } from 'node:path';
import type { SqlType } from '../column-kinds.ts';
import { parquetOptions } from '../parquet-options.ts';
import type { TypedColumn } from '../profile-columns.ts';
import { cellText, type Session } from '../session.ts';
import { quoteName, quoteText } from '../sql-text.ts';

export interface ImageRow {
  image: Buffer;
  /** As text; of which type all of them are is known at the end. */
  label: string | null;
  file: string | null;
  width: number;
  height: number;
  part: string | null;
}

/** Which of the columns that a source may have it has. */
export interface ImageColumns {
  label: SqlType | null;
  file: boolean;
  part: boolean;
}

/** So much is held in memory, and becomes one row group: whoever reads an image reads those beside it. */
const PART_BYTES = 8 << 20;
const PART_ROWS = 2048;
const TABLE = 'images_to_write';

/** Collects images into Parquet, a few megabytes at a time, in the order in which they come. */
export class ImageRows {
  readonly #session: Session;
  readonly #parts: string[] = [];
  #waiting: ImageRow[] = [];
  #bytes = 0;
  #count = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get count(): number {
    return this.#count;
  }

  async add(row: ImageRow): Promise<void> {
    this.#waiting.push(row);
    this.#count++;
    this.#bytes += row.image.length;
    if (this.#bytes >= PART_BYTES || this.#waiting.length >= PART_ROWS) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const session = this.#session;
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${TABLE} (image BLOB, label VARCHAR, file VARCHAR, width BIGINT, height BIGINT, part VARCHAR)`,
    );
    await session.append(
      TABLE,
      this.#waiting.map((row) => [row.image, row.label, row.file, BigInt(row.width), BigInt(row.height), row.part]),
    );
    const path = join(session.workFolder, `images-${this.#parts.length}.parquet`);
    await session.run(`COPY ${TABLE} TO ${quoteText(path)} (FORMAT parquet, COMPRESSION lz4_raw)`);
    await session.run(`DROP TABLE ${TABLE}`);
    this.#parts.push(path);
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** Writes the whole table; gives its columns. */
  async finish(to: string, { label, file, part }: ImageColumns): Promise<TypedColumn[]> {
    await this.#flush();
    const columns: [name: string, type: SqlType][] = [
      ['image', 'BLOB'],
      ...(label === null ? [] : [['label', label] as [string, SqlType]]),
      ...(file ? [['file', 'VARCHAR'] as [string, SqlType]] : []),
      ['width', 'BIGINT'],
      ['height', 'BIGINT'],
      ...(part ? [['part', 'VARCHAR'] as [string, SqlType]] : []),
    ];
    const selects = columns.map(([name, type]) => `CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`);
    const parts = this.#parts.map(quoteText).join(', ');
    await this.#session.run(
      `COPY (SELECT ${selects.join(', ')} FROM read_parquet([${parts}])) TO ${quoteText(to)} (${parquetOptions(columns.length, 'zstd', true)})`,
    );
    const [written] = await this.#session.row(`SELECT count(*) FROM read_parquet(${quoteText(to)})`);
    if (Number(written) !== this.#count)
      throw new Error(`${this.#count} images were read, but ${cellText(written)} were written.`);
    return columns.map(([name, type]) => ({ name, type, remarks: [] }));
  }
}
