import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../../domain/phases.ts';
import type { RunningYard } from './running-yard.ts';
import { type YardDatabase, yardDatabase } from './yard-database.ts';

/** What must also be seen before the phase counts as come, to get deeper into it than its first moment. */
export type Sign = (database: YardDatabase, id: string, dataFolder: string) => boolean;

/** Phases last milliseconds: now and then one is over before it was seen, and another job must be tried. */
const tries = 5;

/**
 * Gives a job to the yard and stops its workers the moment it is in the phase, so that it stays in it until they go
 * on or are killed. Returns its id.
 */
export async function holdInPhase(
  yard: RunningYard,
  phase: Phase,
  accept: () => Promise<string>,
  sign: Sign = () => true,
): Promise<string> {
  const database = yardDatabase(yard.dataFolder);
  if (phase === 'queued') {
    yard.freeze('workers');
    return accept();
  }
  const isIn = (id: string) =>
    database.job(id)?.phase === phase &&
    database.timeline(id).at(-1)?.phase === phase &&
    sign(database, id, yard.dataFolder);
  for (let left = tries; left > 0; left--) {
    const id = await accept();
    while (!isIn(id) && database.job(id)?.phase !== 'done') await sleep(1);
    if (database.job(id)?.phase === 'done') continue;
    yard.freeze('workers');
    if (isIn(id)) return id;
    yard.thaw('workers');
  }
  throw new Error(`None of ${tries} jobs could be held while ${phase}.`);
}

/** By its timeline: the job was in that phase at that moment, and not before or after. */
export function expectWithin(yard: RunningYard, id: string, phase: Phase, atMs: number): void {
  const database = yardDatabase(yard.dataFolder);
  const steps = database.timeline(id).filter(({ kind }) => kind === 'phase' || kind === 'ending');
  const accepted = database.job(id)?.accepted_at_ms ?? Number.POSITIVE_INFINITY;
  const began = [{ phase: 'queued', at_ms: accepted }, ...steps];
  const index = began.findLastIndex((step) => step.at_ms <= atMs);
  expect({ phase: began[index]?.phase, goesOn: began.length > index + 1 }).toEqual({ phase, goesOn: true });
}
