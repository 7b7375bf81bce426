import type { JobRow, PredictionRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import type { ReleaseEnding } from '../../domain/outcomes.ts';
import type { WorkflowState } from '../../temporal/work-client.ts';
import type { Dependencies } from '../dependencies.ts';

/** A request that was just accepted is about to be started by whoever accepted it. */
const startGraceMs = 3000;
/** A workflow closes its row as its last act; a row still open this long after it closed is nobody's any more. */
const closedGraceMs = 5000;

type Open = { holder: Holder; row: JobRow | PredictionRow };

interface Memory {
  /** Only dampens: a signal sent twice does no harm, but should not be sent on every pass. */
  delivered: Set<string>;
  closedSinceMs: number | undefined;
}

/** The seams between database and Temporal: what was accepted, asked or ended while the other side was away. */
export function seamMender({ stores, work, now }: Dependencies) {
  const memories = new Map<string, Memory>();

  const openWork = async (): Promise<Open[]> => [
    ...(await stores.jobs.open()).map((row) => ({ holder: { kind: 'job', id: row.id } as const, row })),
    ...(await stores.predictions.open()).map((row) => ({ holder: { kind: 'prediction', id: row.id } as const, row })),
  ];

  const remember = (holder: Holder): Memory => {
    const id = workflowIdOf(holder);
    const memory = memories.get(id) ?? { delivered: new Set(), closedSinceMs: undefined };
    memories.set(id, memory);
    return memory;
  };

  const start = async ({ holder, row }: Open) => {
    const spec = JSON.parse(row.spec_json);
    if (holder.kind === 'job') await work.startJob(spec);
    else await work.startPrediction(spec);
  };

  const deliver = async (holder: Holder, what: 'cancel' | 'stop', askedAtMs: number | null, { delivered }: Memory) => {
    if (askedAtMs === null || delivered.has(what)) return;
    await work[what](holder);
    delivered.add(what);
  };

  const mend = async (open: Open) => {
    const { holder, row } = open;
    if (row.started_at_ms === null && now() - row.accepted_at_ms < startGraceMs) return;
    const memory = remember(holder);
    let state = await work.stateOf(holder);
    if (state === 'unknown' && row.phase === 'queued') {
      // Never started, or lost with its server: the database knows intent, so it begins (anew, and has heard nothing
      // yet). Where it had already made something, that is freed instead.
      await start(open);
      memory.delivered.clear();
      state = 'running';
    }
    if (state === 'running') {
      memory.closedSinceMs = undefined;
      if (row.phase === 'releasing') return;
      await deliver(holder, 'cancel', row.cancel_asked_at_ms, memory);
      await deliver(holder, 'stop', row.stop_asked_at_ms, memory);
      return;
    }
    memory.closedSinceMs ??= now();
    if (now() - memory.closedSinceMs >= closedGraceMs) {
      await work.startRelease(holder, releaseEndingOf(state, row));
    }
  };

  return async function mendSeams(): Promise<void> {
    const all = await openWork();
    const ids = new Set(all.map(({ holder }) => workflowIdOf(holder)));
    for (const id of memories.keys()) if (!ids.has(id)) memories.delete(id);
    const problems: unknown[] = [];
    for (const open of all) {
      try {
        await mend(open);
      } catch (error) {
        // Nobody there: the others would only wait for the same. Anything else is this one's own trouble.
        if (error instanceof TrainyardError && error.type === 'CloudUnavailable') throw error;
        problems.push(error);
      }
    }
    if (problems.length > 0) throw new AggregateError(problems, `${problems.length} of ${all.length} were not mended`);
  };
}

/** Why nobody is left to end it; what a person asked before counts for more. */
function releaseEndingOf(state: WorkflowState, row: JobRow | PredictionRow): ReleaseEnding {
  if (row.cancel_asked_at_ms !== null) return 'cancelled';
  if (state === 'unknown') return 'history_lost';
  return state === 'failed' ? 'workflow_failed' : 'terminated';
}
