import type { AttemptRef } from '../../domain/ids.ts';
import type { Cloud, DeadLetter } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeEntry } from '../timeline-entry.ts';

/**
 * What a channel gave up delivering is told once, in the timeline and the platform log. That it cannot be asked for keeps
 * nothing from going on: what was said is in the machine's own spool, too.
 */
export async function tellDeadLetters(dependencies: Dependencies, cloud: Cloud, ref: AttemptRef): Promise<void> {
  const letters = (await cloud.deadLetters?.(ref).catch(() => [])) ?? [];
  if (letters.length === 0) return;
  const text = `The channel gave up on ${manyOf(letters)} of this machine, which could not be taken in however often they were delivered. What they said is read from the machine's own spool in its bucket.`;
  await writeEntry(dependencies, ref, { kind: 'warning', key: `dead-letters-${ref.attempt}`, text });
}

function manyOf(letters: readonly DeadLetter[]): string {
  const count = letters.length === 1 ? '1 message' : `${letters.length} messages`;
  const [first, last] = [letters[0]?.firstSeq, Math.max(...letters.map(({ lastSeq }) => lastSeq))];
  return `${count} (events ${first} to ${last})`;
}
