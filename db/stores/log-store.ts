import { TrainyardError } from '../../domain/failures.ts';
import type { Holder } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import { lockHolder } from '../holder-version.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { LogChunkRow, LogTailRow } from '../tables.ts';

/** o: the trainer's stdout, e: its stderr, m: the machine, p: Trainyard itself. */
export type LogStream = 'o' | 'e' | 'm' | 'p';
/** As it is kept: time, stream, attempt, text. */
export type StoredLine = [atMs: number, stream: LogStream, attempt: number, text: string];

export interface NewChunk {
  firstLine: number;
  lineCount: number;
  /** Of the text with its line ends, as in the tail: not of the compressed file. */
  bytes: number;
  object: string;
}

export interface Compactable {
  firstLine: number;
  lineCount: number;
  bytes: number;
  lines: StoredLine[];
}

/** A flush is one row; a giant one is cut, so that nobody has to read a giant row for one line. */
const ROW_BYTES = 512 * 1024;
/** A chunk at most: what compaction holds in memory at once. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** The lines of a holder count 1, 2, 3 … over all attempts: first the chunks, then the tail. */
export function logStore(database: Database) {
  const tailOf = (db: Trx, holder: Holder) => db('log_tail').where(ofHolder('log_tail', holder));

  async function nextLine(own: Trx, holder: Holder): Promise<number> {
    let next = 1;
    for (const table of ['log_tail', 'log_chunks']) {
      const last = await own(table)
        .where(ofHolder(table, holder))
        .orderBy(`${table}.first_line`, 'desc')
        .first(`${table}.first_line`, `${table}.line_count`);
      if (last) next = Math.max(next, last.first_line + last.line_count);
    }
    return next;
  }

  return {
    /**
     * Numbers the lines and keeps them; returns the number of the first. The holder stays locked until the end of
     * `trx`, so lines of two attempts never get the same number.
     */
    async append(holder: Holder, lines: readonly StoredLine[], trx?: Trx): Promise<number> {
      return database.transaction(async (own) => {
        await lockHolder(own, holder);
        const first = await nextLine(own, holder);
        let next = first;
        for (const part of cut(lines)) {
          const row: LogTailRow = {
            ...holderColumns(holder),
            first_line: next,
            line_count: part.lines.length,
            bytes: part.bytes,
            lines_json: JSON.stringify(part.lines),
          };
          await own('log_tail').insert(row);
          next += part.lines.length;
        }
        return first;
      }, trx);
    },

    /** What Trainyard itself has to say in a log. */
    async appendPlatformLines(
      holder: Holder,
      lines: readonly { atMs: number; attempt: number; text: string }[],
      trx?: Trx,
    ): Promise<number> {
      const stored = lines.map(({ atMs, attempt, text }): StoredLine => [atMs, 'p', attempt, text]);
      return this.append(holder, stored, trx);
    },

    /** In one look, so that a compaction at the same moment is counted once. `lines` is also the last line's number. */
    async stats(holder: Holder, trx?: Trx): Promise<{ lines: number; bytes: number; tailFirstLine: number | null }> {
      return database.run(trx, async (db) => {
        const sums = (table: string) =>
          db(table)
            .where(ofHolder(table, holder))
            .select(
              db.raw('coalesce(sum(line_count), 0) as line_count'),
              db.raw('coalesce(sum(bytes), 0) as bytes'),
              table === 'log_tail' ? db.raw('min(first_line) as tail') : db.raw('null as tail'),
            );
        const rows = await sums('log_tail').unionAll([sums('log_chunks')]);
        return {
          lines: rows.reduce((sum, row) => sum + Number(row.line_count), 0),
          bytes: rows.reduce((sum, row) => sum + Number(row.bytes), 0),
          tailFirstLine: rows.find((row) => row.tail !== null)?.tail ?? null,
        };
      });
    },

    async chunks(holder: Holder, trx?: Trx): Promise<LogChunkRow[]> {
      return database.run(trx, (db) =>
        db('log_chunks').where(ofHolder('log_chunks', holder)).orderBy('log_chunks.first_line').select('log_chunks.*'),
      );
    },

    /** Predictions that were done before then and still have lines: what retention takes away. */
    async predictionsDoneBefore(doneBeforeMs: number, limit = 100, trx?: Trx): Promise<string[]> {
      const rows: { id: string }[] = await database.run(trx, (db) => {
        const linesIn = (table: string) =>
          db(table)
            .where(`${table}.holder_kind`, 'prediction')
            .whereRaw('?? = ??', [`${table}.holder_id`, 'predictions.id'])
            .select(`${table}.first_line`);
        return db('predictions')
          .where('predictions.phase', 'done')
          .where('predictions.done_at_ms', '<=', doneBeforeMs)
          .where((either) => {
            void either.whereExists(linesIn('log_tail')).orWhereExists(linesIn('log_chunks'));
          })
          .orderBy('predictions.done_at_ms')
          .limit(limit)
          .select('predictions.id');
      });
      return rows.map((row) => row.id);
    },

    /** The oldest rows of the tail, about a chunk of them; undefined while there are fewer than `minLines` in all. */
    async compactable(
      holder: Holder,
      { minLines, force = false }: { minLines: number; force?: boolean },
      trx?: Trx,
    ): Promise<Compactable | undefined> {
      return database.transaction(async (own) => {
        const rows: LogTailRow[] = await tailOf(own, holder)
          .orderBy('log_tail.first_line')
          .select('log_tail.first_line', 'log_tail.line_count', 'log_tail.bytes');
        const total = rows.reduce((sum, row) => sum + row.line_count, 0);
        if (total === 0 || (!force && total < minLines)) return undefined;
        let bytes = 0;
        const taken = rows.filter((row, index) => {
          bytes += row.bytes;
          return index === 0 || bytes <= CHUNK_BYTES;
        });
        const full: LogTailRow[] = await tailOf(own, holder)
          .whereBetween('log_tail.first_line', [taken[0]!.first_line, taken.at(-1)!.first_line])
          .orderBy('log_tail.first_line')
          .select('log_tail.*');
        return {
          firstLine: taken[0]!.first_line,
          lineCount: taken.reduce((sum, row) => sum + row.line_count, 0),
          bytes: taken.reduce((sum, row) => sum + row.bytes, 0),
          lines: full.flatMap((row) => JSON.parse(row.lines_json) as StoredLine[]),
        };
      }, trx);
    },

    /**
     * To be called once the chunk is safe in the store: the rows that it covers go in the same transaction. False when
     * it was done before; anything but exactly whole rows is refused.
     */
    async replaceByChunk(holder: Holder, chunk: NewChunk, trx?: Trx): Promise<boolean> {
      return database.transaction(async (own) => {
        await lockHolder(own, holder);
        const { firstLine, lineCount, bytes, object } = chunk;
        const there = await own('log_chunks')
          .where({ ...ofHolder('log_chunks', holder), 'log_chunks.first_line': firstLine })
          .first('log_chunks.line_count');
        if (there?.line_count === lineCount) return false;
        const covered = () =>
          tailOf(own, holder)
            .where('log_tail.first_line', '>=', firstLine)
            .where('log_tail.first_line', '<', firstLine + lineCount);
        const rows: LogTailRow[] = await covered().select('log_tail.first_line', 'log_tail.line_count');
        const lines = rows.reduce((sum, row) => sum + row.line_count, 0);
        if (there || lines !== lineCount) {
          throw new TrainyardError('Bug', `The chunk of ${lineCount} lines from ${firstLine} does not fit the tail.`);
        }
        await covered().delete();
        const row: LogChunkRow = {
          ...holderColumns(holder),
          first_line: firstLine,
          line_count: lineCount,
          bytes,
          object,
        };
        await own('log_chunks').insert(row);
        return true;
      }, trx);
    },

    /** Takes the rows away. The objects in the store go before that, while `chunks` still names them. */
    async deleteAll(holder: Holder, trx?: Trx): Promise<void> {
      await database.transaction(async (own) => {
        await lockHolder(own, holder);
        await own('log_tail').where(ofHolder('log_tail', holder)).delete();
        await own('log_chunks').where(ofHolder('log_chunks', holder)).delete();
      }, trx);
    },
  };
}

export type LogStore = ReturnType<typeof logStore>;

function cut(lines: readonly StoredLine[]): { lines: StoredLine[]; bytes: number }[] {
  const parts: { lines: StoredLine[]; bytes: number }[] = [];
  for (const line of lines) {
    const bytes = Buffer.byteLength(line[3]) + 1;
    const last = parts.at(-1);
    if (last && last.bytes + bytes <= ROW_BYTES) {
      last.lines.push(line);
      last.bytes += bytes;
    } else {
      parts.push({ lines: [line], bytes });
    }
  }
  return parts;
}
