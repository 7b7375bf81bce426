import type { SqlType } from '../../../../domain/recipe/table-schema.ts';
import { type Cell, runRecipe, valuesOf } from '../run-recipe.ts';

async function change(type: SqlType, values: Cell[], settings: Record<string, unknown>) {
  const run = await runRecipe({ columns: { x: type }, rows: values.map((value) => [value]) }, [
    { kind: 'change-type', settings: { columns: ['x'], ...settings } },
  ]);
  return { ...run, values: valuesOf(run, 'x'), type: run.columns.x, failing: run.failing.s1 };
}

it('reads texts as numbers', async () => {
  const texts = [' 29.85 ', '-3', '.5', '+1e3', '1e999', '1_000', 'nan', 'inf', '1,5', '', 'x', null];
  const { values, type, failing } = await change('VARCHAR', texts, { to: 'number' });
  expect(type).toBe('DOUBLE');
  expect(values).toEqual([29.85, -3, 0.5, 1000, ...Array(8).fill(null)]);
  expect(failing).toBe(7);
});

it('reads decimal commas and signs between thousands', async () => {
  const german = ['1.234.567,5', '12,5', '1234,5', '1.23', ',5', '-1.000'];
  expect((await change('VARCHAR', german, { to: 'number', decimal: ',', thousands: '.' })).values).toEqual([
    1234567.5,
    12.5,
    1234.5,
    null,
    0.5,
    -1000,
  ]);
  const others: [string, string, number][] = [
    [',', '1,234.5', 1234.5],
    ['blank', '1\u202f234.5', 1234.5],
    ['blank', '1 234', 1234],
    ["'", "1'234", 1234],
  ];
  for (const [thousands, text, number] of others)
    expect((await change('VARCHAR', [text], { to: 'number', thousands })).values).toEqual([number]);
});

it('reads whole numbers exactly, and never rounds', async () => {
  const texts = ['9007199254740993', '29.00', '+5', '-7', '3.5', '1e3', '99999999999999999999'];
  const { values, type } = await change('VARCHAR', texts, { to: 'whole number' });
  expect([type, values]).toEqual(['BIGINT', ['9007199254740993', 29, 5, -7, null, null, null]]);
  expect((await change('DOUBLE', [3, 3.5, 1e300, 'inf'], { to: 'whole number' })).values).toEqual([
    3,
    null,
    null,
    null,
  ]);
  expect((await change('BOOLEAN', [true, false], { to: 'whole number' })).values).toEqual([1, 0]);
  expect((await change('BIGINT', [3], { to: 'number' })).type).toBe('DOUBLE');
});

it.each([
  ['year-month-day', '2024-03-31', '31.3.2024'],
  ['year-month-day', '2024-03-31T10:00:00Z', '2024-03-31T10:00:00+02:00'],
  ['year/month/day', '2024/3/31', '24/3/31'],
  ['yearmonthday', '20240331', '2024331'],
  ['day.month.year', '31.3.2024', '3.31.2024'],
  ['day.month.year', '31.03.2024 10:30', '31.03.24'],
  ['day/month/year', '31/03/2024', '31.03.2024'],
  ['day-month-year', '31-3-2024', '2024-3-31'],
  ['month/day/year', '03/31/2024 5:07 PM', '31/03/2024'],
  ['day.month.yy', '31.3.24', '31.3.2024'],
  ['day/month/yy', '31/3/24', '3/31/24'],
  ['month/day/yy', '3/31/24', '31/3/24'],
  ['day name year', '31 March 2024', '31 Foo 2024'],
  ['day name year', '31-MAR-2024', '31-3-2024'],
  ['name day, year', 'March 31, 2024', '31 March 2024'],
])('reads dates as %s: %s, not %s', async (format, right, wrong) => {
  const { values, type, failing } = await change('VARCHAR', [` ${right} `, wrong, null], { to: 'date', format });
  expect([type, values, failing]).toEqual(['DATE', ['2024-03-31', null, null], 1]);
});

it('refuses days that are in no calendar', async () => {
  expect(
    (await change('VARCHAR', ['31.02.2024', '29.02.2023'], { to: 'date', format: 'day.month.year' })).failing,
  ).toBe(2);
  expect((await change('VARCHAR', ['2024-02-30', 'infinity'], { to: 'date' })).failing).toBe(2);
});

it('reads times of day', async () => {
  const texts = ['2024-03-31 10:30', '2024-03-31T10:30:15.25', '2024-03-31', '2024-03-31 25:00'];
  expect((await change('VARCHAR', texts, { to: 'date with time' })).values).toEqual([
    '2024-03-31 10:30:00',
    '2024-03-31 10:30:15.25',
    '2024-03-31 00:00:00',
    null,
  ]);
  const us = await change('VARCHAR', ['3/31/2024 5:07 pm', '3/31/2024 17:07:01'], {
    to: 'date with time',
    format: 'month/day/year',
  });
  expect(us.values).toEqual(['2024-03-31 17:07:00', '2024-03-31 17:07:01']);
});

it('reads dates from whole numbers', async () => {
  const since = { to: 'date with time', format: 'seconds since 1970' };
  expect((await change('BIGINT', [1711881000, '9223372036854775807'], since)).values).toEqual([
    '2024-03-31 10:30:00',
    null,
  ]);
  const milli = { to: 'date', format: 'milliseconds since 1970' };
  expect((await change('VARCHAR', ['1711881000000', 'x'], milli)).values).toEqual(['2024-03-31', null]);
  expect((await change('BIGINT', [20240331, 7], { to: 'date', format: 'yearmonthday' })).values).toEqual([
    '2024-03-31',
    null,
  ]);
  expect((await change('BIGINT', [1], { to: 'date' })).problems[0]?.instead).toContain('seconds');
});

it('reads yes and no, also in words of its own', async () => {
  const { values, failing } = await change('VARCHAR', [' Yes', 'F', '1', 'maybe', null], { to: 'yes/no' });
  expect([values, failing]).toEqual([[true, false, true, null, null], 1]);
  const own = { to: 'yes/no', yes: ['Ja'], no: ['NEIN'] };
  expect((await change('VARCHAR', ['ja', 'nein', 'yes'], own)).values).toEqual([true, false, null]);
  expect((await change('DOUBLE', [1, 0, 0.5], { to: 'yes/no' })).values).toEqual([true, false, null]);
  expect((await change('VARCHAR', [], { to: 'yes/no', yes: ['x'], no: ['X'] })).problems[0]?.message).toBe(
    '“x” cannot mean both yes and no.',
  );
});

it('writes texts as a person would', async () => {
  expect((await change('DOUBLE', [30, 2.5, 1e20], { to: 'text' })).values).toEqual(['30', '2.5', '1e+20']);
  expect((await change('BIGINT', [30], { to: 'text' })).values).toEqual(['30']);
  expect((await change('DATE', ['2024-03-31'], { to: 'text' })).values).toEqual(['2024-03-31']);
});

it('drops what cannot be read when it is told to', async () => {
  const run = await runRecipe({ columns: { x: 'VARCHAR' }, rows: [['1'], ['x'], [null]] }, [
    { kind: 'change-type', settings: { columns: ['x'], to: 'number' }, onFailure: 'drop' },
  ]);
  expect([run.rows, run.leftOut]).toEqual([[{ x: 1 }, { x: null }], [{ row: 1, step: 's1' }]]);
});

it('is refused where there is nothing to read', async () => {
  expect((await change('DATE', [], { to: 'number' })).problems[0]?.message).toBe(
    '“x” cannot become a number: it is a date.',
  );
  expect((await change('BOOLEAN', [], { to: 'date' })).problems).toHaveLength(1);
  expect((await change('VARCHAR', [], { to: 'number', decimal: ',', thousands: ',' })).problems[0]?.field).toBe(
    'thousands',
  );
});
