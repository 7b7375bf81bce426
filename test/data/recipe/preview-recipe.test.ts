import { join } from 'node:path';
import { type DataFixture, openFixture } from '../data-fixture.ts';
import {
  dropNoCity,
  encodeCity,
  fillAge,
  onePerPlan,
  peopleCsv,
  perPlan,
  signupAsDate,
  sortByScore,
  step,
  tableOf,
  trimPlan,
} from './recipe-fixture.ts';

const ROWS = 30_000;
let fixture: DataFixture;
let parquet: string;
let small: string;
beforeAll(async () => {
  fixture = await openFixture();
  ({ parquet } = await fixture.ingest(peopleCsv(ROWS)));
  ({ parquet: small } = await fixture.ingest(peopleCsv(300)));
});
afterAll(() => fixture.close());

describe('a preview', () => {
  test('shows rows as they come to the step beside what it makes of them, and marks what changed', async () => {
    const shown = await fixture.worker.recipePreview({ parquet, steps: [trimPlan], rows: 'first', limit: 4 });
    expect(shown.rows.map(({ before, after }) => [before?.[2], after[2]])).toEqual([
      ['Basic', 'basic'],
      [' basic', 'basic'],
      ['PREMIUM ', 'premium'],
      ['premium', 'premium'],
    ]);
    expect(shown.rows.map(({ changed }) => changed)).toEqual([[2], [2], [2], []]);
    expect(shown.rows.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(shown).toMatchObject({ total: ROWS, sample: false, newColumns: [], lostColumns: [] });
    expect(shown.steps[0]).toMatchObject({ id: 'b', problems: [], sample: false });
  });

  test('names new and lost columns', async () => {
    const rename = step('x', 'rename-columns', { pairs: [{ from: 'plan', to: 'tariff' }] });
    const shown = await fixture.worker.recipePreview({ parquet, steps: [rename], rows: 'first' });
    expect(shown.steps[0]?.problems).toEqual([]);
    expect(shown).toMatchObject({ newColumns: ['tariff'], lostColumns: ['plan'] });
  });

  test('keeps the rows that a step leaves out, with the step that did it', async () => {
    const steps = [dropNoCity, trimPlan];
    const { rows } = await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 8 });
    expect(rows.map(({ leftOutBy }) => leftOutBy)).toEqual(['c', null, null, null, null, null, null, 'c']);
  });

  test('of a step in the middle stops there; before the first step it is the data', async () => {
    const steps = [trimPlan, dropNoCity];
    const first = await fixture.worker.recipePreview({ parquet, steps, at: 0, rows: 'first', limit: 1 });
    expect(first.rows[0]).toMatchObject({ leftOutBy: null, changed: [2] });
    const none = await fixture.worker.recipePreview({ parquet, steps, at: -1, rows: 'first', limit: 1 });
    expect(none.rows[0]?.after).toEqual(['0', null, 'Basic', '2024-01-01', null, '0', 'yes']);
    expect(none.rows[0]?.changed).toEqual([]);
  });

  test('says what is wrong with a step, and goes on with the others', async () => {
    const mean = step('x', 'fill-missing', { columns: ['plan'], with: 'mean' });
    const shown = await fixture.worker.recipePreview({ parquet, steps: [mean, trimPlan], rows: 'first', limit: 1 });
    expect(shown.steps[0]?.problems[0]?.message).toMatch(/mean of “plan” cannot be taken: it is text/);
    expect(shown.rows[0]?.after[2]).toBe('basic');
  });

  test('learns from a sample and says so, until what was learned from the whole file is given', async () => {
    const late = step('x', 'fill-missing', { columns: ['age'], with: 'constant', constant: '1' });
    const scale = step('y', 'scale', { columns: ['id'] });
    const steps = [late, scale];
    const sampled = await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 2 });
    expect(sampled.steps.map(({ sample }) => sample)).toEqual([false, true]);
    expect(sampled).toMatchObject({ sample: true, sampleRows: 20_000 });
    const { learned } = await fixture.worker.recipeCheck({ parquet, steps });
    const exact = await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 2, learned });
    expect(exact.steps.map(({ sample }) => sample)).toEqual([false, false]);
    expect(exact.sample).toBe(false);
    expect(exact.rows[0]?.after).not.toEqual(sampled.rows[0]?.after);
    const changed = [{ ...late, settings: { ...late.settings, constant: '2' } }, scale];
    const again = await fixture.worker.recipePreview({ parquet, steps: changed, rows: 'first', learned });
    expect(again.steps[1]?.sample).toBe(true);
  });

  test('of a sorted table is one of a sample; asked to be exact, of the whole file', async () => {
    const steps = [trimPlan, sortByScore];
    const quick = await fixture.worker.recipePreview({ parquet, steps, rows: 'first' });
    expect(quick.sample).toBe(true);
    const exact = await fixture.worker.recipePreview({ parquet, steps, rows: 'first', exact: true });
    expect(exact.sample).toBe(false);
    expect(exact.rows).toHaveLength(50);
    expect(exact.rows.every(({ before, after }) => before?.[0] === after[0])).toBe(true);
    expect(exact.rows[0]?.after[5]).toBe('10006');
  });

  test('of a step that makes new rows has no rows beside them', async () => {
    const shown = await fixture.worker.recipePreview({ parquet, steps: [trimPlan, perPlan], rows: 'first' });
    expect(shown.rows.map(({ before, after }) => [before, after[0]])).toEqual([
      [null, 'basic'],
      [null, 'premium'],
    ]);
  });

  test('finds rows that a step changes, and rows that it cannot treat', async () => {
    const failing = await fixture.worker.recipePreview({ parquet, steps: [signupAsDate], rows: 'failing', limit: 3 });
    expect(failing.rows.map(({ number, fails, after }) => [number, fails, after[3]])).toEqual([
      [8, true, null],
      [48, true, null],
      [88, true, null],
    ]);
    expect(failing.sample).toBe(true);
    const changed = await fixture.worker.recipePreview({ parquet, steps: [fillAge], rows: 'changed', limit: 3 });
    expect(changed.rows.map(({ number, changed: cells }) => [number, cells])).toEqual([
      [1, [1]],
      [6, [1]],
      [11, [1]],
    ]);
  });

  test('looks at the rows that a check of the whole file found', async () => {
    const check = await fixture.worker.recipeCheck({ parquet, steps: [signupAsDate] });
    expect(check.steps[0]?.failing.count).toBe(ROWS / 40);
    const numbers = [...(check.steps[0]?.failing.numbers.slice(0, 2) ?? []), 29_967];
    const shown = await fixture.worker.recipePreview({ parquet, steps: [signupAsDate], rows: 'failing', numbers });
    expect(shown.rows.map(({ number, fails }) => [number, fails])).toEqual([
      [8, true],
      [48, true],
      [29_968, true],
    ]);
    expect(shown.sample).toBe(false);
  });

  test('shows random rows, the same for the same seed', async () => {
    const ask = (seed: number) => fixture.worker.recipePreview({ parquet, steps: [trimPlan], rows: 'random', seed });
    const [one, again, other] = [await ask(1), await ask(1), await ask(2)];
    expect(one.rows).toHaveLength(50);
    expect(again.rows).toEqual(one.rows);
    expect(other.rows).not.toEqual(one.rows);
  });

  test('ends the one before it when it has its key', async () => {
    const ask = (key: string) =>
      fixture.worker.recipePreview({ parquet, steps: [trimPlan, sortByScore], rows: 'first', key });
    const before = ask('tab 1');
    const other = ask('tab 2');
    const after = ask('tab 1');
    await expect(before).rejects.toThrow(/newer call/);
    expect((await after).rows).toHaveLength(50);
    expect((await other).rows).toHaveLength(50);
  });

  test('says whether a training can use it, where the engine is', async () => {
    const training = { task: { kind: 'binary' as const, labels: ['churned'] }, ignoredColumns: [] };
    const ask = async (steps: Parameters<typeof fixture.worker.recipePreview>[0]['steps']) =>
      (await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 1, training })).training;
    expect(await ask([trimPlan, fillAge])).toEqual({
      ...{ problems: [], notInSample: false, keepsLabels: true, warnings: [] },
    });
    expect(await ask([trimPlan, dropNoCity])).toEqual({
      ...{ problems: [], notInSample: false, keepsLabels: false, warnings: [] },
    });
    const without = await ask([step('x', 'select-columns', { columns: ['churned'] })]);
    expect(without?.problems).toMatchObject([{ field: 'task.labels' }]);
  });

  test('sees a file that was replaced', async () => {
    const first = await fixture.ingest('a,b\n1,x\n2,y\n');
    const ask = () => fixture.worker.recipePreview({ parquet: first.parquet, steps: [], rows: 'first' });
    expect((await ask()).total).toBe(2);
    await fixture.worker.ingest({
      path: await fixture.write('other.csv', 'a,b\n1,x\n2,y\n3,z\n'),
      name: 'other.csv',
      toParquet: first.parquet,
    });
    expect((await ask()).total).toBe(3);
  });
});

test.each([
  ['row by row', [trimPlan, signupAsDate, dropNoCity]],
  ['fitted', [fillAge, dropNoCity, encodeCity]],
  ['sorted, without duplicates', [trimPlan, onePerPlan, sortByScore, fillAge]],
  ['grouped', [trimPlan, dropNoCity, perPlan]],
])('the preview is the head of the full run: %s', async (_, steps) => {
  const toParquet = join(fixture.folder, 'run.parquet');
  const run = await fixture.worker.runRecipe({ parquet: small, steps, toParquet });
  const table = await tableOf(fixture, toParquet);
  for (const exact of [false, true]) {
    const shown = await fixture.worker.recipePreview({ parquet: small, steps, rows: 'first', limit: 1000, exact });
    const kept = shown.rows.filter(({ leftOutBy }) => leftOutBy === null).map(({ after }) => after);
    expect(kept).toEqual(table.rows);
    expect(shown.after).toEqual(run.schema);
    expect(shown.sample).toBe(false);
  }
  expect(run.rowsOut).toBe(table.rows.length);
});
