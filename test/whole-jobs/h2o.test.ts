import { machineNameOf } from '../../domain/ids.ts';
import { apiAt } from '../e2e/api.ts';
import { deleteDisk, killHard, safeIn } from '../e2e/lost-machine.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { openRunningYard, type RunningYard, waitFor } from '../e2e/running-yard.ts';
import { whatIsLeft } from '../e2e/what-is-left.ts';

let yard: RunningYard;
let api: ReturnType<typeof apiAt>;
let datasetId: string;
const id = crypto.randomUUID();

beforeAll(async () => {
  yard = await openRunningYard();
  api = apiAt(yard.url);
  datasetId = (await api.post<{ id: string }>('/samples/breast-cancer', {})).id;
}, 120_000);
afterAll(async () => {
  await yard?.remove();
}, 60_000);

interface Report {
  resumed: { label: string } | null;
  warnings: string[];
  best: { test: number };
  leaderboard: { model: string; baseline: boolean }[];
  extras: { name: string }[];
}

/** The program that runs Java, and not the guard that has it in its command line. */
const isJava = ({ command }: { command: string }) => command.split(' ')[0]?.endsWith('/java') === true;

test('Java is gone with its trainer, and the job goes on elsewhere from the models that were finished', async () => {
  await api.post('/jobs', {
    id,
    name: 'tumours',
    datasetId,
    task: { kind: 'binary', labels: ['diagnosis'] },
    // XGBoost spins where others work, too.
    engine: { name: 'h2o', settings: { max_models: 4, exclude: ['XGBoost', 'DeepLearning', 'StackedEnsemble'] } },
    split: { folds: 2 },
    limits: { trainingSeconds: 400, attempts: 3, silenceSeconds: 60 },
  });
  const safe = () => safeIn(yard.dataFolder, id);
  await waitFor('a model is safe in the bucket', () => safe() !== '', 150);

  const machine = machineNameOf({ kind: 'job', id, attempt: 1 });
  const there = processesMarked(machine);
  expect(there.filter(isJava)).toHaveLength(1);
  // All but Java itself and what watches over it: neither may go on alone.
  for (const { pid, command } of there) if (!command.includes('h2o.jar')) killHard(pid);
  await waitFor('Java is gone', () => processesMarked(machine).length === 0, 15);
  deleteDisk(yard.dataFolder, machine);
  const label = safe();

  const view = await api.done(id, 300);
  expect(view).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  const report = await api.json<Report>(`/models/${id}/report?format=json`);
  expect(report.resumed?.label).toBe(label);
  expect(report.warnings.join('\n')).toMatch(/finished models were taken up from it: \w+_1/);
  expect(report.best.test).toBeGreaterThan(0.95);
  expect(report.leaderboard.filter(({ baseline }) => !baseline)).toHaveLength(4);
  const log = (await api.log(id)).join('\n');
  expect(log).toContain(`the trainer goes on from “${label}” of attempt 1`);
  expect(whatIsLeft(yard.dataFolder, [id], Date.now())).toEqual([]);
}, 500_000);

test('its model predicts, in a Java that goes again, and its MOJO is handed out', async () => {
  const { prediction } = await api.post<{ prediction: { id: string } }>(`/jobs/${id}/predict`, { datasetId });
  await waitFor('it has predicted', async () => (await phaseOf(prediction.id)) === 'done', 90);
  const rows = await api.json<Record<string, unknown>[]>(`/predictions/${prediction.id}/output?format=json`);
  expect(rows).toHaveLength(569);
  const right = rows.filter((row) => row['diagnosis'] === row['diagnosis_predicted']).length;
  expect(right / rows.length).toBeGreaterThan(0.93);

  const { extras } = await api.json<Report>(`/models/${id}/report?format=json`);
  expect(extras.map(({ name }) => name)).toContain('mojo.zip');
  expect(processesMarked(`ty-p-${prediction.id}`)).toEqual([]);
}, 120_000);

async function phaseOf(prediction: string): Promise<string> {
  const { phase } = await api.json<{ phase: string }>(`/predictions/${prediction}`);
  return phase;
}
