import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BadRows } from '../domain/import-options.ts';
import { badData } from './bad-data.ts';
import { PlainCsvWriter } from './plain-csv-writer.ts';
import { cellText, type Session } from './session.ts';
import { quoteText } from './sql-text.ts';

const LONGEST_TEXT = 1000;

/** A row of the file that is no row of the table. */
export interface RejectedRow {
  /** Which row of the file it is, from 1; rows that were taken count, too, the header does not. */
  record: number;
  /** The line of the file, or the row of the sheet, in which it begins. */
  line: number;
  reason: string;
  /** What to call it where it is no row: the name of a file in an archive. */
  where?: string;
  /** What to do, when it refuses the whole file. */
  hint: string;
  text: string;
}

/** Where rows go that are no rows of the table: they refuse the file, or are kept apart, each with its reason. */
export class RejectedRows {
  readonly #refuse: boolean;
  readonly #path: string;
  #writer: PlainCsvWriter | undefined;
  #count = 0;
  #first: RejectedRow | undefined;

  constructor(badRows: BadRows, workFolder: string) {
    this.#refuse = badRows === 'refuse';
    this.#path = join(workFolder, 'rejected.csv');
  }

  get refuse(): boolean {
    return this.#refuse;
  }

  get count(): number {
    return this.#count;
  }

  get first(): RejectedRow | undefined {
    return this.#first;
  }

  add(row: RejectedRow): void {
    if (this.#refuse) throw badData(inWords(row), row.hint);
    this.#first ??= row;
    this.#count++;
    this.#writer ??= new PlainCsvWriter(this.#path);
    const text = row.text.slice(0, LONGEST_TEXT).toWellFormed().replaceAll('\0', '␀');
    this.#writer.row([String(row.record), String(row.line), row.reason, text]);
  }

  /** Writes them as Parquet with the columns record, line, reason and text; nothing when there are none. */
  async keep(session: Session, to: string): Promise<void> {
    if (!this.#writer) return;
    this.#writer.end();
    await session.run(
      `COPY (SELECT * FROM read_csv(${quoteText(this.#path)}, auto_detect = false, header = false, delim = ',', quote = '"',
         escape = '"', new_line = '\\n', nullstr = '', encoding = 'utf-8', parallel = false, max_line_size = 1000000,
         columns = {'record': 'BIGINT', 'line': 'BIGINT', 'reason': 'VARCHAR', 'text': 'VARCHAR'}))
       TO ${quoteText(to)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
    );
    const [written] = await session.row(`SELECT count(*) FROM read_parquet(${quoteText(to)})`);
    if (Number(written) !== this.#count || !existsSync(to)) {
      throw new Error(`${this.#count} rows were set aside, but ${cellText(written)} were kept.`);
    }
  }

  /** At least one row must be left. */
  requireSome(rows: number): void {
    if (rows > 0 || !this.#first) return;
    throw badData(`No row of the file can be read. ${inWords(this.#first)}`, this.#first.hint);
  }
}

function inWords({ record, line, where, reason }: RejectedRow): string {
  return `${where ?? `Row ${record} (line ${line} of the file)`}: ${reason}`;
}
