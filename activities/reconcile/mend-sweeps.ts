import type { SweepRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { outcomeOf, type ReleaseEnding, sentenceOf } from '../../domain/outcomes.ts';
import type { SweepOrder } from '../../domain/sweep.ts';
import type { Dependencies } from '../dependencies.ts';
import { cancelTrials } from '../sweeps.ts';

/** As for jobs: who accepted it is about to start it, and a workflow ends just after it closed its row. */
const startGraceMs = 3000;
const closedGraceMs = 5000;

/**
 * The seam between the rows of sweeps and their workflows. All that a sweep knows is in the database: one whose workflow
 * is unknown goes on where it was. One whose workflow somebody ended is closed here, after its open trials were.
 */
export function sweepMender(dependencies: Pick<Dependencies, 'stores' | 'work' | 'now'>) {
  const { stores, work, now } = dependencies;
  const told = new Set<string>();
  const closedSinceMs = new Map<string, number>();

  const tell = async (row: SweepRow, what: 'cancel' | 'stop', askedAtMs: number | null) => {
    const key = `${what} ${row.id}`;
    if (askedAtMs === null || told.has(key)) return;
    await work[what]({ kind: 'sweep', id: row.id });
    told.add(key);
  };

  const mend = async (row: SweepRow) => {
    if (row.started_at_ms === null && now() - row.accepted_at_ms < startGraceMs) return;
    let state = await work.stateOf({ kind: 'sweep', id: row.id });
    if (state === 'unknown') {
      await work.startSweep(sweepOrder(row));
      for (const what of ['cancel', 'stop']) told.delete(`${what} ${row.id}`);
      state = 'running';
    }
    if (state === 'running') {
      closedSinceMs.delete(row.id);
      await tell(row, 'stop', row.stop_asked_at_ms);
      await tell(row, 'cancel', row.cancel_asked_at_ms);
      return;
    }
    const sinceMs = closedSinceMs.get(row.id) ?? now();
    closedSinceMs.set(row.id, sinceMs);
    if (now() - sinceMs < closedGraceMs) return;
    const open = (await stores.jobs.ofSweep(row.id)).filter(({ phase }) => phase !== 'done');
    if (open.length > 0) {
      await stores.sweeps.say(row.id, 'Its workflow was ended from outside; its open trials are cancelled.');
      return cancelTrials(dependencies, open);
    }
    const ending: ReleaseEnding =
      row.cancel_asked_at_ms !== null ? 'cancelled' : state === 'failed' ? 'workflow_failed' : 'terminated';
    await stores.sweeps.close(row.id, {
      outcome: outcomeOf(ending, false),
      reason: sentenceOf(ending, false),
      nowMs: now(),
    });
  };

  return async function mendSweeps(): Promise<void> {
    const open = await stores.sweeps.open();
    const ids = new Set(open.map(({ id }) => id));
    for (const key of told) if (!ids.has(key.split(' ')[1] ?? '')) told.delete(key);
    for (const id of closedSinceMs.keys()) if (!ids.has(id)) closedSinceMs.delete(id);
    const problems: unknown[] = [];
    for (const row of open) {
      try {
        await mend(row);
      } catch (error) {
        if (error instanceof TrainyardError && error.type === 'CloudUnavailable') throw error;
        problems.push(error);
      }
    }
    if (problems.length > 0) throw new AggregateError(problems, `${problems.length} of ${open.length} were not mended`);
  };
}

export function sweepOrder({ id, owner, name, engine }: SweepRow): SweepOrder {
  return { id, owner, name, engine };
}
