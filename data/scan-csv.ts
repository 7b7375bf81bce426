import { TrainyardError } from '../domain/failures.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { plural, showValue } from './show-value.ts';

/** The longest record: longer ones are a quote that nobody closed, or no table. DuckDB is told twice as much. */
export const LONGEST_RECORD = 4 << 20;

const LF = 10;
const CR = 13;
const BACKSLASH = 92;
/** Where nothing is a quote. */
const NO_BYTE = -1;

/** Where in a record the scanner is. */
const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const AFTER_QUOTE = 3;
const ESCAPED = 4;

export interface ScanSummary {
  /** Records, the header not counted. */
  rows: number;
  /** Bytes of all values of these records, quotes and escapes taken off: the check that the data engine read the same. */
  contentBytes: number;
  /** Lines with nothing on them that were skipped. */
  blankLines: number;
  /** Whether the file is written in a way that the data engine may read differently, so that it must be written anew first. */
  irregular: boolean;
  lineEnd: '\n' | '\r\n';
}

/**
 * Reads every byte of a table and is strict where the data engine is lenient: whatever could lose or shift a value is
 * refused here, with the place. The bytes are UTF-8, so that no byte of a longer character looks like a delimiter.
 */
export class CsvScanner {
  readonly #names: readonly string[];
  readonly #dialect: CsvDialect;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #backslash: boolean;
  readonly #special = new Uint8Array(256);
  #headerLeft: boolean;
  #state = FIELD_START;
  #field = 0;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  /** Bytes of the record so far, and those of them that are no value. */
  #length = 0;
  #structural = 0;
  #wasCr = false;
  #rows = 0;
  #contentBytes = 0;
  #blankLines = 0;
  /** Blank lines since the last record: inside of a table with one column they are rows, at the end they are not. */
  #trailing = 0;
  #lf = 0;
  #crlf = 0;
  #cr = 0;
  #irregular = false;

  constructor(names: readonly string[], dialect: CsvDialect, hasHeader: boolean, firstLine = 1) {
    this.#line = firstLine;
    this.#recordLine = firstLine;
    this.#names = names;
    this.#dialect = dialect;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote === '' ? NO_BYTE : dialect.quote.charCodeAt(0);
    this.#backslash = dialect.escape === 'backslash';
    this.#headerLeft = hasHeader;
    this.#irregular = dialect.quote !== '"' || this.#backslash;
    for (const byte of [0, LF, CR, this.#delimiter]) this.#special[byte] = 1;
    if (this.#quote !== NO_BYTE) this.#special[this.#quote] = 1;
    if (this.#backslash) this.#special[BACKSLASH] = 1;
  }

  read(bytes: Buffer): void {
    const special = this.#special;
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      const byte = bytes[at] as number;
      if (special[byte] === 0) {
        // Most bytes are of values: run over them without looking at the rest of the rules.
        const from = at++;
        while (at < end && special[bytes[at] as number] === 0) at++;
        this.#ordinary(at - from);
      } else {
        at++;
        this.#specialByte(byte);
      }
    }
    if (this.#length > LONGEST_RECORD) throw this.#tooLong();
  }

  end(): ScanSummary {
    if (this.#state === QUOTED || this.#state === ESCAPED) throw this.#neverClosed();
    if (this.#length > 0 || this.#field > 0) this.#endRecord();
    this.#blankLines += this.#trailing;
    const styles = Number(this.#lf > 0) + Number(this.#crlf > 0) + Number(this.#cr > 0);
    return {
      rows: this.#rows,
      contentBytes: this.#contentBytes,
      blankLines: this.#blankLines,
      lineEnd: this.#crlf > 0 ? '\r\n' : '\n',
      irregular: this.#irregular || styles > 1 || this.#cr > 0 || (this.#names.length === 1 && this.#trailing > 0),
    };
  }

  #ordinary(count: number): void {
    this.#wasCr = false;
    if (this.#state === FIELD_START) this.#state = PLAIN;
    else if (this.#state === ESCAPED) this.#state = QUOTED;
    else if (this.#state === AFTER_QUOTE) throw this.#afterQuote();
    this.#length += count;
  }

  #specialByte(byte: number): void {
    if (byte === 0) throw this.#nul();
    if (this.#state === QUOTED || this.#state === ESCAPED) {
      this.#inQuotes(byte);
      return;
    }
    if (byte === LF && this.#wasCr) {
      // The second half of a line end that was handled at its first.
      this.#wasCr = false;
      this.#cr--;
      this.#crlf++;
      return;
    }
    this.#wasCr = byte === CR;
    if (byte === this.#delimiter) {
      this.#length++;
      this.#structural++;
      this.#field++;
      this.#state = FIELD_START;
    } else if (byte === LF || byte === CR) {
      if (byte === LF) this.#lf++;
      else this.#cr++;
      this.#endRecord();
      this.#line++;
      this.#recordLine = this.#line;
    } else if (byte === this.#quote) {
      this.#quoteOutside();
    } else {
      this.#ordinary(1);
    }
  }

  #inQuotes(byte: number): void {
    this.#length++;
    if (byte === LF) this.#line++;
    if (this.#state === ESCAPED) {
      if (byte === this.#quote || byte === BACKSLASH) this.#structural++;
      this.#state = QUOTED;
    } else if (byte === this.#quote) {
      this.#structural++;
      this.#state = AFTER_QUOTE;
    } else if (byte === BACKSLASH && this.#backslash) {
      this.#state = ESCAPED;
    }
  }

  #quoteOutside(): void {
    this.#length++;
    if (this.#state === FIELD_START) {
      this.#structural++;
      this.#quoteLine = this.#line;
      this.#state = QUOTED;
    } else if (this.#state === AFTER_QUOTE && !this.#backslash) {
      // A quote written twice: the first was counted as the end of the value, this one is the value's.
      this.#state = QUOTED;
    } else if (this.#state === AFTER_QUOTE) {
      throw this.#afterQuote();
    } else {
      // As in 5" pipe: a sign like any other, because the value did not begin with it.
      this.#irregular = true;
    }
  }

  #endRecord(): void {
    if (this.#length > LONGEST_RECORD) throw this.#tooLong();
    if (this.#length === 0) {
      this.#blankLine();
    } else {
      this.#keepTrailing();
      const found = this.#field + 1;
      if (found !== this.#names.length) throw this.#ragged(found);
      if (this.#headerLeft) {
        this.#headerLeft = false;
      } else {
        this.#rows++;
        this.#contentBytes += this.#length - this.#structural;
      }
    }
    this.#state = FIELD_START;
    this.#field = 0;
    this.#length = 0;
    this.#structural = 0;
  }

  #blankLine(): void {
    if (this.#names.length === 1 && !this.#headerLeft) this.#trailing++;
    else this.#blankLines++;
  }

  /** In a table of one column, blank lines before another record are rows whose value is missing. */
  #keepTrailing(): void {
    this.#rows += this.#trailing;
    this.#trailing = 0;
  }

  #place(): string {
    if (this.#headerLeft) return `The header (line ${this.#recordLine})`;
    return `Row ${this.#rows + this.#trailing + 1} (line ${this.#recordLine} of the file)`;
  }

  #column(): string {
    const name = this.#names[this.#field];
    return name === undefined ? `column ${this.#field + 1}` : `column ${showValue(name)}`;
  }

  #ragged(found: number): TrainyardError {
    const expected = this.#names.length;
    const sign = this.#dialect.delimiter === '\t' ? 'tabs' : `“${this.#dialect.delimiter}”`;
    const place = this.#place();
    const more = `Put quotes around values that have ${sign} in them, or take out what is too much.`;
    const fewer = `Add what is missing: an empty value still needs its ${sign}. Lines above or below the table must go.`;
    const first =
      'If there are lines above the names of the columns, take them out, or choose the first row in the import options.';
    const hint = found < expected ? fewer : expected === 1 ? `${first} ${more}` : more;
    return bad(
      `${place} has ${plural(found, 'column')}, but ${plural(expected, 'column')} ${expected === 1 ? 'is' : 'are'} expected.`,
      hint,
    );
  }

  #afterQuote(): TrainyardError {
    const opened = this.#quoteLine === this.#recordLine ? '' : `, opened in line ${this.#quoteLine},`;
    return bad(
      `${this.#place()}, ${this.#column()}: there is text after the closing quote${opened} of a value.`,
      `A quote inside of a quoted value is written twice, like ${this.#dialect.quote.repeat(2)}.`,
    );
  }

  #neverClosed(): TrainyardError {
    return bad(
      `${this.#place()}, ${this.#column()}: the quote opened in line ${this.#quoteLine} is never closed.`,
      'Close the quote, or write a quote that belongs to the value twice inside of quotes.',
    );
  }

  #tooLong(): TrainyardError {
    const most = `${LONGEST_RECORD >> 20} MB`;
    if (this.#state !== QUOTED) {
      return bad(
        `${this.#place()} is longer than ${most}.`,
        'A table is expected, one row to a line. Shorten the values of this row.',
      );
    }
    return bad(
      `${this.#place()}, ${this.#column()}: the quote opened in line ${this.#quoteLine} is not closed within ${most}.`,
      'Close the quote, or shorten the value.',
    );
  }

  #nul(): TrainyardError {
    return bad(
      `${this.#place()}, ${this.#column()}: there is a NUL byte (0x00), which text does not have.`,
      'Export the file again, or take the byte out; a file with many of them is not text.',
    );
  }
}

function bad(message: string, hint: string): TrainyardError {
  return new TrainyardError('BadData', message, hint);
}
