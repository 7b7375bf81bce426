import type { Layout } from './csv-layout.ts';
import type { RejectedRows } from './rejected-rows.ts';
import { badData } from './bad-data.ts';
import { LONGEST_RECORD } from './scan-csv.ts';
import { plural } from './show-value.ts';

const LF = 10;
const CR = 13;
const BACKSLASH = 92;
const SHOWN = 4000;

type Found =
  | { kind: 'blank'; end: number; lines: number }
  | { kind: 'good'; end: number; lines: number }
  | { kind: 'bad'; end: number; lines: number; reason: string; hint: string }
  /** The record may go on behind the bytes there are. */
  | { kind: 'more' };

/**
 * Takes a table apart into its records, as they stand in the file: those that fit are written on as they are, the others
 * set aside. Every record goes one way or the other. Where a quote is wrong, nobody knows where the record ends: its
 * first line is set aside, and the next line begins a new one.
 */
export class SetAside {
  readonly #layout: Layout;
  readonly #rejected: RejectedRows;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #backslash: boolean;
  #buffer = Buffer.alloc(0);
  #headerLeft: boolean;
  #line: number;
  #record = 0;
  #kept = 0;
  #blank = 0;
  #blankLines = 0;
  /** A line that is too long is under way: bytes are dropped until it ends. */
  #dropping = false;

  constructor(layout: Layout, rejected: RejectedRows) {
    const { dialect } = layout;
    this.#layout = layout;
    this.#rejected = rejected;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0);
    this.#backslash = dialect.escape === 'backslash';
    this.#headerLeft = layout.header;
    this.#line = layout.firstLine;
  }

  /** Rows that were kept. */
  get kept(): number {
    return this.#kept;
  }

  get blankLines(): number {
    return this.#blankLines;
  }

  /** What is to be written for these bytes. */
  read(bytes: Buffer): Buffer {
    this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, bytes]) : Buffer.from(bytes);
    return this.#take(false);
  }

  end(): Buffer {
    const last = this.#take(true);
    this.#blankLines += this.#blank;
    return last;
  }

  #take(atEnd: boolean): Buffer {
    const out: Buffer[] = [];
    const bytes = this.#buffer;
    let at = this.#dropping ? this.#dropLine(bytes, 0, atEnd) : 0;
    while (at < bytes.length) {
      const found = this.#find(bytes, at, atEnd);
      if (found.kind === 'more') break;
      if (found.kind === 'blank') this.#blankLine();
      else if (found.kind === 'good') this.#keep(bytes, at, found.end, out);
      else this.#reject(bytes, at, found);
      this.#line += found.lines;
      at = this.#dropping ? this.#dropLine(bytes, found.end, atEnd) : found.end;
    }
    this.#buffer = Buffer.from(bytes.subarray(at));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  #blankLine(): void {
    // In a table of one column, a blank line before another record is a row whose value is missing.
    if (this.#layout.names.length === 1 && !this.#headerLeft) this.#blank++;
    else this.#blankLines++;
  }

  #keep(bytes: Buffer, from: number, to: number, out: Buffer[]): void {
    this.#keepBlank(out);
    if (this.#headerLeft) this.#headerLeft = false;
    else {
      this.#record++;
      this.#kept++;
    }
    out.push(bytes.subarray(from, to));
    const last = bytes[to - 1];
    if (last !== LF && last !== CR) out.push(Buffer.from('\n'));
  }

  #keepBlank(out: Buffer[]): void {
    const quote = this.#layout.dialect.quote;
    for (; this.#blank > 0; this.#blank--) {
      this.#record++;
      // Without quotes a missing value cannot be told from a blank line behind the table.
      out.push(Buffer.from(quote === '' ? '\n' : `${quote}${quote}\n`));
      this.#kept++;
    }
  }

  #reject(bytes: Buffer, from: number, { end, reason, hint }: Extract<Found, { kind: 'bad' }>): void {
    if (this.#headerLeft) throw badData(`The header (line ${this.#line}) cannot be read: ${reason}`, hint);
    // Blank lines before it are counted as rows when the next row is kept, and not at all when none is.
    this.#record++;
    const text = bytes.toString('utf8', from, Math.min(end, from + SHOWN)).replace(/[\r\n]+$/, '');
    this.#rejected.add({ record: this.#record + this.#blank, line: this.#line, reason, hint, text });
  }

  /** Where the line ends that is too long; all that there is, when it goes on. */
  #dropLine(bytes: Buffer, from: number, atEnd: boolean): number {
    const end = firstLineEnd(bytes, from, atEnd);
    if (end === undefined) return bytes.length;
    this.#dropping = false;
    this.#line++;
    return end;
  }

  #find(bytes: Buffer, from: number, atEnd: boolean): Found {
    const quote = this.#quote;
    const delimiter = this.#delimiter;
    const most = Math.min(bytes.length, from + LONGEST_RECORD + 1);
    let fields = 1;
    let lines = 0;
    let hasNul = false;
    let fieldStart = true;
    let at = from;
    while (at < most) {
      const byte = bytes[at] as number;
      if (byte === quote && fieldStart) {
        const closed = this.#endOfQuoted(bytes, at + 1, most);
        if (closed.end < 0) return this.#openQuote(bytes, from, atEnd);
        lines += closed.lines;
        hasNul ||= closed.hasNul;
        at = closed.end;
        if (at >= bytes.length && !atEnd) return { kind: 'more' };
        const next = bytes[at];
        if (at < bytes.length && next !== delimiter && next !== LF && next !== CR) {
          return this.#firstLine(bytes, from, atEnd, 'There is text after the closing quote of a value.');
        }
        fieldStart = false;
      } else if (byte === LF || byte === CR) {
        if (byte === CR && at + 1 >= bytes.length && !atEnd) return { kind: 'more' };
        const end = at + (byte === CR && bytes[at + 1] === LF ? 2 : 1);
        return this.#judge(end, at === from, fields, lines + 1, hasNul);
      } else {
        if (byte === 0) hasNul = true;
        fieldStart = byte === delimiter;
        if (fieldStart) fields++;
        at++;
      }
    }
    if (at - from > LONGEST_RECORD) return this.#tooLong(bytes, from, atEnd);
    return atEnd ? this.#judge(at, false, fields, lines + 1, hasNul) : { kind: 'more' };
  }

  #judge(end: number, isBlank: boolean, fields: number, lines: number, hasNul: boolean): Found {
    if (isBlank) return { kind: 'blank', end, lines };
    const expected = this.#layout.names.length;
    if (fields !== expected) {
      const reason = `It has ${plural(fields, 'column')}, but ${plural(expected, 'column')} ${expected === 1 ? 'is' : 'are'} expected.`;
      return {
        kind: 'bad',
        end,
        lines,
        reason,
        hint: 'Put quotes around values with delimiters in them, and add what is missing.',
      };
    }
    if (hasNul) {
      const hint = 'Export the file again, or take the byte out.';
      return { kind: 'bad', end, lines, reason: 'It has a NUL byte (0x00), which text does not have.', hint };
    }
    return { kind: 'good', end, lines };
  }

  #endOfQuoted(bytes: Buffer, from: number, to: number): { end: number; lines: number; hasNul: boolean } {
    let lines = 0;
    let hasNul = false;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (byte === LF) lines++;
      else if (byte === 0) hasNul = true;
      else if (byte === BACKSLASH && this.#backslash) at++;
      else if (byte === this.#quote) {
        if (bytes[at + 1] !== this.#quote || this.#backslash) return { end: at + 1, lines, hasNul };
        at++;
      }
    }
    return { end: -1, lines, hasNul };
  }

  /** Looked for over megabytes, but not again and again: the next quote of the file would have closed it. */
  #openQuote(bytes: Buffer, from: number, atEnd: boolean): Found {
    if (!atEnd && bytes.length - from <= LONGEST_RECORD) return { kind: 'more' };
    return this.#firstLine(bytes, from, atEnd, 'A quote is opened and never closed.');
  }

  #firstLine(bytes: Buffer, from: number, atEnd: boolean, reason: string): Found {
    const end = firstLineEnd(bytes, from, atEnd);
    if (end === undefined && bytes.length - from <= LONGEST_RECORD) return { kind: 'more' };
    if (end === undefined) return this.#tooLong(bytes, from, atEnd);
    const hint = 'A quote inside of a quoted value is written twice.';
    return { kind: 'bad', end, lines: 1, reason, hint };
  }

  #tooLong(bytes: Buffer, from: number, atEnd: boolean): Found {
    const reason = `It is longer than ${LONGEST_RECORD >> 20} MB.`;
    const hint = 'Shorten its values.';
    const end = firstLineEnd(bytes, from, atEnd);
    if (end !== undefined) return { kind: 'bad', end, lines: 1, reason, hint };
    this.#dropping = true;
    return { kind: 'bad', end: bytes.length, lines: 0, reason, hint };
  }
}

/** Behind the first line end; undefined when there may be one behind the bytes. */
function firstLineEnd(bytes: Buffer, from: number, atEnd: boolean): number | undefined {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] !== CR) continue;
    if (at + 1 < bytes.length) return bytes[at + 1] === LF ? at + 2 : at + 1;
    return atEnd ? at + 1 : undefined;
  }
  return atEnd ? bytes.length : undefined;
}
