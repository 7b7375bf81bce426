import { badData } from './bad-data.ts';

export interface XmlListener {
  /** `attributes` is the text of the tag behind its name: see `attributeOf`. */
  open(name: string, attributes: string): void;
  close(name: string): void;
  text(text: string): void;
}

/** Longer ones are no table; what is not whole yet is kept in memory. */
const LONGEST_TOKEN = 1 << 20;

/**
 * Reads XML as it comes, in pieces. Only what data needs: a document type and entities of its own are refused, because
 * they are how a small file becomes a large one, or reads other files. Prefixes of names are left out.
 */
export class XmlReader {
  readonly #listener: XmlListener;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  #rest = '';
  /** How much of `#rest` was looked through already: none of it is looked through once for each piece that comes. */
  #searched = 0;
  /** The quote that is open there. */
  #quote = 0;
  #depth = 0;

  constructor(listener: XmlListener) {
    this.#listener = listener;
  }

  read(bytes: Buffer): void {
    this.#decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream: true });
    } catch {
      throw damaged();
    }
    this.#rest = this.#consume(this.#rest === '' ? text : this.#rest + text);
    if (this.#rest.length > LONGEST_TOKEN) throw damaged();
  }

  end(): void {
    if (this.#rest.trim() !== '' || this.#depth !== 0) throw damaged();
  }

  /** What is left is the beginning of something that is not whole yet. */
  #consume(text: string): string {
    let at = 0;
    for (;;) {
      const open = text.indexOf('<', at);
      // Text is told when it is whole: an entity may be cut in two.
      if (open < 0) return text.slice(at);
      if (open > at) this.#listener.text(decodeEntities(text.slice(at, open)));
      const next = text.charCodeAt(open + 1);
      let end: number;
      if (next === 33 /* ! */) end = this.#special(text, open);
      else if (next === 63 /* ? */) end = this.#endOf(text, open, '?>');
      else end = this.#tag(text, open, next === 47 /* / */);
      if (end < 0) {
        this.#searched = text.length - open;
        return text.slice(open);
      }
      this.#searched = 0;
      this.#quote = 0;
      at = end;
    }
  }

  #tag(text: string, open: number, closing: boolean): number {
    const end = closing ? text.indexOf('>', open + this.#searched) : this.#endOfTag(text, open);
    if (end < 0) return -1;
    if (closing) {
      this.#depth--;
      this.#listener.close(plainName(text.slice(open + 2, end).trimEnd()));
      return end + 1;
    }
    const empty = text.charCodeAt(end - 1) === 47;
    const last = empty ? end - 1 : end;
    let nameEnd = open + 1;
    while (nameEnd < last && text.charCodeAt(nameEnd) > 32) nameEnd++;
    const name = plainName(text.slice(open + 1, nameEnd));
    this.#listener.open(name, text.slice(nameEnd, last));
    if (empty) this.#listener.close(name);
    else this.#depth++;
    return end + 1;
  }

  /** A “>” may stand in a value, too. */
  #endOfTag(text: string, open: number): number {
    let at = open + Math.max(this.#searched, 1);
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#quote !== 0) {
        if (code === this.#quote) this.#quote = 0;
      } else if (code === 34 || code === 39) this.#quote = code;
      else if (code === 62) return at;
    }
    return -1;
  }

  #endOf(text: string, open: number, mark: string): number {
    // The mark may be cut in two.
    const end = text.indexOf(mark, open + Math.max(0, this.#searched - mark.length));
    return end < 0 ? -1 : end + mark.length;
  }

  #special(text: string, open: number): number {
    if (text.startsWith('<!--', open)) return this.#endOf(text, open, '-->');
    if (text.startsWith('<![CDATA[', open)) {
      const end = this.#endOf(text, open, ']]>');
      if (end >= 0) this.#listener.text(text.slice(open + 9, end - 3));
      return end;
    }
    if (text.length - open < 9) return -1;
    throw badData(
      'The workbook has XML with definitions of its own (DTD), which no spreadsheet program writes.',
      'Open it and save it anew as .xlsx, or save the sheet as “CSV UTF-8”.',
    );
  }
}

function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

function plainName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,12});?/g, (whole, name: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
    if (code && whole.endsWith(';')) {
      const point = code[1] === undefined ? Number(code[2]) : Number.parseInt(code[1], 16);
      if (point <= 0x10ffff) return String.fromCodePoint(point);
    }
    const known = Object.hasOwn(named, name) && whole.endsWith(';') ? named[name] : undefined;
    if (known === undefined) throw damaged();
    return known;
  });
}

/** The value of an attribute; `name` has no prefix, but may have one in the text. */
export function attributeOf(attributes: string, name: string): string | undefined {
  const pattern = patterns.get(name) ?? new RegExp(`(?:^|[\\s:])${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`);
  patterns.set(name, pattern);
  const found = pattern.exec(attributes);
  return found ? decodeEntities(found[1] ?? found[2] ?? '') : undefined;
}

const patterns = new Map<string, RegExp>();

function damaged(): Error {
  return badData('The workbook is damaged: its XML cannot be read.', 'Open it, save it anew as .xlsx and upload that.');
}
