import { machineNameOf } from '../../domain/ids.ts';
import { apiAt } from '../e2e/api.ts';
import { deleteDisk, killHard, safeIn } from '../e2e/lost-machine.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { openRunningYard, type RunningYard, waitFor } from '../e2e/running-yard.ts';

let yard: RunningYard;

beforeAll(async () => {
  yard = await openRunningYard();
}, 120_000);
afterAll(async () => {
  await yard?.remove();
}, 60_000);

interface Report {
  resumed: { label: string } | null;
  best: { test: number };
}

interface Predicted {
  label: number;
  label_predicted: number;
}

test('a network on images goes on where it was when its machine is lost, disk and all', async () => {
  const api = apiAt(yard.url);
  const predictionOf = (which: string) =>
    api.json<{ phase: string; outcome: string | null; rows: number | null }>(`/predictions/${which}`);
  const dataset = await api.post<{ id: string }>('/samples/digits', {});
  const id = crypto.randomUUID();
  await api.post('/jobs', {
    id,
    name: 'digits',
    datasetId: dataset.id,
    task: { kind: 'multiclass', labels: ['label'], metric: 'accuracy' },
    engine: { name: 'torch', settings: { epochs: 8, patience: 0, batch_size: 16 } },
    limits: { trainingSeconds: 600, attempts: 3, silenceSeconds: 60 },
  });
  const safe = () => safeIn(yard.dataFolder, id);
  await waitFor('two epochs are safe in the bucket', () => /^epoch [2-7]\b/.test(safe()), 150);

  const machine = machineNameOf({ kind: 'job', id, attempt: 1 });
  for (const { pid } of processesMarked(machine)) killHard(pid);
  deleteDisk(yard.dataFolder, machine);
  const label = safe();

  const view = await api.done(id, 200);
  expect(view).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  const report = await api.json<Report>(`/models/${id}/report?format=json`);
  expect(report.resumed?.label).toBe(label);
  expect(report.best.test).toBeGreaterThan(0.8);
  const log = (await api.log(id)).join('\n');
  expect(log).toContain(`the trainer goes on from “${label}” of attempt 1`);
  expect(log).toContain(`Trying again on another machine, from “${label}”`);

  const { prediction } = await api.post<{ prediction: { id: string } }>(`/jobs/${id}/predict`, {
    datasetId: dataset.id,
  });
  await waitFor('the prediction is done', async () => (await predictionOf(prediction.id)).phase === 'done', 120);
  expect(await predictionOf(prediction.id)).toMatchObject({ outcome: 'succeeded', rows: 1797 });
  const said = await api.json<Predicted[]>(`/predictions/${prediction.id}/output?format=json`);
  expect(said).toHaveLength(1797);
  const right = said.filter((row) => row.label === row.label_predicted).length;
  expect(right / said.length).toBeGreaterThan(0.9);
}, 500_000);
