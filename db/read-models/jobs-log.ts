import type { Holder } from '../../domain/ids.ts';
import type { Database } from '../database.ts';
import { ofHolder } from '../scope.ts';

/** A run of log lines: in a file of the store, or still in the database. */
export interface LogSegment {
  firstLine: number;
  lineCount: number;
  /** The file in the store; null while the lines are in `linesJson`. */
  object: string | null;
  linesJson: string | null;
}

interface FoundRow {
  first_line: number;
  line_count: number;
  object: string | null;
  lines_json: string | null;
}

/**
 * The segments that hold the lines `from` to `to`, in order. One statement over both tables: lines move from the tail
 * into chunks while somebody reads, and must be seen in exactly one of them.
 */
export async function readLogSegments(
  database: Database,
  holder: Holder,
  { from, to, limit }: { from: number; to: number; limit?: number },
): Promise<LogSegment[]> {
  const rows = await database.run(undefined, (db) => {
    const chunks = db('log_chunks')
      .where(ofHolder('log_chunks', holder))
      .where('log_chunks.first_line', '<=', to)
      .whereRaw('log_chunks.first_line + log_chunks.line_count > ?', [from])
      .select('log_chunks.first_line', 'log_chunks.line_count', 'log_chunks.object', db.raw('null as lines_json'));
    const tail = db('log_tail')
      .where(ofHolder('log_tail', holder))
      .where('log_tail.first_line', '<=', to)
      .whereRaw('log_tail.first_line + log_tail.line_count > ?', [from])
      .select('log_tail.first_line', 'log_tail.line_count', db.raw('null as object'), 'log_tail.lines_json');
    const all = db.unionAll([chunks, tail]).orderBy('first_line');
    return limit === undefined ? all : all.limit(limit);
  });
  return rows.map((row: FoundRow) => ({
    firstLine: row.first_line,
    lineCount: row.line_count,
    object: row.object,
    linesJson: row.lines_json,
  }));
}

export async function countLogLines(database: Database, holder: Holder): Promise<number> {
  const last = async (table: 'log_tail' | 'log_chunks') => {
    const row = await database.run(undefined, (db) =>
      db(table)
        .where(ofHolder(table, holder))
        .orderBy(`${table}.first_line`, 'desc')
        .first<{ first_line: number; line_count: number } | undefined>(`${table}.first_line`, `${table}.line_count`),
    );
    return row ? row.first_line + row.line_count - 1 : 0;
  };
  // The tail first: what moves into a chunk between the two is then counted there.
  const tail = await last('log_tail');
  return Math.max(tail, await last('log_chunks'));
}
