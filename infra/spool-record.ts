import { crc32 } from 'node:zlib';
import { eventSchema, type TrainerEvent } from '../domain/event.ts';

/** The event in one line of a spool, or undefined when the line is not what the runner wrote. */
export function readRecord(line: Buffer): TrainerEvent | undefined {
  const sum = line.toString('latin1', 0, 9);
  if (!/^[0-9a-f]{8} $/i.test(sum)) return undefined;
  const json = line.subarray(9);
  if (Number.parseInt(sum, 16) !== crc32(json)) return undefined;
  try {
    return eventSchema.safeParse(JSON.parse(json.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.jsonl`;
}

/** The first `seq` of a segment by its name; undefined for any other file. */
export function firstSeqOf(name: string): number | undefined {
  const found = /^(\d{12,})\.jsonl$/.exec(name);
  return found ? Number(found[1]) : undefined;
}
