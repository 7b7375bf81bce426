import type { PreparationRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { outcomeOf, type ReleaseEnding, sentenceOf } from '../../domain/outcomes.ts';
import type { Dependencies } from '../dependencies.ts';

/** As for jobs: who accepted it is about to start it, and a workflow closes its row as its last act. */
const startGraceMs = 3000;
const closedGraceMs = 5000;

/**
 * The seam between the rows of preparations and their workflows. A preparation holds nothing: one whose workflow is
 * unknown begins again from the start, and one whose workflow ended without it is closed here and now.
 */
export function preparationMender({ stores, work, now }: Pick<Dependencies, 'stores' | 'work' | 'now'>) {
  const toldToCancel = new Set<string>();
  const closedSinceMs = new Map<string, number>();

  const mend = async (row: PreparationRow) => {
    if (row.started_at_ms === null && now() - row.accepted_at_ms < startGraceMs) return;
    const ref = { kind: 'preparation', id: row.id } as const;
    let state = await work.stateOf(ref);
    if (state === 'unknown') {
      await work.startPreparation({ id: row.id, owner: row.owner, name: row.name });
      toldToCancel.delete(row.id);
      state = 'running';
    }
    if (state === 'running') {
      closedSinceMs.delete(row.id);
      if (row.cancel_asked_at_ms === null || toldToCancel.has(row.id)) return;
      await work.cancel(ref);
      toldToCancel.add(row.id);
      return;
    }
    const sinceMs = closedSinceMs.get(row.id) ?? now();
    closedSinceMs.set(row.id, sinceMs);
    if (now() - sinceMs < closedGraceMs) return;
    const ending: ReleaseEnding =
      row.cancel_asked_at_ms !== null ? 'cancelled' : state === 'failed' ? 'workflow_failed' : 'terminated';
    await stores.preparations.close(row.id, {
      outcome: outcomeOf(ending, false),
      reason: sentenceOf(ending, false),
      failureType: ending === 'workflow_failed' ? 'Bug' : null,
      nowMs: now(),
    });
  };

  return async function mendPreparations(): Promise<void> {
    const open = await stores.preparations.open();
    const ids = new Set(open.map(({ id }) => id));
    for (const memory of [toldToCancel, closedSinceMs]) {
      for (const id of memory.keys()) if (!ids.has(id)) memory.delete(id);
    }
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
