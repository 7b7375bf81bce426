import { join } from 'node:path';
import { TrainyardError } from '../domain/failures.ts';
import type { AttemptRef } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf } from './holders.ts';
import { endIfCancelled, keepDuring } from './kept.ts';
import { collectorOf } from './models.ts';
import { inScratch } from './scratch.ts';
import { sha256Of } from './trusted-model.ts';

const previewRows = 50;
/** The trainer's column that says why a row has no prediction; see docs/trainer-contract.md. */
const reasonColumn = 'not_scored';

export function predictionActivities(dependencies: Dependencies) {
  return {
    /** Safe to retry: objects are replaced whole, the row is set to the same values. */
    collectPrediction: (ref: AttemptRef) => collectPrediction(dependencies, ref, 'collecting'),
  };
}

/** Only while it is in the phase of whoever collects it. */
export async function collectPrediction(dependencies: Dependencies, request: AttemptRef, during: Phase): Promise<void> {
  const { stores, store, data } = dependencies;
  const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
  const { cloud, work } = await cloudOf(dependencies, ref);
  if (work.kind !== 'prediction') throw new TrainyardError('Bug', 'Only a prediction leaves predictions.');
  await inScratch(dependencies, async (folder) => {
    const parquet = await collectorOf(cloud, ref, folder, {
      say: (sentence) => stores.predictions.say(ref.id, sentence),
    })('predictions.parquet');
    const csv = join(folder, 'predictions.csv');
    await data.toCsv({ parquet, path: csv });
    const preview = await data.rows({ parquet, offset: 0, limit: previewRows });
    const base = `predictions/${ref.id}`;
    await store.put(`${base}/predictions.parquet`, parquet);
    await store.put(`${base}/predictions.csv`, csv);
    const output = {
      rowCount: preview.total,
      outputHash: await sha256Of(parquet),
      previewJson: JSON.stringify({
        columns: preview.columns,
        rows: preview.rows,
        notScored: await countNotScored(data, parquet, preview),
      }),
    };
    endIfCancelled();
    await keepDuring(dependencies, { kind: ref.kind, id: ref.id }, during, (trx) =>
      stores.predictions.setOutput(ref.id, output, trx),
    );
  });
}

/** Rows that a step of the recipe left out. */
async function countNotScored(
  data: Dependencies['data'],
  parquet: string,
  { columns }: { columns: readonly { name: string }[] },
): Promise<number> {
  // It comes last, so that a column of the person's own of that name is another one.
  if (columns.at(-1)?.name !== reasonColumn) return 0;
  const profile = await data.profile({ parquet, columns: [reasonColumn] });
  const [reason] = profile.columns;
  return reason ? profile.rows - reason.missing : 0;
}
