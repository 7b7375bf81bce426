import { runRecipe } from '../run-recipe.ts';

const all = ['hour', 'year', 'quarter', 'month', 'week', 'day', 'weekday', 'dayofyear', 'weekend'];

it('adds every part, in the order of the calendar', async () => {
  const run = await runRecipe(
    { columns: { at: 'TIMESTAMP' }, rows: [['2024-12-29 23:59:00'], ['2024-12-30 00:00:00'], [null]] },
    [{ kind: 'date-parts', settings: { column: 'at', parts: all, drop: true } }],
  );
  expect(Object.entries(run.columns).map(([name, type]) => `${name} ${type}`)).toEqual([
    'at_year BIGINT',
    'at_quarter BIGINT',
    'at_month BIGINT',
    'at_week BIGINT',
    'at_day BIGINT',
    'at_weekday BIGINT',
    'at_dayofyear BIGINT',
    'at_weekend BOOLEAN',
    'at_hour BIGINT',
  ]);
  expect(run.rows.map((row) => Object.values(row))).toEqual([
    [2024, 4, 12, 52, 29, 7, 364, true, 23],
    [2024, 4, 12, 1, 30, 1, 365, false, 0],
    Array(9).fill(null),
  ]);
});

it('keeps the date, and reads one that is text', async () => {
  const run = await runRecipe({ columns: { day: 'VARCHAR' }, rows: [['2024-03-31'], ['soon'], [null]] }, [
    { kind: 'date-parts', settings: { column: 'day', parts: ['month'] } },
  ]);
  expect(run.rows).toEqual([
    { day: '2024-03-31', day_month: 3 },
    { day: 'soon', day_month: null },
    { day: null, day_month: null },
  ]);
  expect([run.failing, run.sentences]).toEqual([{ s1: 1 }, ['Parts of date “day”: adds day_month']]);
});

it('is refused where there is no such part or name', async () => {
  const table = { columns: { day: 'DATE', day_Year: 'BIGINT', n: 'BIGINT' }, rows: [] } as const;
  const problem = async (settings: Record<string, unknown>) =>
    (await runRecipe(table, [{ kind: 'date-parts', settings }])).problems[0]?.message;
  expect(await problem({ column: 'day', parts: ['hour'] })).toBe('“day” has no hour: it is a date without time.');
  expect(await problem({ column: 'day', parts: ['year'] })).toBe('There is already a column “day_year”.');
  expect(await problem({ column: 'n', parts: ['year'] })).toBe('“n” has no parts of a date: it is a whole number.');
});
