import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log file that moves aside when it is full: `web.log`, `web.log.1` … `web.log.4`, the oldest is dropped. */
export class RotatingLog {
  readonly path: string;
  readonly #limitBytes: number;
  readonly #kept: number;
  #file: number;
  #size: number;
  #troubled = false;

  constructor(path: string, limitBytes = 10 * 1024 * 1024, kept = 4) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#limitBytes = limitBytes;
    this.#kept = kept;
    this.#file = openSync(path, 'a');
    this.#size = fstatSync(this.#file).size;
  }

  /** A full disk must not take the supervisor down with it: lines are dropped, and the next that fits says so. */
  write(line: string): void {
    const text = `${this.#troubled ? '(lines are missing here: the log could not be written)\n' : ''}${line}\n`;
    const bytes = Buffer.byteLength(text);
    try {
      if (this.#size > 0 && this.#size + bytes > this.#limitBytes) this.#rotate();
      this.#size += writeSync(this.#file, text);
      this.#troubled = false;
    } catch {
      this.#troubled = true;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    for (let number = this.#kept - 1; number >= 0; number--) {
      const from = number === 0 ? this.path : `${this.path}.${number}`;
      try {
        renameSync(from, `${this.path}.${number + 1}`);
      } catch {
        // There are not that many yet.
      }
    }
    const full = this.#file;
    this.#file = openSync(this.path, 'a');
    this.#size = 0;
    closeSync(full);
  }
}
