import { randomUUID } from 'node:crypto';
import { bucketNameOf } from '../../domain/ids.ts';
import type { Seed } from './seed.ts';
import { reportOfFees } from './seed-report.ts';

const minute = 60_000;

export interface Stories {
  dataset: string;
  training: string;
  queued: string;
  done: string;
  failed: string;
  fees: string;
  model: string;
  feesModel: string;
  prediction: string;
  predicting: string;
}

/** A yard in the middle of a day: one of everything that a page can show. */
export async function seedStories(seed: Seed): Promise<Stories> {
  const { nowMs } = seed;
  const dataset = await seed.dataset();
  const training = await seedTraining(seed, dataset);
  const queued = await seed.job({ name: 'churn-weekly', dataset, accepted_at_ms: nowMs - 2 * minute });
  await seed.place('job', queued.id, nowMs - 2 * minute, null);
  await seed.phases('job', queued.id, queued.accepted_at_ms, [['queued', 0]]);
  const done = await seedDone(seed, dataset);
  const fees = await seed.job({
    name: 'monthly fees by everything else',
    dataset,
    request: {
      task: { kind: 'regression', labels: ['monthly_fee'], metric: 'rmse' },
      engine: { name: 'sklearn', settings: {} },
    },
    phase: 'done',
    outcome: 'succeeded',
    reason: 'It ran to its end.',
    accepted_at_ms: nowMs - 26 * 60 * minute,
    done_at_ms: nowMs - 26 * 60 * minute + 50_000,
    cost_micros: 0,
    cost_is_final: 1,
    price_list_date: '2026-11-01',
  });
  const feesModel = await seed.model(fees, {
    report: reportOfFees,
    metric: 'rmse',
    validation_score: 53.1,
    test_score: 54.9,
  });
  const failed = await seed.job({
    name: 'churn-first-try',
    dataset,
    phase: 'done',
    outcome: 'failed',
    reason: 'The column “churned” has a class with one row only (“maybe”). Merge it with another, or remove that row.',
    failure_type: 'BadLabel',
    accepted_at_ms: nowMs - 300 * minute,
    done_at_ms: nowMs - 299 * minute,
    cost_micros: 900,
    cost_is_final: 1,
    price_list_date: '2026-11-01',
  });
  await seed.phases('job', failed.id, failed.accepted_at_ms, [
    ['queued', 0],
    ['preparing', 2],
    ['provisioning', 5],
    ['training', 15],
    ['releasing', 22],
    ['done', 60],
  ]);
  await seed.log('job', failed.id, [[failed.accepted_at_ms + 20_000, 'e', 'BadLabel: a class with one row']]);
  const cancelled = await seed.job({
    name: 'too slow',
    dataset,
    phase: 'done',
    outcome: 'cancelled',
    reason: 'Cancelled when asked.',
    accepted_at_ms: nowMs - 400 * minute,
    done_at_ms: nowMs - 390 * minute,
    cost_micros: 120_000,
    cost_is_final: 1,
  });
  await seed.phases('job', cancelled.id, cancelled.accepted_at_ms, [
    ['queued', 0],
    ['releasing', 10],
    ['done', 600],
  ]);
  const { prediction, predicting } = await seedPredictions(seed, done.model, dataset);
  return {
    dataset: dataset.id,
    training,
    queued: queued.id,
    done: done.job.id,
    failed: failed.id,
    fees: fees.id,
    model: done.model.id,
    feesModel: feesModel.id,
    prediction,
    predicting,
  };
}

async function seedTraining(seed: Seed, dataset: Awaited<ReturnType<Seed['dataset']>>): Promise<string> {
  const { nowMs } = seed;
  const acceptedMs = nowMs - 15 * minute;
  const job = await seed.job({
    dataset,
    phase: 'training',
    sentence: 'The first machine was taken back by Google at 14:02; 6 finished models were kept.',
    attempt: 2,
    accepted_at_ms: acceptedMs,
    training_deadline_ms: nowMs + 8 * minute,
    progress_json: JSON.stringify({ fraction: 0.63, secondsLeft: 420, sentence: 'Fitting model 8 of about 11.' }),
    cost_micros: 310_000,
    price_list_date: '2026-11-01',
  });
  const { id } = job;
  await seed.place('job', id, acceptedMs, acceptedMs + 12_000);
  await seed.phases('job', id, acceptedMs, [
    ['queued', 0],
    ['preparing', 12],
    ['provisioning', 34],
    ['training', 90],
    ['provisioning', 390, 2],
    ['training', 442, 2],
  ]);
  await seed.note('job', id, acceptedMs + 388_000, 'The machine was taken back by its cloud.', 'warning');
  await seed.attempt('job', id, 1, { ended_at_ms: acceptedMs + 388_000, ended_because: 'killed' });
  await seed.attempt('job', id, 2, {
    last_heard_at_ms: nowMs - 2000,
    heartbeat_json: JSON.stringify({
      type: 'heartbeat',
      cpuPercent: 92,
      memoryUsedBytes: 21 * 1024 ** 3,
      memoryTotalBytes: 30 * 1024 ** 3,
      diskUsedBytes: 11 * 1024 ** 3,
      diskTotalBytes: 50 * 1024 ** 3,
      gpus: [{ name: 'T4', percent: 64, usedBytes: 9 * 1024 ** 3, totalBytes: 15 * 1024 ** 3 }],
    }),
  });
  await seed.resources('job', id, 1, {
    state: 'gone',
    ended_at_ms: acceptedMs + 388_000,
    gone_confirmed_at_ms: acceptedMs + 392_000,
  });
  await seed.resources('job', id, 2);
  const board: [string, number, number, Record<string, unknown>?][] = [
    ['most frequent class', 95, 0.5, { baseline: true }],
    ['RandomForestEntr_BAG_L1', 160, 0.927, { fitSeconds: 33, predictMsPer1000: 28, interval: 0.007 }],
    ['LightGBMXT_BAG_L1', 250, 0.9361, { interval: 0.007 }],
    ['CatBoost_BAG_L1', 560, 0.9388, { fitSeconds: 151, predictMsPer1000: 6, low: 0.9311, high: 0.9431 }],
    ['WeightedEnsemble_L2', 640, 0.9412, { fitSeconds: 1.9, predictMsPer1000: 41 }],
  ];
  await seed.leaderboard(
    id,
    board.map(([model, seconds, validation, more]) => ({
      model,
      atMs: acceptedMs + seconds * 1000,
      validation,
      ...more,
    })),
  );
  await seed.metric(
    id,
    'log_loss',
    Array.from({ length: 60 }, (_, i) => 0.69 * Math.exp(-i / 25) + 0.02 * Math.sin(i)),
  );
  await seed.log(
    'job',
    id,
    Array.from({ length: 60 }, (_, i) => [
      nowMs - (60 - i) * 4000,
      i % 20 === 7 ? 'm' : i % 25 === 3 ? 'p' : i % 9 === 5 ? 'e' : 'o',
      i % 20 === 7 ? 'memory 71 % of 30 GiB: folds run 4 at a time' : `fold ${(i % 8) + 1}/8  log_loss 0.28${71 - i}`,
    ]),
  );
  return id;
}

async function seedDone(seed: Seed, dataset: Awaited<ReturnType<Seed['dataset']>>) {
  const { nowMs } = seed;
  const acceptedMs = nowMs - 120 * minute;
  const job = await seed.job({
    name: 'churn-winter',
    dataset,
    phase: 'done',
    sentence: 'Done.',
    outcome: 'succeeded',
    reason: 'The time limit was reached; the best so far was kept.',
    accepted_at_ms: acceptedMs,
    done_at_ms: acceptedMs + 22 * minute,
    cost_micros: 142_400,
    cost_is_final: 1,
    price_list_date: '2026-11-01',
  });
  const { id } = job;
  await seed.phases('job', id, acceptedMs, [
    ['queued', 0],
    ['preparing', 5],
    ['provisioning', 20],
    ['training', 100],
    ['collecting', 1280],
    ['releasing', 1295],
    ['done', 1320],
  ]);
  await seed.attempt('job', id, 1, { ended_at_ms: acceptedMs + 1310_000, ended_because: 'finished', spot: 0 });
  await seed.resources('job', id, 1, {
    state: 'gone',
    started_at_ms: acceptedMs + 30_000,
    ended_at_ms: acceptedMs + 1310_000,
    gone_confirmed_at_ms: acceptedMs + 1318_000,
  });
  await seed.log('job', id, [
    [acceptedMs + 110_000, 'o', 'Fitting WeightedEnsemble_L2'],
    [acceptedMs + 1290_000, 'p', 'The model was collected.'],
  ]);
  return { job, model: await seed.model(job) };
}

async function seedPredictions(
  seed: Seed,
  model: Awaited<ReturnType<Seed['model']>>,
  dataset: Awaited<ReturnType<Seed['dataset']>>,
): Promise<{ prediction: string; predicting: string }> {
  const { nowMs } = seed;
  const preview = {
    columns: [
      { name: 'tenure', type: 'BIGINT' },
      { name: 'plan', type: 'VARCHAR' },
      { name: 'monthly_fee', type: 'DOUBLE' },
      { name: 'churned_predicted', type: 'VARCHAR' },
      { name: 'churned_probability_no', type: 'DOUBLE' },
      { name: 'churned_probability_yes', type: 'DOUBLE' },
    ],
    rows: [
      ['29', 'basic', '29.85', 'no', '0.91', '0.09'],
      ['2', 'premium', '53.85', 'yes', '0.12', '0.88'],
      ['45', null, '42.3', 'no', '0.97', '0.03'],
    ],
  };
  const acceptedMs = nowMs - 40 * minute;
  const prediction = await seed.prediction(model, dataset, {
    phase: 'done',
    outcome: 'succeeded',
    reason: 'It ran to its end.',
    accepted_at_ms: acceptedMs,
    done_at_ms: acceptedMs + 21_000,
    row_count: 10_000,
    output_hash: 'beef'.padEnd(64, '0'),
    preview_json: JSON.stringify(preview),
    cost_micros: 2100,
    cost_is_final: 1,
  });
  await seed.phases('prediction', prediction.id, acceptedMs, [
    ['queued', 0],
    ['preparing', 1],
    ['provisioning', 3],
    ['training', 9],
    ['collecting', 15],
    ['releasing', 17],
    ['done', 21],
  ]);
  await seed.resources('prediction', prediction.id, 1, {
    state: 'gone',
    ended_at_ms: acceptedMs + 18_000,
    gone_confirmed_at_ms: acceptedMs + 20_000,
  });
  const predicting = await seed.prediction(model, dataset, {
    phase: 'preparing',
    sentence: 'Copying the data and the model into the bucket.',
  });
  await seed.phases('prediction', predicting.id, predicting.accepted_at_ms, [
    ['queued', 0],
    ['preparing', 4],
  ]);
  return { prediction: prediction.id, predicting: predicting.id };
}

/** A bucket whose removal was asked for long ago, in the ledger. */
export async function seedStuck(seed: Seed, holderId = randomUUID()): Promise<string> {
  const dataset = await seed.dataset({ name: 'old.csv' });
  await seed.job({ id: holderId, dataset, name: 'left behind', phase: 'releasing', sentence: 'Releasing its bucket.' });
  await seed.resources('job', holderId, 1, {
    removal_asked_at_ms: seed.nowMs - 14 * minute,
    last_problem: 'permission denied',
  });
  return bucketNameOf({ kind: 'job', id: holderId });
}
