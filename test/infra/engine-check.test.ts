import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AskedOfEngine, checkByEngine } from '../../infra/engine-check.ts';

const trainerFolder = join(import.meta.dirname, '../../trainer-image');
let folder: string;
let errors: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-test-'));
  errors = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const specOf = (engine: string, ...trials: object[]) => ({
  ...{ kind: 'train', engine, data: 'input/data.parquet', task: { kind: 'binary', labels: ['y'] } },
  columns: [
    { name: 'x', sqlType: 'DOUBLE', role: 'feature' },
    { name: 'y', sqlType: 'VARCHAR', role: 'label' },
  ],
  ...{ machine: { memoryGib: 8 }, rows: 1000, trials },
});

/** A Python that says what the script says, and notes that it was asked. */
async function pythonSaying(name: string, script: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho asked >> "${join(folder, `${name}.log`)}"\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}
const timesAsked = async (name: string) =>
  (await readFile(join(folder, `${name}.log`), 'utf8').catch(() => '')).split('\n').length - 1;
const answering = (python: string, environment?: string) =>
  checkByEngine({
    python,
    trainerFolder,
    environmentPython: () => environment,
    onError: (error) => errors.push(error),
  });
const open = (python: string, environment?: string) => {
  const check = answering(python, environment);
  return async (asked: AskedOfEngine) => (await check(asked)).found;
};

test('the engine itself says what stands against settings, and of which field', async () => {
  const check = open('python3');
  const settings = { tuning: 'random', ranges: '{"GBM":' };
  const [good, bad] = await check(specOf('autogluon', {}, settings));
  expect(good).toBeNull();
  expect(bad).toMatchObject({ type: 'BadSettings', field: 'engine.settings.ranges' });
  expect(bad?.message).toContain('they are no JSON');
  const memory = await check(specOf('h2o', { memory_gb: 9 }));
  expect(memory[0]).toMatchObject({ field: 'engine.settings.memory_gb' });
});

test('what was asked before is not asked again', async () => {
  const check = open(await pythonSaying('python', `echo '{"found": [null]}'`));
  const both = [check(specOf('sklearn', {})), check(specOf('sklearn', {}))];
  expect(await Promise.all(both)).toEqual([[null], [null]]);
  await check(specOf('sklearn', {}));
  expect(await timesAsked('python')).toBe(1);
  await check(specOf('sklearn', { trees: 5 }));
  expect(await timesAsked('python')).toBe(2);
});

test('what is not installed, and what could not be asked, is asked again', async () => {
  const missing = `echo '{"found": [{"type": "EngineUnavailable", "message": "No Java.", "field": null}]}'`;
  const check = open(await pythonSaying('python', missing));
  await check(specOf('h2o', {}));
  await check(specOf('h2o', {}));
  expect(await timesAsked('python')).toBe(2);
  const broken = open(await pythonSaying('broken', 'exit 70'));
  await expect(broken(specOf('h2o', {}))).rejects.toThrow();
  await expect(broken(specOf('h2o', {}))).rejects.toThrow();
  expect(await timesAsked('broken')).toBe(2);
});

test('in a ready environment its libraries are asked, too; where that fails, the standard library is', async () => {
  const said = '{"found": [{"type": "BadSettings", "message": "By the library.", "field": null}]}';
  const environment = await pythonSaying('environment', `case "$*" in *--here*) echo '${said}';; esac`);
  expect((await open('python3', environment)(specOf('sklearn', {})))[0]?.message).toBe('By the library.');
  expect(errors).toEqual([]);
  const broken = await pythonSaying('broken', 'exit 1');
  const settings = { algorithm: 'tree', hyperparameters: '{"depth": 3}' };
  expect((await open('python3', broken)(specOf('sklearn', settings)))[0]?.message).toContain('has no hyperparameter');
  expect(errors).toHaveLength(1);
});

test('an answer about fewer settings than were asked about is none', async () => {
  const check = open(await pythonSaying('python', `echo '{"found": []}'`));
  await expect(check(specOf('sklearn', {}))).rejects.toThrow('0 of 1');
});

test('the engine itself says how long it will take, where it is told the size of the data', async () => {
  const size = { rows: 50_000, cells: 20, classes: 2, cpus: 2, gpus: 0 };
  const ask = answering('python3');
  const { times } = await ask({ ...specOf('sklearn', { algorithm: 'random_forest' }, { algorithm: 'linear' }), size });
  const [forest, linear] = times.map((time) => time?.seconds ?? 0);
  expect(forest).toBeGreaterThan(10 * (linear ?? 0));
  expect((await ask({ ...specOf('h2o', {}), size })).times).toEqual([
    { fillsTime: true, seconds: null, firstSeconds: null },
  ]);
  expect((await ask(specOf('sklearn', {}))).times).toEqual([null]);
  expect(
    (await answering(await pythonSaying('older', `echo '{"found": [null]}'`))(specOf('sklearn', {}))).times,
  ).toEqual([]);
});
