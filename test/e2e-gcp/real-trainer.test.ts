import { setTimeout as sleep } from 'node:timers/promises';
import { machineNameOf } from '../../domain/ids.ts';
import { checkArchive } from '../e2e/journey-checks.ts';
import { customers } from '../e2e/made-tables.ts';
import { waitFor } from '../e2e/running-yard.ts';
import { yardForTests } from './for-tests.ts';
import { acceptOnGoogle, plentyMicros, type Where } from './google-jobs.ts';
import { zones } from './open-google-yard.ts';
import { checkCost, checkEmptyProject, checkEnd, checkNothingIsLeft } from './oracle.ts';

const { together, alone, yard, database } = await yardForTests({ trainer: 'real' });
const within = 240_000;

/** Enough of them that to learn from them takes longer than to make a machine. */
const rows = 4000;

async function request(trainingSeconds: number, more: object = {}) {
  const dataset = await yard().api.upload('customers.csv', customers(rows));
  return {
    id: crypto.randomUUID(),
    name: 'on Google Cloud',
    datasetId: dataset.id,
    task: { kind: 'binary', labels: ['leaves'], metric: 'roc_auc' },
    ignoredColumns: ['customer'],
    engine: { name: 'sklearn', settings: {} },
    limits: { trainingSeconds, attempts: 3, silenceSeconds: 60 },
    ...more,
  };
}

/** What a page would have shown, one entry for each time that it changed. */
async function watched(id: string) {
  const { api } = yard();
  const seen = new Map<string, { phase: string; lines: number; models: number }>();
  for (let view = await api.job(id); view.phase !== 'done'; view = await api.job(id)) {
    const { leaderboard } = await api.json<{ leaderboard: unknown[] }>(`/jobs/${id}`);
    const now = { phase: view.phase, lines: (await api.log(id)).length, models: leaderboard.length };
    seen.set(JSON.stringify(now), now);
    await sleep(200);
  }
  return [...seen.values()];
}

together(
  'a job trains there, is told of while it does, and leaves a model, a report and a final cost; then the model predicts',
  async () => {
    const { api } = yard();
    const id = await acceptOnGoogle(yard(), await request(150));
    const training = (await watched(id)).filter(({ phase }) => phase === 'training');
    expect(new Set(training.map(({ lines }) => lines)).size).toBeGreaterThan(3);
    expect(new Set(training.map(({ models }) => models)).size).toBeGreaterThan(1);
    await checkEnd(yard(), id, { outcome: 'succeeded', attempt: 1 });
    checkArchive(Buffer.from(await (await api.ask(`/models/${id}/archive`)).arrayBuffer()));
    const report = await api.json<{ best: { test: number } }>(`/models/${id}/report?format=json`);
    expect(report.best.test).toBeGreaterThan(0.8);
    expect(database().attempts(id)).toMatchObject([{ ended_because: 'finished', zone: zones[0] }]);

    const { id: datasetId } = await api.upload('new.csv', customers(rows, { seed: 2, withLabel: false }));
    const { prediction } = await api.post<{ prediction: { id: string } }>(`/jobs/${id}/predict`, {
      datasetId,
      limits: { budgetMicros: plentyMicros },
    });
    await waitFor(
      'the prediction is done',
      async () => (await api.json<{ phase: string }>(`/predictions/${prediction.id}`)).phase === 'done',
      120,
    );
    expect(database().prediction(prediction.id)).toMatchObject({ outcome: 'succeeded', row_count: rows });
    expect(database().attempts(prediction.id)).toMatchObject([{ cloud: 'gcp' }]);
    await checkNothingIsLeft(yard(), { kind: 'prediction', id: prediction.id });
    await checkCost(yard(), { kind: 'prediction', id: prediction.id });
  },
  within,
);

together(
  'data that cannot be learned from: the person is told, and no second machine is made',
  async () => {
    const lines = Array.from({ length: 200 }, (_, row) => `${row},${row % 7},${row < 190 ? 'ab'[row % 2] : 'c'}`);
    const { id: datasetId } = await yard().api.upload('late.csv', ['t,x,y', ...lines, ''].join('\n'));
    const id = await acceptOnGoogle(
      yard(),
      await request(60, {
        datasetId,
        task: { kind: 'multiclass', labels: ['y'] },
        ignoredColumns: [],
        split: { timeColumn: 't' },
      }),
    );
    await checkEnd(yard(), id, { outcome: 'failed', attempt: 1, reason: /“c” in “y” is in held-out rows only/ });
    expect(database().job(id)).toMatchObject({ failure_type: 'BadLabel' });
  },
  within,
);

async function untilItIsSafe(id: string): Promise<string> {
  const checkpoint = () => database().attempts(id)[0]?.checkpoint_json ?? '';
  await waitFor('a checkpoint is safe', () => checkpoint() !== '', 120);
  return checkpoint();
}

async function lostInTheMiddle(where: Where, lose: (machine: string) => Promise<void>): Promise<string> {
  const id = await acceptOnGoogle(yard(), await request(150), where);
  await untilItIsSafe(id);
  await lose(machineNameOf({ kind: 'job', id, attempt: 1 }));
  await checkEnd(yard(), id, { outcome: 'succeeded', attempt: 2, seconds: 180 });
  expect((await yard().api.log(id)).join('\n')).toMatch(/goes on from “.*” of attempt 1/);
  return id;
}

together(
  'a spot machine that is taken back, with notice: the next one stands elsewhere and goes on from its checkpoint',
  async () => {
    const id = await lostInTheMiddle({ spot: true }, (name) => yard().google.admin.preempt(name, 30));
    const attempts = database().attempts(id);
    expect(attempts).toMatchObject([
      { ended_because: 'preempted', zone: zones[0], spot: 1 },
      { ended_because: 'finished', zone: zones[1], spot: 1 },
    ]);
  },
  within,
);

together(
  'a machine that is lost with its disk and without a word: the next one goes on from what was safe in the bucket',
  async () => {
    const id = await lostInTheMiddle({}, (name) => yard().google.admin.loseInstance(name));
    expect(database().attempts(id)).toMatchObject([{ ended_because: 'killed' }, { ended_because: 'finished' }]);
  },
  within,
);

alone('the project is as it was', () => checkEmptyProject(yard()));
