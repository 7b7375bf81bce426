import type { TimelineKind } from '../db/tables.ts';
import type { AttemptRef } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Dependencies } from './dependencies.ts';
import { worksOf } from './holders.ts';

export interface TimelineEntry {
  kind: TimelineKind;
  /** The same key twice is one entry. */
  key: string;
  text: string;
  phase?: Phase | null;
}

/** Writes what happened into the timeline and the log of a work. */
export async function writeEntry(
  { stores, now }: Pick<Dependencies, 'stores' | 'now'>,
  ref: AttemptRef,
  { kind, key, text, phase = null }: TimelineEntry,
): Promise<void> {
  const holder = { kind: ref.kind, id: ref.id };
  const atMs = now();
  const entry = { holder, kind, phase, attempt: ref.attempt, text, dedupeKey: key, atMs };
  // Both or none: a retry finds the entry, and would leave the line out.
  await stores.database.transaction(async (trx) => {
    const isNew = await stores.timeline.add(entry, trx);
    if (isNew) await stores.log.appendPlatformLines(holder, [{ atMs, attempt: ref.attempt, text }], trx);
  });
}

/** What a person should know at once: as the sentence of the work, and as a warning that stays. */
export async function warnOnPage(
  dependencies: Pick<Dependencies, 'stores' | 'now'>,
  ref: AttemptRef,
  { key, text }: Pick<TimelineEntry, 'key' | 'text'>,
): Promise<void> {
  await worksOf(dependencies.stores, ref.kind).say(ref.id, text);
  await writeEntry(dependencies, ref, { kind: 'warning', key, text });
}
