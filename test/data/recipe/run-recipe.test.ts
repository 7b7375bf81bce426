import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataProgress } from '../../../data/data-calls.ts';
import type { Split } from '../../../data/recipe/recipe-calls.ts';
import { openDataWorker } from '../../../data/open-data-worker.ts';
import { type DataFixture, failureOf, openFixture, parseCsv } from '../data-fixture.ts';
import {
  dropNoCity,
  encodeCity,
  fillAge,
  onePerPlan,
  peopleCsv,
  signupAsDate,
  sortByScore,
  step,
  tableOf,
  trimPlan,
} from './recipe-fixture.ts';

const ROWS = 3000;
let fixture: DataFixture;
let parquet: string;
let toParquet: string;
beforeAll(async () => {
  fixture = await openFixture();
  ({ parquet } = await fixture.ingest(peopleCsv(ROWS)));
  toParquet = join(fixture.folder, 'result.parquet');
});
afterAll(() => fixture.close());

describe('a full run', () => {
  test('counts rows by step, keeps what was learned, and writes both files', async () => {
    const toCsv = join(fixture.folder, 'result.csv');
    const steps = [fillAge, trimPlan, { ...signupAsDate, onFailure: 'drop' as const }, dropNoCity, sortByScore];
    const run = await fixture.worker.runRecipe({ parquet, steps, toParquet, toCsv });
    const bad = Array.from({ length: ROWS }, (_, n) => n).filter((n) => n % 40 === 7);
    const noCity = Array.from({ length: ROWS }, (_, n) => n).filter((n) => n % 7 === 0 && n % 40 !== 7);
    expect(run.steps.map(({ id, rowsIn, leftOut }) => [id, rowsIn, leftOut])).toEqual([
      ['a', ROWS, 0],
      ['b', ROWS, 0],
      ['d', ROWS, bad.length],
      ['c', ROWS - bad.length, noCity.length],
      ['e', ROWS - bad.length - noCity.length, 0],
    ]);
    expect(run).toMatchObject({ rowsIn: ROWS, rowsOut: ROWS - bad.length - noCity.length });
    const { names, rows } = await tableOf(fixture, toParquet);
    expect(names).toEqual(['id', 'age', 'plan', 'signup', 'city', 'score', 'churned']);
    expect(rows).toHaveLength(run.rowsOut);
    const scores = rows.map((row) => Number(row[5]));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(rows.every(([, age, plan]) => age !== null && /^(basic|premium)$/.test(plan ?? ''))).toBe(true);
    expect(parseCsv(await readFile(toCsv, 'utf8'))).toHaveLength(run.rowsOut + 1);
    expect(run.learned).toMatchObject([{ stepId: 'a', folds: [] }]);
    expect(await fixture.strays()).toEqual([]);
  });

  test('agrees with the check of the whole file', async () => {
    const steps = [trimPlan, dropNoCity, onePerPlan, fillAge, encodeCity];
    const run = await fixture.worker.runRecipe({ parquet, steps, toParquet });
    const check = await fixture.worker.recipeCheck({ parquet, steps });
    expect(check.steps.map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut])).toEqual(
      run.steps.map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut]),
    );
    expect(check.learned).toEqual(run.learned);
    expect(check.rowsOut).toBe(run.rowsOut);
    expect(check.steps[0]).toMatchObject({ changedCells: ROWS * 0.75 });
    expect(check.steps[1]?.leftOut).toMatchObject({ count: Math.ceil(ROWS / 7) });
    expect(check.steps[1]?.leftOut.numbers.slice(0, 3)).toEqual([0, 7, 14]);
  });

  test('replays what was learned instead of learning it again', async () => {
    const run = await fixture.worker.runRecipe({ parquet, steps: [fillAge], toParquet });
    const [fit] = run.learned;
    if (!fit) throw new Error('Nothing was learned.');
    const [ofAge] = fit.all as { all: string }[];
    const learned = [{ ...fit, all: [{ ...ofAge, all: '77' }] }];
    await fixture.worker.runRecipe({ parquet, steps: [fillAge], toParquet, learned });
    expect((await tableOf(fixture, toParquet)).rows[0]?.[1]).toBe('77');
  });

  test('is the same with one thread as with two', async () => {
    const steps = [trimPlan, signupAsDate, dropNoCity, fillAge, encodeCity, onePerPlan, sortByScore];
    const tables = [];
    for (const threads of [1, 2]) {
      const worker = openDataWorker({ memoryMb: 512, tempFolder: fixture.tempFolder, threads });
      const run = await worker.runRecipe({ parquet, steps, toParquet, split: { ...split, keepFold: true } });
      tables.push({ run, ...(await tableOf(fixture, toParquet)) });
      await worker.close();
    }
    expect(tables[1]).toEqual(tables[0]);
  });

  test('stops at a row that a step must not let pass, with its number and its value, and writes nothing', async () => {
    const to = join(fixture.folder, 'stopped.parquet');
    const steps = [trimPlan, { ...signupAsDate, onFailure: 'stop' as const }];
    const failure = await failureOf(fixture.worker.runRecipe({ parquet, steps, toParquet: to }));
    expect(failure.type).toBe('BadData');
    expect(failure.message).toMatch(/^Step 2 \(.*signup.*\) cannot treat row 8: “signup” is “unknown”\./);
    expect(failure.message).toMatch(/74 more/);
    expect(existsSync(to)).toBe(false);
    expect(await fixture.strays()).toEqual([]);
  });

  test('does not stop at a row that an earlier step has left out', async () => {
    const known = step('x', 'filter-rows', { by: 'formula', formula: '[signup] <> "unknown"' });
    const steps = [known, { ...signupAsDate, onFailure: 'stop' as const }];
    const run = await fixture.worker.runRecipe({ parquet, steps, toParquet });
    expect(run.rowsOut).toBe(ROWS - 75);
  });

  test('refuses a recipe with a problem before it does anything', async () => {
    const steps = [trimPlan, step('x', 'fill-missing', { columns: ['plan'], with: 'mean' })];
    const failure = await failureOf(fixture.worker.runRecipe({ parquet, steps, toParquet }));
    expect(failure).toMatchObject({ type: 'BadSettings' });
    expect(failure.message).toMatch(/^Step 2 .*The mean of “plan” cannot be taken/);
  });

  describe('with a step for a column that comes of a value of later rows', () => {
    const lines = Array.from({ length: 25_000 }, (_, n) => `${n},${n < 24_000 ? 'red' : 'blue'}\n`);
    const oneHot = step('x', 'one-hot', { columns: ['colour'] });
    const rename = step('y', 'rename-columns', { pairs: [{ from: 'colour_blue', to: 'is_blue' }] });
    const fill = step('z', 'log-power', { columns: ['is_blue'] });
    let late: string;
    beforeAll(async () => {
      late = (await fixture.ingest(`id,colour\n${lines.join('')}`)).parquet;
    });

    test('it is carried out', async () => {
      const run = await fixture.worker.runRecipe({ parquet: late, steps: [oneHot, rename], toParquet });
      expect(run.schema.map(({ name }) => name)).toContain('is_blue');
      const [known] = (await tableOf(fixture, toParquet)).rows.slice(-1);
      expect(known?.[run.schema.findIndex(({ name }) => name === 'is_blue')]).toBe('1');
    });

    test('what no row has is refused', async () => {
      const none = step('y', 'rename-columns', { pairs: [{ from: 'colour_green', to: 'is_green' }] });
      const failure = await failureOf(fixture.worker.runRecipe({ parquet: late, steps: [oneHot, none], toParquet }));
      expect(failure.message).toMatch(/^Step 2 .*no column “colour_green”/);
    });

    test('its preview says that it was not seen, until the whole file was learned from', async () => {
      const ask = { parquet: late, steps: [oneHot, rename, fill], rows: 'first' as const, limit: 1 };
      const sampled = await fixture.worker.recipePreview(ask);
      expect(sampled.steps.map(({ problems }) => problems)).toEqual([[], [], []]);
      const unseen = /^Not seen in the first 20,000 rows: There is no column “/;
      expect(sampled.steps.map(({ notInSample }) => notInSample)).toEqual([
        undefined,
        expect.stringMatching(unseen),
        expect.stringMatching(unseen),
      ]);
      const exact = await fixture.worker.recipePreview({ ...ask, exact: true });
      expect(exact.steps.map(({ problems, notInSample }) => [problems, notInSample])).toEqual(
        Array.from({ length: 3 }, () => [[], undefined]),
      );
      const { learned } = await fixture.worker.recipeCheck(ask);
      const known = await fixture.worker.recipePreview({ ...ask, learned });
      expect(known.steps.every(({ notInSample }) => notInSample === undefined)).toBe(true);
      const missing = [step('m', 'trim-text', { columns: ['nothing'] }), oneHot];
      const wrong = await fixture.worker.recipePreview({ ...ask, steps: missing });
      expect(wrong.steps[0]).toMatchObject({ problems: [{ column: 'nothing' }] });
    });
  });

  test('that leaves no row is refused', async () => {
    const { parquet: empty } = await fixture.ingest('a,city\n1,\n2,\n');
    const failure = await failureOf(fixture.worker.runRecipe({ parquet: empty, steps: [dropNoCity], toParquet }));
    expect(failure.message).toMatch(/No row is left/);
  });

  test('keeps the tables that it looked things up in', async () => {
    const towns = await fixture.ingest('name,people\ntown 1,100\ntown 2,200\n');
    const others = [{ datasetId: 'towns', name: 'Towns', parquet: towns.parquet }];
    const settings = { dataset: 'towns', keys: [{ from: 'city', to: 'name' }], take: ['people'] };
    const steps = [step('x', 'join', settings, { onFailure: 'drop' }), fillAge];
    const input = { parquet, steps, others };
    const run = await fixture.worker.runRecipe({ ...input, toParquet, toLookups: fixture.folder });
    expect(run.lookups).toMatchObject([{ stepId: 'x', datasetId: 'towns', path: join(fixture.folder, 'x.parquet') }]);
    expect((await tableOf(fixture, join(fixture.folder, 'x.parquet'))).rows).toHaveLength(2);
    const { names, rows } = await tableOf(fixture, toParquet);
    expect(names.at(-1)).toBe('people');
    expect(rows.every((row) => row.at(-1) === (row[4] === 'town 1' ? '100' : '200'))).toBe(true);
    const check = await fixture.worker.recipeCheck(input);
    expect(check.steps[0]).toMatchObject({ rowsIn: ROWS, rowsOut: run.rowsOut });
    expect(check.steps[0]?.failing.count).toBe(ROWS - run.rowsOut);
    const shown = await fixture.worker.recipePreview({ ...input, at: 0, rows: 'first', limit: 100 });
    expect(shown).toMatchObject({ newColumns: ['people'] });
    expect(shown.rows[1]).toMatchObject({ leftOutBy: null });
    expect(shown.rows[1]?.after.at(-1)).toBe('100');
    expect(shown.rows[0]).toMatchObject({ leftOutBy: 'x', fails: true });
  });

  test('tells how far it is', async () => {
    const told: DataProgress[] = [];
    await fixture.worker.runRecipe({
      parquet,
      steps: [fillAge, dropNoCity],
      toParquet,
      onProgress: (progress) => told.push(progress),
    });
    expect(told.map(({ doing }) => doing)).toEqual(expect.arrayContaining(['learning', 'checking', 'writing']));
    expect(told.every(({ rows, ofRows, passes, ofPasses }) => rows <= ofRows && passes < ofPasses)).toBe(true);
  });
});

const split: Split = { holdoutFraction: 0.2, folds: 4, seed: 7, label: 'churned', stratify: true };

describe('a split', () => {
  async function run(steps: Parameters<typeof fixture.worker.runRecipe>[0]['steps'], more: Partial<Split> = {}) {
    const given = { ...split, keepFold: true, ...more };
    const result = await fixture.worker.runRecipe({ parquet, steps, toParquet, split: given });
    const { names, rows } = await tableOf(fixture, toParquet);
    return { result, names, rows, folds: rows.map((row) => row.at(-1)) };
  }

  test('gives each part its share of each class, the same for the same seed', async () => {
    const one = await run([trimPlan]);
    expect(one.names.at(-1)).toBe('__ty_fold');
    const count = (fold: string, label: string) =>
      one.rows.filter((row) => row.at(-1) === fold && row[6] === label).length;
    expect(['-1', '0', '1', '2', '3'].map((fold) => [count(fold, 'yes'), count(fold, 'no')])).toEqual(
      Array.from({ length: 5 }, () => [150, 450]),
    );
    expect(one.result.folds.map(({ rows }) => rows)).toEqual([600, 600, 600, 600, 600]);
    expect((await run([trimPlan])).folds).toEqual(one.folds);
    expect((await run([trimPlan], { seed: 8 })).folds).not.toEqual(one.folds);
    expect(one.folds.slice(0, 50)).not.toEqual(one.folds.slice(50, 100));
  });

  test('learns from training rows only', async () => {
    // Only rows that are held out have a value: there is nothing to learn from.
    const { folds } = await run([]);
    const lines = folds.map((fold, n) => `${n},${fold === '-1' ? 5 : ''},${n % 4 === 0 ? 'yes' : 'no'}`);
    const other = await fixture.ingest(`id,age,churned\n${lines.join('\n')}\n`);
    const steps = [fillAge];
    const result = await fixture.worker.runRecipe({ parquet: other.parquet, steps, toParquet, split });
    expect(result.learned[0]?.all).toMatchObject([{ all: null }]);
    expect((await tableOf(fixture, toParquet)).names).not.toContain('__ty_fold');
  });

  test('cross-fits what learns from the label, with folds of its own when the engine makes the folds', async () => {
    const crossed = await run([dropNoCity, encodeCity]);
    expect(crossed.result.learned[0]?.folds).toHaveLength(4);
    const own = await run([dropNoCity, encodeCity], { folds: 0 });
    expect(own.result.learned[0]?.folds).toHaveLength(5);
    expect(new Set(own.folds)).toEqual(new Set(['-1', '0', '1', '2', '3', '4']));
  });

  test('gives a row a value in which its own fold has no part', async () => {
    const plain = step('g', 'target-encode', { columns: ['plan'], label: 'churned', chosen: 'yes', smoothing: 0 });
    const { names, rows } = await run([plain]);
    const before = await tableOf(fixture, parquet);
    const plans = before.rows.map((row) => row[2]);
    const label = names.indexOf('churned');
    const value = names.findIndex((name, n) => name !== before.names[n] || name === 'plan');
    for (const [n, row] of rows.slice(0, 60).entries()) {
      const others = rows.filter(
        (each, m) =>
          plans[m] === plans[n] && each.at(-1) !== '-1' && each.at(-1) !== (row.at(-1) === '-1' ? '' : row.at(-1)),
      );
      const share = others.filter((each) => each[label] === 'yes').length / others.length;
      expect(Number(row[value])).toBeCloseTo(share, 10);
    }
  });

  describe('by a label that the recipe makes', () => {
    const rename = step('r', 'rename-columns', { pairs: [{ from: 'churned', to: 'left' }] });
    const map = step('m', 'replace-values', {
      columns: ['left'],
      pairs: [
        { from: 'yes', to: 'gone' },
        { from: 'no', to: 'there' },
      ],
    });
    const isLate = step('f', 'make-column', { name: 'is_late', formula: '[id] % 10 = 3' });

    async function shares(steps: Parameters<typeof run>[0], label: string) {
      const { names, rows, result } = await run(steps, { label });
      const at = names.indexOf(label);
      const parts = ['-1', '0', '1', '2', '3'];
      const values = [...new Set(rows.map((row) => row[at] ?? ''))].toSorted();
      const count = (part: string, value: string) =>
        rows.filter((row) => row.at(-1) === part && row[at] === value).length;
      return { result, counts: values.map((value) => parts.map((part) => count(part, value))) };
    }
    const five = (rows: number) => Array.from({ length: 5 }, () => rows);

    test.each([
      ['renamed and mapped', [rename, map], 'left', [150, 450]],
      ['made by a formula', [trimPlan, isLate, fillAge], 'is_late', [540, 60]],
      ['renamed after a step that learns', [fillAge, rename], 'left', [450, 150]],
    ])('gives each part its share: %s', async (_, steps, label, expected) => {
      const { counts, result } = await shares(steps, label);
      expect(counts).toEqual(expected.map(five));
      expect(result.stratified).toBe(true);
      expect(result.rowsOut).toBe(ROWS);
    });

    test('counts only rows that are kept by then', async () => {
      const few = step('k', 'filter-rows', { by: 'formula', formula: '[id] < 1000' });
      const { counts } = await shares([isLate, few], 'is_late');
      expect(counts).toEqual([five(180), five(20)]);
    });

    test('says so when it is made after a step that learns, and divides by chance', async () => {
      const { counts, result } = await shares([fillAge, isLate], 'is_late');
      expect(result.stratified).toBe(false);
      expect(counts.flat().reduce((sum, rows) => sum + rows, 0)).toBe(ROWS);
      expect(counts[1]).not.toEqual(five(60));
    });
  });

  test('of grouped rows divides the groups', async () => {
    const perCity = step('x', 'aggregate-by-group', {
      groups: ['city', 'churned'],
      measures: [{ from: 'score', to: 'mean' }],
    });
    const { result, rows } = await run([fillAge, perCity]);
    expect(result.rowsOut).toBe(rows.length);
    expect(result.folds.reduce((sum, { rows: each }) => sum + each, 0)).toBe(rows.length);
    expect(result.folds.map(({ fold }) => fold)).toEqual([-1, 0, 1, 2, 3]);
  });
});
