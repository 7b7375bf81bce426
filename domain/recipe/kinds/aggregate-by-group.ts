import { z } from 'zod';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { exactSums } from '../exact-sums.ts';
import { mostFrequent } from '../levels.ts';
import { rowOrder, withOrder } from '../row-order.ts';
import { quoteName } from '../sql-text.ts';
import { foldNumber, leftOutBy, rowNumber, type StepProblem } from '../step-kind.ts';
import { type Column, findColumn, isDate, isNumeric, type SqlType, type TableSchema } from '../table-schema.ts';
import { columnList, freeName, typeInWords } from '../words.ts';

const takes = ['count', 'sum', 'mean', 'min', 'max', 'median', 'distinct', 'first', 'most frequent'] as const;

const settings = z.object({
  groups: z.array(z.string()).min(1, 'Choose at least one column to group by.').max(20),
  measures: z
    .array(z.object({ from: z.string().min(1, 'Choose a column.'), to: z.enum(takes) }))
    .max(200, 'At most 200 values can be taken of each group.')
    .default([]),
});

type Settings = z.infer<typeof settings>;
type Take = (typeof takes)[number];

interface Measure extends Column {
  take: Take;
  from: Column;
}

export const aggregateByGroup = defineStep<Settings>({
  name: 'aggregate-by-group',
  title: 'Aggregate by group',
  group: 'rows',
  help: 'Makes one row of all rows that are alike in some columns, with their number and with what you take of the others. What is predicted later are such rows.',
  reach: 'table',
  regroups: true,
  canFail: false,
  settings,
  fields: [
    { name: 'groups', title: 'One row for each', input: 'columns' },
    {
      name: 'measures',
      title: 'Take',
      help: `A column, and one of: ${takes.join(', ')}.`,
      input: 'pairs',
      fromColumn: true,
      choices: takes.map((value) => ({ value, title: value })),
    },
  ],
  sentence: ({ groups, measures }) =>
    `Make one row for each ${columnList(groups)}${measures.length > 0 ? ` with ${measures.map(({ from, to }) => `the ${to} of “${from}”`).join(', ')}` : ''}`,
  check: checkAggregate,
  shape: ({ groups, measures }, schema) => {
    const keys = groups.flatMap((name) => findColumn(schema, name) ?? []);
    const rows: Column = { name: freeName(keys, 'rows'), type: 'BIGINT' };
    const taken: Measure[] = [];
    for (const { from: name, to: take } of measures) {
      const from = findColumn(schema, name);
      if (!from) continue;
      const wanted = `${from.name}_${take.replace(' ', '_')}`;
      taken.push({ name: freeName([...keys, rows, ...taken], wanted), type: typeOf(take, from), take, from });
    }
    const columns = [...keys, rows, ...taken].map(({ name, type }) => ({ name, type }));
    return { columns, keepsRows: false, sql: (before) => aggregated(withOrder(before), keys, rows, taken) };
  },
});

/**
 * Sums of floats are made beside, by themselves: what adds them up in any order does not come to the same each time. So
 * are most frequent values: to hold all that there are could take more memory than there is.
 */
function aggregated(from: string, keys: readonly Column[], rows: Column, taken: readonly Measure[]): string {
  const grouped = keys.map(({ name }) => quoteName(name));
  const aggregates = taken.flatMap((each, n) => (isBeside(each) ? [] : [`${aggregateOf(each)} AS "m${n}"`]));
  const keyed = grouped.map((name, n) => `${name} AS "g${n + 1}"`);
  const fold = `CASE WHEN min(${foldNumber}) = max(${foldNumber}) THEN min(${foldNumber}) END AS "fold"`;
  const main = `SELECT ${[...keyed, `min(${rowOrder}) AS "first"`, fold, 'count(*) AS "rows"', ...aggregates].join(', ')} FROM ${from} GROUP BY ${grouped.join(', ')}`;
  const same = (sums: string) =>
    keys.map((_, n) => `a."g${n + 1}" IS NOT DISTINCT FROM ${sums}."g${n + 1}"`).join(' AND ');
  const joins: string[] = [];
  const values = taken.map((each, n) => {
    if (!isBeside(each)) return `a."m${n}"`;
    const value = quoteName(each.from.name);
    if (each.take === 'most frequent') {
      joins.push(`LEFT JOIN (${mostFrequent(value, grouped, from)}) AS f${n} ON ${same(`f${n}`)}`);
      return `f${n}."v"`;
    }
    const finite = `(SELECT * FROM ${from} WHERE isfinite(${value}))`;
    joins.push(`LEFT JOIN (${exactSums(value, grouped, from)}) AS s${n} ON ${same(`s${n}`)}`);
    if (each.take === 'sum') return `s${n}."total"`;
    const counts = `SELECT ${keyed.join(', ')}, count(*) AS "n" FROM ${finite} GROUP BY ${grouped.join(', ')}`;
    joins.push(`LEFT JOIN (${counts}) AS c${n} ON ${same(`c${n}`)}`);
    return `s${n}."total" / c${n}."n"`;
  });
  const named = [
    ...keys.map(({ name }, n) => `a."g${n + 1}" AS ${quoteName(name)}`),
    `a."rows" AS ${quoteName(rows.name)}`,
    ...taken.map(({ name, type }, n) => `CAST(${values[n]} AS ${type}) AS ${quoteName(name)}`),
  ];
  return `SELECT row_number() OVER (ORDER BY a."first") - 1 AS ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, a."fold" AS ${foldNumber}, ${named.join(', ')} FROM (${main}) AS a ${joins.join(' ')} ORDER BY a."first"`;
}

const isFloatSum = ({ take, from }: Measure) => from.type === 'DOUBLE' && (take === 'sum' || take === 'mean');
const isBeside = (each: Measure) => isFloatSum(each) || each.take === 'most frequent';

function aggregateOf({ take, from }: Measure): string | undefined {
  const value = quoteName(from.name);
  const usual = from.type === 'DOUBLE' ? ` FILTER (NOT isnan(${value}))` : '';
  switch (take) {
    case 'count':
      return `count(${value})`;
    case 'sum':
      return `sum(${value})`;
    case 'mean':
      return `avg(${value})`;
    case 'min':
    case 'max':
      return `${take}(${value})${usual}`;
    case 'median':
      return isNumeric(from) ? `median(${value})${usual}` : `quantile_disc(${value}, 0.5)`;
    case 'distinct':
      return `count(DISTINCT ${value})`;
    case 'first':
      return `arg_min(${value}, ${rowOrder})`;
    case 'most frequent':
      return undefined;
  }
}

function typeOf(take: Take, from: Column): SqlType {
  if (take === 'count' || take === 'distinct') return 'BIGINT';
  // Whole numbers can add up to one beyond the largest there is: like all that is reckoned, a sum need not be whole.
  if (take === 'sum' || take === 'mean' || (take === 'median' && isNumeric(from))) return 'DOUBLE';
  return from.type;
}

function checkAggregate({ groups, measures }: Settings, schema: TableSchema): StepProblem[] {
  const problems = [
    ...problemsOfColumns(schema, groups, { field: 'groups' }),
    ...problemsOfColumns(
      schema,
      measures.map(({ from }) => from),
      { field: 'measures' },
    ),
  ];
  for (const { from, to } of measures) {
    const column = findColumn(schema, from);
    if (!column) continue;
    const needsNumber = to === 'sum' || to === 'mean';
    if (isNumeric(column) || !(needsNumber || (to === 'median' && !isDate(column)))) continue;
    problems.push({
      field: 'measures',
      column: from,
      message: `The ${to} of “${from}” cannot be taken: it is ${typeInWords(column)}.`,
      instead: 'Take the most frequent value, or the number of different ones.',
    });
  }
  return problems;
}
