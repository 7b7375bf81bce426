import type { JobRow, PredictionRow } from '../../db/tables.ts';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import type { Dependencies } from '../dependencies.ts';

/** A request that was just accepted is about to be started by whoever accepted it. */
const startGraceMs = 3000;
/** A workflow closes its row as its last act; a row still open this long after it closed is nobody's any more. */
const closedGraceMs = 5000;

type Open = { holder: Holder; row: JobRow | PredictionRow };

/** The seams between database and Temporal: what was accepted, asked or ended while the other side was away. */
export function seamMender({ stores, work, now }: Dependencies) {
  // Only dampens: a signal sent twice does no harm, but should not be sent on every pass.
  const delivered = new Set<string>();
  const closedSince = new Map<string, number>();

  const openWork = async (): Promise<Open[]> => [
    ...(await stores.jobs.open()).map((row) => ({ holder: { kind: 'job', id: row.id } as const, row })),
    ...(await stores.predictions.open()).map((row) => ({ holder: { kind: 'prediction', id: row.id } as const, row })),
  ];

  const start = async ({ holder, row }: Open) => {
    const spec = JSON.parse(row.spec_json);
    if (holder.kind === 'job') await work.startJob(spec);
    else await work.startPrediction(spec);
  };

  const deliver = async (holder: Holder, what: 'cancel' | 'stop', askedAtMs: number | null) => {
    const key = `${workflowIdOf(holder)} ${what}`;
    if (askedAtMs === null || delivered.has(key)) return;
    await work[what](holder);
    delivered.add(key);
  };

  const releaseIfClosed = async ({ holder, row }: Open) => {
    const id = workflowIdOf(holder);
    const state = await work.stateOf(holder);
    if (state === 'running') {
      closedSince.delete(id);
      return;
    }
    if (state === 'unknown') {
      // Temporal has lost it (a new server, an emptied file): the database knows intent, so it begins anew,
      // unless it had already made something: then that is freed first.
      if (row.phase === 'queued') return start({ holder, row });
    }
    const since = closedSince.get(id) ?? now();
    closedSince.set(id, since);
    if (now() - since >= closedGraceMs) await work.startRelease(holder);
  };

  return async function mendSeams(): Promise<void> {
    for (const open of await openWork()) {
      const { holder, row } = open;
      if (row.started_at_ms === null && now() - row.accepted_at_ms < startGraceMs) continue;
      if (row.started_at_ms === null) {
        await start(open);
        continue;
      }
      if (row.phase !== 'releasing') {
        await deliver(holder, 'cancel', row.cancel_asked_at_ms);
        await deliver(holder, 'stop', row.stop_asked_at_ms);
      }
      await releaseIfClosed(open);
    }
  };
}
