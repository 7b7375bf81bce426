import type { Line } from './read-lines.ts';
import { pieces } from './text-encoding.ts';

const SHOWN = 4000;
const [quote, backslash, comma, lineEnd] = [0x22, 0x5c, 0x2c, 0x0a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** An entry of a list, as `Line` is of a file; its number is the line of the file in which it begins. */
export interface Entry extends Line {
  /** What is wrong with it beside what it says itself. */
  problem?: string;
}

/**
 * The entries of a UTF-8 file that is one JSON list; what is held in memory is bounded, however long one is. What
 * stands between two commas is an entry, whatever it is; whether it is JSON is for whoever reads it.
 */
export async function* readJsonList(path: string, most: number, signal: AbortSignal): AsyncGenerator<Entry> {
  const entry = new EntryBytes(most);
  let where: 'before' | 'inside' | 'behind' = 'before';
  let [depth, line, inText, escaped] = [0, 1, false, false];
  let isFirst = true;
  for await (const piece of pieces(path, signal)) {
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (byte === lineEnd) line++;
      if (where === 'behind') {
        entry.begin(byte, line);
        continue;
      }
      if (where === 'before') {
        if (byte === openList) {
          where = 'inside';
          from = at + 1;
        }
        continue;
      }
      if (depth === 0 && !inText && (byte === comma || byte === closeList)) {
        entry.add(piece.subarray(from, at));
        // An empty list has no entry; beside a comma there has to be one.
        if (byte === comma || !isFirst || !entry.isBlank) yield entry.take(line);
        from = at + 1;
        isFirst = false;
        if (byte === closeList) where = 'behind';
        continue;
      }
      entry.begin(byte, line);
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inText = false;
      } else if (byte === quote) inText = true;
      else if (byte === openObject || byte === openList) depth++;
      else if (depth > 0 && (byte === closeObject || byte === closeList)) depth--;
    }
    if (where !== 'before') entry.add(piece.subarray(from));
  }
  if (where === 'behind' && !entry.isBlank) {
    yield { ...entry.take(line), problem: 'It stands behind the end of the list.' };
  }
  if (where === 'inside')
    yield { ...entry.take(line), problem: 'The list is not closed: the file ends in the middle.' };
}

class EntryBytes {
  readonly #most: number;
  #parts: Buffer[] = [];
  #length = 0;
  #line: number | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Nothing but white space so far. */
  get isBlank(): boolean {
    return this.#line === undefined;
  }

  begin(byte: number, line: number): void {
    if (byte > 0x20) this.#line ??= line;
  }

  add(bytes: Buffer): void {
    // White space before it is not a part of it. A copy: the memory of the piece is used again.
    if (bytes.length === 0 || this.isBlank) return;
    if (this.#length <= this.#most) this.#parts.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }

  take(line: number): Entry {
    const bytes = Buffer.concat(this.#parts);
    const isLong = this.#length > this.#most;
    const text = isLong ? undefined : bytes.toString().trim();
    const taken = { number: this.#line ?? line, text, start: text ?? bytes.toString('utf8', 0, SHOWN).trimStart() };
    this.#parts = [];
    this.#length = 0;
    this.#line = undefined;
    return taken;
  }
}
