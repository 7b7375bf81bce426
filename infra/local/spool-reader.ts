import { readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { TrainerEvent } from '../../domain/event.ts';
import { absentAs } from '../atomic-file.ts';
import type { EventBatch } from '../cloud.ts';
import { firstSeqOf } from '../spool-record.ts';
import { type SegmentPart, SpoolSegment } from './spool-segment.ts';

/** A line must be on the page within 250 ms, so this is what it may wait here; below it, only processor time is used. */
const activeMs = 50;
const idleMs = 250;
/** Between two lines of one log are seconds at times. */
const activeForMs = 2000;
/** How often it is asked whether the file being read was replaced, and whether a gap can be filled. */
const secondLookMs = 1000;

export interface Spool {
  /** Where the runner writes. */
  folder: string;
  /** Where it uploads the segments when the attempt ends; for what is no longer in the other. */
  uploaded: string;
}

/** Follows a spool from behind `afterSeq` until `signal` aborts. */
export async function* readSpool(spool: Spool, afterSeq: number, signal: AbortSignal): AsyncGenerator<EventBatch> {
  const progress = new Progress(afterSeq);
  /** The runner's own counts where both have a segment. */
  const both = [spool.uploaded, spool.folder];
  let segment: SpoolSegment | undefined;
  let complete = false;
  let lastNewsAt = Date.now();
  let lastLookAt = Date.now();
  let pause = activeMs;
  try {
    while (!signal.aborted) {
      segment ??= await firstSegment(both, progress.lastSeq);
      const part = await segment?.read(complete);
      if (part) {
        const batch = progress.take(part);
        if (batch) yield batch;
        lastNewsAt = Date.now();
        pause = activeMs;
        continue;
      }
      if (segment && complete) {
        const next = await nextSegment(both, segment.firstSeq);
        await segment.close();
        segment = next;
        complete = false;
        continue;
      }
      const isTimeToLook = Date.now() - lastLookAt > secondLookMs;
      if (segment && (await nextSegment(isTimeToLook ? both : [spool.folder], segment.firstSeq))) {
        // The runner had gone on before this was seen, so what the segment holds by now is all it will ever hold.
        complete = true;
        continue;
      }
      if (isTimeToLook) {
        lastLookAt = Date.now();
        for await (const filled of fillGaps(spool.uploaded, progress)) yield filled;
        if (segment && !(await segment.isStillThere())) {
          await segment.close();
          segment = undefined;
        }
      }
      await wait(pause, undefined, { signal }).catch(() => {});
      if (Date.now() - lastNewsAt > activeForMs) pause = Math.min(idleMs, pause * 1.5);
    }
  } finally {
    await segment?.close();
  }
}

/** What has been told already, what is missing in between, and what could not be read. */
class Progress {
  lastSeq: number;
  /** Numbers that were passed over. */
  readonly gaps: { from: number; to: number; askedOf: Set<number> }[] = [];
  #unreadable = 0;

  constructor(afterSeq: number) {
    this.lastSeq = afterSeq;
  }

  take(part: SegmentPart): EventBatch | undefined {
    const events: TrainerEvent[] = [];
    for (const { event, brokenBefore } of part.records) {
      if (event.seq <= this.lastSeq) continue;
      if (event.seq > this.lastSeq + 1) {
        this.gaps.push({ from: this.lastSeq + 1, to: event.seq - 1, askedOf: new Set() });
      }
      // Only what lies behind something new is counted, so that reading a segment again does not count it again.
      this.#unreadable += brokenBefore;
      this.lastSeq = event.seq;
      events.push(event);
    }
    this.#unreadable += part.brokenAtEnd;
    if (events.length === 0) return undefined;
    const unreadable = this.#unreadable;
    this.#unreadable = 0;
    return { events, unreadable };
  }
}

/** Sorted; of one that is in several folders, the copy in the last of them. */
async function listSegments(folders: string[]): Promise<{ folder: string; firstSeq: number }[]> {
  const found = new Map<number, string>();
  for (const folder of folders) {
    for (const name of await absentAs([], () => readdir(folder))) {
      const firstSeq = firstSeqOf(name);
      if (firstSeq !== undefined) found.set(firstSeq, folder);
    }
  }
  return [...found].map(([firstSeq, folder]) => ({ folder, firstSeq })).toSorted((a, b) => a.firstSeq - b.firstSeq);
}

/** The one that holds what follows `seq`; where that is missing, the next there is. */
async function firstSegment(folders: string[], seq: number): Promise<SpoolSegment | undefined> {
  const segments = await listSegments(folders);
  const chosen = segments.findLast((segment) => segment.firstSeq <= seq + 1) ?? segments[0];
  return chosen && new SpoolSegment(chosen.folder, chosen.firstSeq);
}

async function nextSegment(folders: string[], firstSeq: number): Promise<SpoolSegment | undefined> {
  const next = (await listSegments(folders)).find((segment) => segment.firstSeq > firstSeq);
  return next && new SpoolSegment(next.folder, next.firstSeq);
}

/** Looks for passed-over numbers among the uploaded segments: once in each, when it appears. */
async function* fillGaps(uploaded: string, progress: Progress): AsyncGenerator<EventBatch> {
  if (progress.gaps.length === 0) return;
  const starts = (await listSegments([uploaded])).map((one) => one.firstSeq);
  for (const gap of progress.gaps) {
    for (const [index, firstSeq] of starts.entries()) {
      const endsBefore = starts[index + 1] ?? Number.POSITIVE_INFINITY;
      if (firstSeq > gap.to || endsBefore <= gap.from || gap.askedOf.has(firstSeq)) continue;
      gap.askedOf.add(firstSeq);
      const segment = new SpoolSegment(uploaded, firstSeq);
      try {
        for (let part = await segment.read(true); part; part = await segment.read(true)) {
          const events = part.records.map(({ event }) => event).filter(({ seq }) => seq >= gap.from && seq <= gap.to);
          if (events.length > 0) yield { events, unreadable: 0 };
        }
      } finally {
        await segment.close();
      }
    }
  }
}
