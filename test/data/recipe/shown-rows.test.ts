import { type DataFixture, openFixture } from '../data-fixture.ts';
import { dropNoCity, peopleCsv, signupAsDate, sortByScore, step, trimPlan } from './recipe-fixture.ts';

/** More than a preview keeps beside, so that rows by number come from the whole file. */
const ROWS = 30_000;
let fixture: DataFixture;
let parquet: string;
beforeAll(async () => {
  fixture = await openFixture();
  ({ parquet } = await fixture.ingest(peopleCsv(ROWS)));
});
afterAll(() => fixture.close());

describe('a row that is left out', () => {
  test('has no cell marked by a later step, nor counted, though the step would change it', async () => {
    const steps = [dropNoCity, trimPlan];
    const { rows } = await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 3 });
    expect(rows.map(({ leftOutBy, before, changed }) => [leftOutBy, before?.[2], changed])).toEqual([
      ['c', 'Basic', []],
      [null, ' basic', [2]],
      [null, 'PREMIUM ', [2]],
    ]);
    const kept = Array.from({ length: ROWS }, (_, n) => n).filter((n) => n % 7 !== 0);
    const { steps: counts } = await fixture.worker.recipeCheck({ parquet, steps });
    expect(counts[1]).toMatchObject({ rowsIn: kept.length, changedCells: kept.filter((n) => n % 4 !== 3).length });
    expect(counts[1]?.changed.numbers.slice(0, 3)).toEqual([1, 2, 4]);
    const shown = await fixture.worker.recipePreview({ parquet, steps, rows: 'changed', limit: 3 });
    expect(shown.rows.map(({ number }) => number)).toEqual([2, 3, 5]);
  });

  test('has none marked by the step that leaves it out, either', async () => {
    const ask = (onFailure: 'empty' | 'drop') =>
      fixture.worker.recipePreview({
        parquet,
        steps: [{ ...signupAsDate, onFailure }],
        rows: 'failing',
        limit: 1,
      });
    expect((await ask('empty')).rows[0]).toMatchObject({ number: 8, leftOutBy: null, fails: true, changed: [3] });
    expect((await ask('drop')).rows[0]).toMatchObject({ number: 8, leftOutBy: 'd', fails: true, changed: [] });
  });
});

describe('rows picked by number', () => {
  test.each([
    ['from the first rows', [640, 3, 12_000, 77]],
    ['from the whole file', [29_999, 3, 25_000, 77, 640]],
  ])('come in the order of the file, each once and beside what it was: %s', async (_, numbers) => {
    const given = [...numbers, numbers[0] as number];
    const steps = [dropNoCity, trimPlan];
    const shown = await fixture.worker.recipePreview({ parquet, steps, rows: 'changed', numbers: given });
    const sorted = numbers.toSorted((a, b) => a - b);
    expect(shown.rows.map(({ number }) => number - 1)).toEqual(sorted);
    expect(shown.rows.map(({ before, after }) => [before?.[0], after[0]])).toEqual(sorted.map((n) => [`${n}`, `${n}`]));
    expect(shown.sample).toBe(false);
  });

  test('take part in a look at a step behind others that work row by row', async () => {
    const double = step('x', 'make-column', { name: 'twice', formula: '[id] * 2' });
    const steps = [double, trimPlan];
    const shown = await fixture.worker.recipePreview({ parquet, steps, rows: 'failing', numbers: [20_500, 2] });
    expect(shown.rows.map(({ after }) => [after[0], Number(after.at(-1))])).toEqual([
      ['2', 4],
      ['20500', 41_000],
    ]);
  });
});

test('rows that a step behind a sort changes are in the order of the sort', async () => {
  const steps = [sortByScore, trimPlan];
  const shown = await fixture.worker.recipePreview({ parquet, steps, rows: 'changed', limit: 20, exact: true });
  const scores = shown.rows.map(({ after }) => Number(after[5]));
  expect(scores).toHaveLength(20);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(shown.rows.every(({ before, after, changed }) => before?.[0] === after[0] && changed.includes(2))).toBe(true);
});
