import type { Database } from '../../db/database.ts';
import { readLogSegments } from '../../db/read-models/jobs-log.ts';
import type { LogStream, StoredLine } from '../../db/stores/log-store.ts';
import type { Holder } from '../../domain/ids.ts';

interface NumberedLine {
  line: number;
  atMs: number;
  stream: LogStream;
  attempt: number;
  text: string;
}

/** What a log has in the database, as the pages find it; what is in chunks is left out. */
export async function tailLines(database: Database, holder: Holder, from = 1): Promise<NumberedLine[]> {
  const segments = await readLogSegments(database, holder, { from, to: Number.MAX_SAFE_INTEGER });
  return segments
    .flatMap(({ firstLine, linesJson }) =>
      (JSON.parse(linesJson ?? '[]') as StoredLine[]).map(([atMs, stream, attempt, text], index) => {
        const line = firstLine + index;
        return { line, atMs, stream, attempt, text };
      }),
    )
    .filter(({ line }) => line >= from);
}
