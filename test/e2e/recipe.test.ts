import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';
import type { FittedRecipe } from '../../domain/recipe/fitted-recipe.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import { loadSettings } from '../../settings/settings.ts';
import { apiAt } from './api.ts';
import { readZip } from './read-zip.ts';
import { openRunningYard, type RunningYard } from './running-yard.ts';

let yard: RunningYard;
let api: ReturnType<typeof apiAt>;
const folder = mkdtempSync(join(tmpdir(), 'trainyard-recipe-'));

beforeAll(async () => {
  yard = await openRunningYard();
  api = apiAt(yard.url);
}, 180_000);
afterAll(async () => {
  await yard?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const cities = ['Berlin', ' Paris', 'Rome ', 'Oslo'];
/** As people have them: names with blanks, missing fees and ages. Who lives in Rome or pays much leaves. */
function customers(rows: number, { from = 0, withLabel = true } = {}): string {
  const lines = Array.from({ length: rows }, (_, at) => {
    const n = from + at;
    const fee = n % 11 === 3 ? '' : (5 + ((n * 37) % 90) / 2).toFixed(2);
    const age = n % 9 === 5 ? '' : 18 + ((n * 13) % 60);
    const leaves = cities[n % 4] === 'Rome ' || ((n * 37) % 90 > 60 && n % 5 !== 0);
    return [`C${n}`, age, cities[n % 4], fee, ...(withLabel ? [leaves ? 'yes' : 'no'] : [])].join(',');
  });
  return `customer,age,city,fee${withLabel ? ',churned' : ''}\n${lines.join('\n')}\n`;
}

const step = (id: string, kind: string, settings: Step['settings']): Step => {
  return { id, kind, on: true, onFailure: 'empty', settings };
};

/** Straight into the yard's own database, as its pages do it. */
async function keepRecipe(datasetId: string, steps: Step[]): Promise<string> {
  const database = await openDatabase(join(yard.dataFolder, 'trainyard.sqlite'));
  try {
    const { recipes } = openStores(database);
    const id = randomUUID();
    const steps_json = JSON.stringify(steps);
    const own = { id, workspace_id: 'default', owner: 'tester', name: 'clean customers' };
    await recipes.insert({ ...own, dataset_id: datasetId, steps_json }, Date.now());
    await recipes.saveVersion({ workspaceId: 'default', id, owner: 'tester', nowMs: Date.now() });
    return id;
  } finally {
    await database.close();
  }
}

interface PredictionView {
  phase: string;
  outcome: string | null;
  reason: string | null;
}

async function predicted(modelId: string, csv: string): Promise<Record<string, unknown>[]> {
  const { id: datasetId } = await api.upload('rows.csv', csv);
  const { prediction } = await api.post<{ prediction: { id: string } }>('/predictions', { modelId, datasetId });
  for (let tries = 0; tries < 600; tries += 1) {
    const view = await api.json<PredictionView>(`/predictions/${prediction.id}`);
    if (view.phase === 'done') {
      expect(view).toMatchObject({ outcome: 'succeeded' });
      return api.json(`/predictions/${prediction.id}/output?format=json`);
    }
    await sleep(100);
  }
  throw new Error('The prediction did not end.');
}

async function unpacked(modelId: string): Promise<{ folder: string; files: Map<string, Buffer> }> {
  const archive = await api.ask(`/models/${modelId}/archive`);
  const files = readZip(Buffer.from(await archive.arrayBuffer()));
  const to = join(folder, modelId);
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), bytes);
  }
  return { folder: to, files };
}

test('rows as they come are prepared, learned from, predicted and gone on with, all by one recipe', async () => {
  const { id: datasetId } = await api.upload('customers.csv', customers(240));
  const { id: towns } = await api.upload('towns.csv', 'town,people\nBerlin,3.7\nParis,2.1\nRome,2.8\n');
  const recipeId = await keepRecipe(datasetId, [
    step('s1', 'select-columns', { do: 'drop', columns: ['customer'] }),
    step('s2', 'trim-text', { columns: ['city'] }),
    step('s3', 'drop-missing', { columns: ['fee'] }),
    step('s4', 'fill-missing', { columns: ['age'], with: 'median' }),
    step('s5', 'join', { dataset: towns, keys: [{ from: 'city', to: 'town' }], take: ['people'] }),
    step('s6', 'target-encode', { columns: ['city'], label: 'churned', chosen: 'yes' }),
    step('s7', 'drop-duplicates', { columns: ['age', 'fee', 'city'] }),
  ]);
  const request = {
    name: 'who leaves',
    datasetId,
    recipeId,
    task: { kind: 'binary', labels: ['churned'] },
    engine: { name: 'sklearn', settings: { algorithm: 'extra_trees', trees: 30 } },
    split: { folds: 3, seed: 5 },
    limits: { trainingSeconds: 60 },
  };
  const { job } = await api.post<{ job: { id: string } }>('/jobs', request);
  const view = await api.done(job.id, 120);
  expect([view.outcome, view.reason]).toEqual(['succeeded', expect.anything()]);

  const { folder: model, files } = await unpacked(job.id);
  const report = JSON.parse(String(files.get('report.json')));
  expect(report.recipe).toMatchObject({ name: 'clean customers', version: 1, rowsIn: 240 });
  expect(report.recipe.steps).toHaveLength(7);
  expect(report.rows.train + report.rows.test).toBe(report.recipe.rowsOut);
  expect(report.best.test).toBeGreaterThan(report.baseline.test);
  const fitted = JSON.parse(String(files.get('recipe.json'))) as FittedRecipe;
  expect(fitted.inputColumns.map(({ name }) => name)).toEqual(['age', 'city', 'fee']);
  expect(files.has('lookup_s5.parquet')).toBe(true);

  const raw = customers(40, { from: 500, withLabel: false });
  const rows = await predicted(job.id, raw);
  expect(rows.map(({ customer }) => customer)).toEqual(Array.from({ length: 40 }, (_, n) => `C${500 + n}`));
  for (const row of rows) {
    const isLeftOut = row.fee === null;
    expect(row.churned_predicted).toEqual(isLeftOut ? null : expect.stringMatching(/yes|no/));
    expect(row.not_scored).toEqual(isLeftOut ? expect.stringMatching(/^step 3 /) : null);
  }

  // Outside, with nothing of Trainyard around it, and each row by itself.
  const { cacheFolder, pythonPath } = loadSettings();
  const environments = engineEnvironments({
    cacheFolder,
    trainerFolder: 'trainer-image',
    pythonPath: pythonPath || 'python3',
  });
  const python = await environments.prepare('sklearn', () => {});
  const outside = (csv: string) => {
    writeFileSync(join(model, 'rows.csv'), csv);
    const { status, stdout, stderr } = spawnSync(python, ['-I', 'predict.py', 'rows.csv'], {
      cwd: model,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
  };
  const probabilities = outside(raw).map((cells) => Number(cells[6]));
  const inside = rows.map((row) => Number(row.churned_probability_yes));
  for (const [n, one] of inside.entries()) expect(probabilities[n]).toBeCloseTo(one, 9);
  const [header, , , third] = raw.split('\n');
  expect(Number(outside(`${header}\n${third}\n`)[0]?.[6])).toBeCloseTo(inside[2] as number, 9);

  const refused = await api.ask('/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ modelId: job.id, datasetId: (await api.upload('few.csv', 'age,fee\n30,4\n')).id }),
  });
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain('“city”');

  const more = await api.post<{ job: { id: string } }>('/jobs', {
    ...request,
    recipeVersion: 1,
    continuesJobId: job.id,
    engine: { name: 'sklearn', settings: { algorithm: 'extra_trees', trees: 60 } },
    limits: { trainingSeconds: 20 },
  });
  expect(await api.done(more.job.id, 90)).toMatchObject({ outcome: 'succeeded' });
  const lineage = await api.json<{ recipe: object; continues: object }>(`/jobs/${more.job.id}`);
  expect(lineage).toMatchObject({ recipe: { id: recipeId, version: 1 }, continues: { id: job.id } });
}, 300_000);
