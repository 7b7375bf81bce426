import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Database } from '../../db/database.ts';
import { countLogLines, type LogSegment, readLogSegments } from '../../db/read-models/jobs-log.ts';
import type { Holder } from '../../domain/ids.ts';
import type { Store } from '../../infra/store.ts';
import type { LogLine, logSources } from '../services/views.ts';

/** As a line is kept, in the tail and in chunk files alike: when, from where, attempt, text. */
type KeptLine = [atMs: number, source: 'o' | 'e' | 'm' | 'p', attempt: number, text: string];

const sourceWords: Record<KeptLine[1], (typeof logSources)[number]> = {
  o: 'out',
  e: 'err',
  m: 'machine',
  p: 'platform',
};

export const longestRead = 5000;

/** The log of one holder: chunk files of the store, then what is still in the database. */
export interface LogReader {
  count(holder: Holder): Promise<number>;
  range(holder: Holder, from: number, limit: number): Promise<LogLine[]>;
  tail(holder: Holder, lines: number): Promise<LogLine[]>;
  before(holder: Holder, line: number, lines: number): Promise<LogLine[]>;
  search(
    holder: Holder,
    query: { text: string; from: number; limit: number },
  ): Promise<{ total: number; matches: LogLine[] }>;
  /** Every line of it, one after another, without holding more than a piece of it. */
  all(holder: Holder): AsyncGenerator<LogLine>;
  raw(holder: Holder): Readable;
}

export function logReader(database: Database, store: Store): LogReader {
  async function* linesOf(segment: LogSegment): AsyncGenerator<LogLine> {
    let line = segment.firstLine;
    for await (const kept of segment.object === null ? keptIn(segment) : keptInFile(store, segment.object)) {
      yield lineFrom(line, kept);
      line += 1;
    }
  }

  async function* linesBetween(holder: Holder, from: number, to: number): AsyncGenerator<LogLine> {
    for (let next = from; next <= to; ) {
      // A few segments at a time: a log of a gigabyte has thousands.
      const segments = await readLogSegments(database, holder, { from: next, to, limit: 20 });
      if (segments.length === 0) return;
      for (const segment of segments) {
        for await (const line of linesOf(segment)) {
          if (line.line >= next && line.line <= to) yield line;
        }
        next = segment.firstLine + segment.lineCount;
      }
    }
  }

  const range = async (holder: Holder, from: number, limit: number) => {
    const begin = Math.max(1, from);
    const lines: LogLine[] = [];
    for await (const line of linesBetween(holder, begin, begin + Math.min(limit, longestRead) - 1)) lines.push(line);
    return lines;
  };

  const reader: LogReader = {
    count: (holder) => countLogLines(database, holder),
    range,
    async tail(holder, lines) {
      const count = await countLogLines(database, holder);
      return count === 0 ? [] : range(holder, count - lines + 1, lines);
    },
    async before(holder, line, lines) {
      const begin = Math.max(1, line - lines);
      return line <= 1 ? [] : range(holder, begin, line - begin);
    },
    async search(holder, { text, from, limit }) {
      const wanted = text.toLowerCase();
      const matches: LogLine[] = [];
      let total = 0;
      for await (const line of reader.all(holder)) {
        if (!line.text.toLowerCase().includes(wanted)) continue;
        total += 1;
        if (line.line >= from && matches.length < limit) matches.push(line);
      }
      return { total, matches };
    },
    all: (holder) => linesBetween(holder, 1, Number.MAX_SAFE_INTEGER),
    raw: (holder) => Readable.from(textOf(reader.all(holder))),
  };
  return reader;
}

function keptIn(segment: LogSegment): KeptLine[] {
  return JSON.parse(segment.linesJson ?? '[]') as KeptLine[];
}

async function* keptInFile(store: Store, object: string): AsyncGenerator<KeptLine> {
  const file = store.openRead(object);
  const unpacked = createGunzip();
  // A pipe does not carry errors: a file that is gone must not look like an empty one.
  file.once('error', (error) => unpacked.destroy(error));
  file.pipe(unpacked);
  try {
    // Not node:readline: it also splits at U+2028, which JSON text may hold, and it swallows errors of its input.
    let rest = '';
    for await (const piece of unpacked.setEncoding('utf8')) {
      const lines = (rest + String(piece)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as KeptLine;
    }
    if (rest !== '') yield JSON.parse(rest) as KeptLine;
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}

function lineFrom(line: number, [atMs, source, attempt, text]: KeptLine): LogLine {
  return { line, atMs, source: sourceWords[source], attempt, text };
}

/** Joined to pieces of some size: one write for each line would make a large download slow. */
async function* textOf(lines: AsyncIterable<LogLine>): AsyncGenerator<string> {
  let piece = '';
  for await (const { atMs, source, text } of lines) {
    piece += `${new Date(atMs).toISOString()} ${source.padEnd(8)} ${text}\n`;
    if (piece.length > 65_536) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}
