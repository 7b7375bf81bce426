import type { CsvDialect } from './csv-dialect.ts';

const LF = 10;
const CR = 13;
const COMMA = 44;
const QUOTE = 34;
const BACKSLASH = 92;
/** Where nothing is a quote. */
const NO_BYTE = -1;

/**
 * Writes a table that the scanner has passed anew in the plainest way: every value in quotes, commas, no header, no
 * blank lines, one kind of line end. Some ways of writing are read differently by different readers; this one is not.
 */
export class CsvRewriter {
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #backslash: boolean;
  readonly #oneColumn: boolean;
  #skipRecord: boolean;
  #out = Buffer.alloc(0);
  #length = 0;
  #inQuotes = false;
  #escaped = false;
  #closing = false;
  #fieldOpen = false;
  #recordOpen = false;
  #wasCr = false;
  #blankLines = 0;

  constructor(columns: number, dialect: CsvDialect, hasHeader: boolean) {
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote === '' ? NO_BYTE : dialect.quote.charCodeAt(0);
    this.#backslash = dialect.escape === 'backslash';
    this.#oneColumn = columns === 1;
    this.#skipRecord = hasHeader;
  }

  /** What is to be written for these bytes. The memory is used again by the next call. */
  rewrite(bytes: Buffer): Buffer {
    this.#length = 0;
    // A byte becomes at most four: quote, value, quote, comma or line end. Held-back blank lines come on top.
    const most = bytes.length * 4 + this.#blankLines * 3 + 16;
    if (this.#out.length < most) this.#out = Buffer.allocUnsafe(most);
    for (const byte of bytes) this.#byte(byte);
    return this.#out.subarray(0, this.#length);
  }

  end(): Buffer {
    this.#length = 0;
    if (this.#recordOpen) this.#endRecord();
    return this.#out.subarray(0, this.#length);
  }

  #byte(byte: number): void {
    if (this.#inQuotes) {
      this.#quotedByte(byte);
      return;
    }
    if (this.#closing) {
      this.#closing = false;
      if (byte === this.#quote) {
        // Written twice: it belongs to the value.
        this.#inQuotes = true;
        this.#value(byte);
        return;
      }
    }
    if (byte === LF && this.#wasCr) {
      this.#wasCr = false;
      return;
    }
    this.#wasCr = byte === CR;
    if (byte === LF || byte === CR) this.#endLine();
    else if (byte === this.#delimiter) {
      this.#openRecord();
      this.#endField();
      this.#put(COMMA);
    } else if (byte === this.#quote && !this.#fieldOpen) {
      this.#openField();
      this.#inQuotes = true;
    } else {
      this.#openField();
      this.#value(byte);
    }
  }

  #quotedByte(byte: number): void {
    if (this.#escaped) {
      this.#escaped = false;
      if (byte !== this.#quote && byte !== BACKSLASH) this.#value(BACKSLASH);
      this.#value(byte);
    } else if (byte === BACKSLASH && this.#backslash) {
      this.#escaped = true;
    } else if (byte === this.#quote) {
      this.#inQuotes = false;
      this.#closing = !this.#backslash;
    } else {
      this.#value(byte);
    }
  }

  #endLine(): void {
    if (this.#recordOpen) this.#endRecord();
    else if (this.#oneColumn && !this.#skipRecord) this.#blankLines++;
  }

  #openRecord(): void {
    if (this.#recordOpen) return;
    this.#recordOpen = true;
    for (; this.#blankLines > 0; this.#blankLines--) {
      this.#put(QUOTE);
      this.#put(QUOTE);
      this.#put(LF);
    }
  }

  #openField(): void {
    this.#openRecord();
    if (this.#fieldOpen) return;
    this.#fieldOpen = true;
    this.#put(QUOTE);
  }

  #endField(): void {
    if (!this.#fieldOpen) this.#put(QUOTE);
    this.#put(QUOTE);
    this.#fieldOpen = false;
  }

  #endRecord(): void {
    this.#endField();
    this.#put(LF);
    this.#recordOpen = false;
    this.#skipRecord = false;
  }

  #value(byte: number): void {
    if (byte === QUOTE) this.#put(QUOTE);
    this.#put(byte);
  }

  #put(byte: number): void {
    if (!this.#skipRecord) this.#out[this.#length++] = byte;
  }
}
