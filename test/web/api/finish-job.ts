import { createHash } from 'node:crypto';
import type { Yard } from './open-yard.ts';

/** Ends a job as its workflow does: through the phases, with a model in the store, and a final cost. */
export async function finishJob({ stores, store }: Yard, id: string, { model = true } = {}): Promise<Buffer> {
  const holder = { kind: 'job', id } as const;
  const archive = Buffer.from(`an archive of ${id}, `.repeat(500));
  await stores.jobs.enterPhase(id, 'preparing', 'Preparing.', 1);
  await stores.jobs.enterPhase(id, 'provisioning', 'Starting a machine.', 1);
  await stores.jobs.enterPhase(id, 'training', 'Training.', 1);
  await stores.log.append(holder, [
    [1000, 'o', 1, 'fitting'],
    [2000, 'e', 1, 'a warning'],
    [3000, 'p', 1, 'Collecting.'],
  ]);
  await stores.jobs.enterPhase(id, 'collecting', 'Collecting.', 1);
  if (model) {
    await store.putText(`models/${id}/model.zip`, archive);
    await store.putText(
      `models/${id}/report.html`,
      '<!doctype html><title>Report</title><style>p{color:red}</style><p>Good.',
    );
    await stores.models.insert({
      id,
      workspace_id: 'default',
      owner: 'ada',
      job_id: id,
      name: 'churn-spring',
      engine: 'sklearn',
      archive_hash: createHash('sha256').update(archive).digest('hex'),
      archive_bytes: archive.length,
      signature_json: JSON.stringify({ keyId: 'k' }),
      input_schema_json: JSON.stringify([
        { name: 'age', sqlType: 'BIGINT', role: 'feature' },
        { name: 'plan', sqlType: 'VARCHAR', role: 'feature' },
        { name: 'spend', sqlType: 'DOUBLE', role: 'feature' },
        { name: 'churned', sqlType: 'VARCHAR', role: 'label' },
      ]),
      report_json: JSON.stringify({ version: 1, engine: 'sklearn' }),
      metric: 'roc_auc',
      validation_score: 0.94,
      test_score: 0.93,
      created_at_ms: 5,
    });
  }
  await stores.jobs.enterPhase(id, 'releasing', 'Releasing.', 1);
  await stores.jobs.setCost(id, 12_345, true, '2026-11-01');
  const outcome = model ? 'succeeded' : 'failed';
  await stores.jobs.close(id, { outcome, reason: model ? 'It ran to its end.' : 'The label has one value.', nowMs: 9 });
  return archive;
}
