import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainerEvent } from '../../domain/event.ts';
import { absentAs } from '../atomic-file.ts';
import { readRecord, segmentName } from '../spool-record.ts';

/** At most this much is taken into memory, and handed on, at a time. */
export const batchBytes = 512 * 1024;
export const batchEvents = 2000;

export interface SegmentPart {
  /** Each with how many broken records came right before it. */
  records: { event: TrainerEvent; brokenBefore: number }[];
  brokenAtEnd: number;
}

/**
 * Reads one file of a spool onwards, as it grows. A last record that is torn, or whose checksum is wrong, is left for
 * later: the runner may be in the middle of it, or cuts it off when it starts again. It counts as unreadable
 * once another record follows it, or when the segment is known to be complete.
 */
export class SpoolSegment {
  readonly firstSeq: number;
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Up to here all is told. */
  #offset = 0;
  #bytesToRead = batchBytes;

  constructor(folder: string, firstSeq: number) {
    this.firstSeq = firstSeq;
    this.#path = join(folder, segmentName(firstSeq));
  }

  /** What is new; undefined when there is nothing. `complete`: the runner has gone on to a later segment. */
  async read(complete: boolean): Promise<SegmentPart | undefined> {
    this.#file ??= await absentAs(undefined, () => open(this.#path, 'r'));
    if (!this.#file) return undefined;
    // Most often there is nothing: asking for the size is the cheapest way to know.
    const { size } = await this.#file.stat();
    const wanted = Math.min(this.#bytesToRead, size - this.#offset);
    if (wanted <= 0) return undefined;
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#offset);
    const isEnd = this.#offset + bytesRead >= size;
    const part = this.#parse(buffer.subarray(0, bytesRead), complete && isEnd);
    if (part) this.#bytesToRead = batchBytes;
    // One record is longer than what was read: take more of it next time.
    else if (!isEnd) this.#bytesToRead *= 2;
    return part ?? (isEnd ? undefined : { records: [], brokenAtEnd: 0 });
  }

  #parse(bytes: Buffer, isAll: boolean): SegmentPart | undefined {
    const records: SegmentPart['records'] = [];
    let broken = 0;
    let told = 0;
    let at = 0;
    while (records.length < batchEvents) {
      const newline = bytes.indexOf(10, at);
      if (newline === -1) break;
      const event = readRecord(bytes.subarray(at, newline));
      at = newline + 1;
      if (!event) {
        broken++;
        continue;
      }
      records.push({ event, brokenBefore: broken });
      broken = 0;
      told = at;
    }
    let brokenAtEnd = 0;
    if (isAll && records.length < batchEvents && told < bytes.length) {
      brokenAtEnd = broken + (at < bytes.length ? 1 : 0);
      told = bytes.length;
    }
    if (told === 0) return undefined;
    this.#offset += told;
    return { records, brokenAtEnd };
  }

  /** Whether the file that is being read is still the one of that name. */
  async isStillThere(): Promise<boolean> {
    const now = await absentAs(undefined, () => stat(this.#path));
    if (!now || !this.#file) return now !== undefined;
    return now.ino === (await this.#file.stat()).ino;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
