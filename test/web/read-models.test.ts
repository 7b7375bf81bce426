import { randomUUID } from 'node:crypto';
import { readDataPage, readDatasetPage } from '../../db/read-models/data-pages.ts';
import { readFrameFacts } from '../../db/read-models/frame-facts.ts';
import { readJobPage } from '../../db/read-models/job-page.ts';
import { jobSorts, readJobsPage } from '../../db/read-models/jobs-page.ts';
import { readMachinesPage } from '../../db/read-models/machines-page.ts';
import { readModelPage, readModelsPage } from '../../db/read-models/model-pages.ts';
import { readPredictionPage, readPredictionsPage } from '../../db/read-models/prediction-pages.ts';
import { readYardPage } from '../../db/read-models/yard-page.ts';
import { eachDatabase } from '../db/each-database.ts';
import { seedInto } from './seed.ts';
import { seedStories, seedStuck, type Stories } from './seed-stories.ts';

const workspace = 'default';
const other = 'another';

eachDatabase('read models', (bench) => {
  let stories: Stories;
  let nowMs: number;

  beforeAll(async () => {
    await bench.stores.workspaces.ensure({ id: workspace, name: 'Default', time_zone: 'Europe/Vienna' });
    await bench.stores.workspaces.ensure({ id: other, name: 'Another', time_zone: 'UTC' });
    const seed = seedInto(bench.database);
    ({ nowMs } = seed);
    stories = await seedStories(seed);
    await seedStuck(seed);
  });

  test('the frame counts machines, their price, and what is ready to be looked at', async () => {
    const preparation = async (workspaceId: string) => {
      const { preparations, recipes } = bench.stores;
      const [id, recipe] = [randomUUID(), randomUUID()];
      const own = { workspace_id: workspaceId, owner: 'ada', dataset_id: stories.dataset };
      await recipes.insert({ ...own, id: recipe, name: 'tidy', steps_json: '[]' }, nowMs);
      await recipes.saveVersion({ workspaceId, id: recipe, owner: 'ada', nowMs });
      const about = { recipe_id: recipe, recipe_version: 1, rows_total: 3 };
      await preparations.insert({ ...own, ...about, id, name: 'prepared' }, nowMs);
      return { id, end: () => preparations.close(id, { outcome: 'succeeded', reason: 'Ready.', nowMs }) };
    };
    const all = [workspace, workspace, workspace, workspace, other];
    const [seen, removed, ready, , foreign] = await Promise.all(all.map(preparation));
    for (const done of [seen, removed, ready, foreign]) await done?.end();
    await bench.stores.preparations.markSeen(workspace, seen?.id ?? '', nowMs);
    await bench.stores.preparations.softDelete(workspace, removed?.id ?? '', nowMs);
    expect(await readFrameFacts(bench.database, workspace)).toEqual({
      timeZone: 'Europe/Vienna',
      machines: { count: 2, pricePerHourMicros: 760_000 },
      ready: 1,
    });
  });

  test('the yard tells what runs, waits, ended, and is stuck', async () => {
    const yard = await readYardPage(bench.database, workspace, nowMs);
    expect(yard.open.map((row) => row.name)).toEqual(
      expect.arrayContaining(['churn-spring', 'churn-weekly', 'left behind', 'churn-winter']),
    );
    expect(yard.recent[0]).toMatchObject({ kind: 'prediction', name: 'churn-winter' });
    expect(yard.stuck.map((row) => row.kind).toSorted((a, b) => a.localeCompare(b))).toEqual(['bucket', 'machine']);
    expect(yard.machines).toHaveLength(2);
    expect([yard.datasets, yard.jobs]).toEqual([2, 7]);
  });

  test.each(jobSorts)('jobs are sorted by %s both ways', async (sort) => {
    const query = { status: 'all', text: '', sweepId: null, sort, page: 1 } as const;
    const up = await readJobsPage(bench.database, workspace, { ...query, direction: 'asc' });
    const down = await readJobsPage(bench.database, workspace, { ...query, direction: 'desc' });
    expect(up.total).toBe(7);
    expect(new Set(up.rows.map((row) => row.id))).toEqual(new Set(down.rows.map((row) => row.id)));
  });

  test('jobs are found by name, data and engine, whatever the letters', async () => {
    const found = async (text: string) => {
      const query = { status: 'all', text, sweepId: null, sort: 'name', direction: 'asc', page: 1 } as const;
      return (await readJobsPage(bench.database, workspace, query)).rows.map((row) => row.name);
    };
    expect(await found('WINTER')).toEqual(['churn-winter']);
    expect(await found('sklearn')).toEqual(['monthly fees by everything else']);
    expect(await found('old.csv')).toEqual(['left behind']);
    expect(await found('%')).toEqual([]);
    expect(await found('churn_winter')).toEqual([]);
  });

  test('a job has its attempts, board, curves, ledger and model', async () => {
    const job = await readJobPage(bench.database, workspace, stories.training);
    expect(job?.attempts.map((row) => row.attempt)).toEqual([1, 2]);
    expect(job?.leaderboard.at(-1)).toMatchObject({ model: 'WeightedEnsemble_L2', validation: 0.9412 });
    expect(job?.metrics).toMatchObject([{ name: 'log_loss', count: 60, higherIsBetter: false }]);
    expect(job?.metrics[0]?.best).toBe(Math.min(...(job?.metrics[0]?.points ?? []).map(([, value]) => value)));
    expect((await readJobPage(bench.database, workspace, stories.done))?.model?.test_score).toBe(0.9367);
  });

  test('a long curve is thinned, and its peak stays', async () => {
    const seed = seedInto(bench.database);
    const dataset = await seed.dataset();
    const job = await seed.job({ dataset });
    await bench.database.run(undefined, (db) =>
      db.batchInsert(
        'metrics',
        Array.from({ length: 3000 }, (_, step) => ({
          job_id: job.id,
          attempt: 1,
          seq: step + 1,
          at_ms: step,
          name: 'loss',
          step,
          value: step === 1234 ? 99 : Math.sin(step / 50),
          unit: null,
          higher_is_better: 0,
        })),
        100,
      ),
    );
    const [series] = (await readJobPage(bench.database, workspace, job.id))?.metrics ?? [];
    expect(series?.count).toBe(3000);
    expect(series?.points.length).toBeLessThan(700);
    expect(Math.max(...(series?.points ?? []).map(([, value]) => value))).toBe(99);
  });

  test('lists and single pages of data, models, predictions and machines', async () => {
    const { database } = bench;
    expect(await readDataPage(database, workspace)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: stories.dataset, jobs: 6 })]),
    );
    expect((await readDatasetPage(database, workspace, stories.dataset))?.jobs).toHaveLength(6);
    expect((await readModelsPage(database, workspace)).find((row) => row.id === stories.model)).toMatchObject({
      predictions: 2,
      dataset_name: 'customers.csv',
    });
    expect((await readModelPage(database, workspace, stories.model))?.predictions).toHaveLength(2);
    expect(await readPredictionsPage(database, workspace)).toHaveLength(2);
    expect((await readPredictionPage(database, workspace, stories.prediction))?.model?.name).toBe('churn-winter');
    const machines = await readMachinesPage(database, workspace);
    expect(machines.ended.map((row) => row.holder_name).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(
      ['churn-spring', 'churn-winter', 'churn-winter'],
    );
    expect(machines.standing.length).toBeGreaterThanOrEqual(3);
  });

  test('another workspace sees nothing of all that', async () => {
    const { database } = bench;
    expect((await readFrameFacts(database, other)).machines.count).toBe(0);
    const yard = await readYardPage(database, other, nowMs);
    expect([yard.open, yard.recent, yard.stuck, yard.machines, yard.places].map((rows) => rows.length)).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(await readJobPage(database, other, stories.training)).toBeUndefined();
    expect(await readDatasetPage(database, other, stories.dataset)).toBeUndefined();
    expect(await readModelPage(database, other, stories.model)).toBeUndefined();
    expect(await readPredictionPage(database, other, stories.prediction)).toBeUndefined();
    expect((await readMachinesPage(database, other)).standing).toEqual([]);
  });
});
