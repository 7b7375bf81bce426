import { closeSync, openSync, writeSync } from 'node:fs';

const FULL = 1 << 20;

/** Writes a table in the plainest way there is: commas, every value in quotes, \n at the end of each row. */
export class PlainCsvWriter {
  readonly #file: number;
  #text = '';

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  row(cells: readonly (string | null | undefined)[]): void {
    let line = '';
    for (let n = 0; n < cells.length; n++) {
      const cell = cells[n] ?? '';
      line += n > 0 ? ',"' : '"';
      line += cell.includes('"') ? cell.replaceAll('"', '""') : cell;
      line += '"';
    }
    this.#text += `${line}\n`;
    if (this.#text.length >= FULL) this.#flush();
  }

  end(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#text = '';
  }
}
