import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { rowOrder, withOrder } from '../row-order.ts';
import { plainText } from '../setting-schemas.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import { type Lookup, type MadeColumn, type OtherTables, reservedPrefix, type StepProblem } from '../step-kind.ts';
import { findColumn, type SqlType, type TableSchema } from '../table-schema.ts';
import { columnList, freeName, typeInWords } from '../words.ts';

/** The other table goes with each model, and is held in memory where it is looked up. */
const MOST_ROWS = 1_000_000;

const settings = z.object({
  dataset: z.string().min(1, 'Choose a dataset.'),
  /** Columns of this table and, in the same order, those of the other that have to be equal. */
  keys: z
    .array(z.object({ from: z.string().min(1, 'Choose a column.'), to: z.string().min(1, 'Choose a column.') }))
    .min(1, 'Choose at least one pair of columns to match by.')
    .max(5, 'At most five pairs of columns can be matched by.'),
  take: z.array(z.string()).min(1, 'Choose at least one column to take.').max(200, 'Take at most 200 columns.'),
  prefix: plainText(50)
    .refine((text) => !text.toLowerCase().startsWith(reservedPrefix), `A name cannot begin with “${reservedPrefix}”.`)
    .default(''),
  repeated: z.enum(['first', 'stop']).default('first'),
});

type Settings = z.infer<typeof settings>;

/** What matched, over the training rows, and the types of what is taken. */
interface Matches {
  types: SqlType[];
  otherRows: number;
  repeated: number;
  matched: number;
  unmatched: number;
  unused: number;
}

const key = (n: number) => `"${reservedPrefix}key${n + 1}"`;
const valueName = (n: number) => `${reservedPrefix}value${n + 1}`;
const value = (n: number) => `"${valueName(n)}"`;
const [number, times, found] = ['number', 'times', 'found'].map((name) => `"${reservedPrefix}${name}"`);

export const join = defineStep<Settings>({
  name: 'join',
  title: 'Look up in another dataset',
  group: 'tables',
  help: `Brings columns of another dataset to the rows whose key is the same. The other one, at most ${MOST_ROWS.toLocaleString('en-US')} rows, is kept with the model as it is now. A row without a partner cannot be treated.`,
  reach: 'fitted',
  canFail: true,
  settings,
  fields: [
    { name: 'dataset', title: 'Dataset', input: 'dataset' },
    {
      name: 'keys',
      title: 'Where these are equal',
      help: 'A column of this table, and one of the other.',
      input: 'pairs',
      fromColumn: true,
    },
    { name: 'take', title: 'Columns to take', input: 'texts' },
    { name: 'prefix', title: 'Their names begin with', input: 'text', optional: true },
    {
      name: 'repeated',
      title: 'A key that the other has several times',
      input: 'choice',
      choices: [
        { value: 'first', title: 'gives its first row' },
        { value: 'stop', title: 'stops the recipe' },
      ],
    },
  ],
  sentence: ({ keys, take }) =>
    `Look up ${columnList(take)} in another dataset by ${columnList(keys.map(({ from }) => from))}`,
  check: checkJoin,
  // With fewer keys it would find other rows: it does with all of them or not at all.
  withoutColumns: (all) => all,
  lookup: lookupOf,
  fit: ({ keys, take }, _schema, before, lookup) => {
    const row = keys.map(({ from }, n) => `${quoteName(from)} AS ${key(n)}`).join(', ');
    const rows = `(SELECT ${keys.map((_, n) => key(n)).join(', ')}, count(*) AS "n" FROM (SELECT ${row} FROM ${before}) GROUP BY ALL)`;
    const matching = keys.map((_, n) => `r.${key(n)} = l.${key(n)}`).join(' AND ');
    const types = take.map((_, n) => `typeof((SELECT ${value(n)} FROM ${lookup} LIMIT 1))`).join(', ');
    const all = `(SELECT count(*) FROM ${lookup})`;
    const matches = {
      types: `[${types}]`,
      otherRows: `CAST((SELECT coalesce(sum(${times}), 0) FROM ${lookup}) AS BIGINT)`,
      repeated: `(SELECT count(*) FROM ${lookup} WHERE ${times} > 1)`,
      matched: `CAST(coalesce(sum("n") FILTER ("hit" IS NOT NULL), 0) AS BIGINT)`,
      unmatched: `CAST(coalesce(sum("n") FILTER ("hit" IS NULL), 0) AS BIGINT)`,
      unused: `${all} - count(DISTINCT "hit")`,
    };
    const listed = Object.entries(matches).map(([name, sql]) => `'${name}': ${sql}`);
    return `SELECT to_json({${listed.join(', ')}}) AS learned FROM (SELECT r."n", l.${number} AS "hit" FROM ${rows} AS r LEFT JOIN ${lookup} AS l ON ${matching})`;
  },
  refuses: ({ repeated }, learned) => refusals(repeated, learned as unknown as Matches),
  map: ({ keys, take, prefix }, schema, learned, lookup) => {
    const { types } = learned as unknown as Matches;
    const made: MadeColumn[] = schema.map(unchanged);
    for (const [n, name] of take.entries()) {
      const type = types[n] ?? 'VARCHAR';
      made.push({ name: freeName(made, `${prefix}${name}`), type, sql: `${found}.${value(n)}` });
    }
    const values = take.map((_, n) => `${quoteText(valueName(n))}: l.${value(n)}`).join(', ');
    const matching = (table: string) =>
      keys.map(({ from }, n) => `l.${key(n)} = ${table}${quoteName(from)}`).join(' AND ');
    return {
      columns: made,
      // A join loses the order of the rows, which is brought back here.
      from: (before) =>
        `(SELECT * FROM (SELECT b.*, (SELECT {${values}} FROM ${lookup} AS l WHERE ${matching('b.')}) AS ${found} FROM ${withOrder(before)} AS b) ORDER BY ${rowOrder})`,
      fails: `${found} IS NULL`,
      failsBefore: `(SELECT true FROM ${lookup} AS l WHERE ${matching('')}) IS NULL`,
    };
  },
  learnedSentence: (_settings, learned) => {
    const { matched, unmatched, unused, repeated } = learned as unknown as Matches;
    return `${counted(matched)} training rows found a partner, ${counted(unmatched)} did not; ${counted(unused)} keys of the other dataset were never used${repeated > 0 ? `; ${counted(repeated)} keys are there several times` : ''}`;
  },
});

function lookupOf({ dataset, keys, take }: Settings, others: OtherTables): Lookup {
  const schema = others.get(dataset)?.schema ?? [];
  const typed = (name: string) => findColumn(schema, name)?.type ?? 'VARCHAR';
  const keyNames = keys.map((_, n) => key(n)).join(', ');
  const rowKeys = keys.map(({ to }, n) => `${quoteName(to)} AS ${key(n)}`).join(', ');
  const there = keys.map(({ to }) => `${quoteName(to)} IS NOT NULL`).join(' AND ');
  const values = take.map((name, n) => `${quoteText(valueName(n))}: ${quoteName(name)}`).join(', ');
  const unpacked = take.map((_, n) => `"row".${value(n)} AS ${value(n)}`).join(', ');
  return {
    datasetId: dataset,
    columns: [
      { name: number as string, type: 'BIGINT' as const },
      { name: times as string, type: 'BIGINT' as const },
      ...keys.map(({ to }, n) => ({ name: key(n), type: typed(to) })),
      ...take.map((name, n) => ({ name: value(n), type: typed(name) })),
    ].map(({ name, type }) => ({ name: name.slice(1, -1), type })),
    // One row more than allowed, so that too many can be told without reading them all.
    sql: (other) =>
      `SELECT "first" AS ${number}, ${times}, ${keyNames}, ${unpacked} FROM (SELECT ${keyNames}, count(*) AS ${times}, min("n") AS "first", arg_min("row", "n") AS "row" FROM (SELECT ${rowKeys}, {${values}} AS "row", row_number() OVER () AS "n" FROM ${other} WHERE ${there} LIMIT ${MOST_ROWS + 1}) GROUP BY ${keyNames}) ORDER BY "first"`,
  };
}

function refusals(way: Settings['repeated'], { otherRows, repeated }: Matches): StepProblem[] {
  if (otherRows > MOST_ROWS) {
    return [
      {
        field: 'dataset',
        message: `The other dataset has more than ${counted(MOST_ROWS)} rows: too many to be kept with a model.`,
        instead: 'Group it to one row for each key with a recipe of its own, or leave out rows that are not needed.',
      },
    ];
  }
  if (way === 'first' || repeated === 0) return [];
  return [
    {
      field: 'keys',
      message: `${counted(repeated)} keys are in the other dataset several times, so it is not clear which row is meant.`,
      instead: 'Match by more columns, or take the first row of each key.',
    },
  ];
}

function checkJoin({ dataset, keys, take }: Settings, schema: TableSchema, others: OtherTables): StepProblem[] {
  const other = others.get(dataset);
  if (!other) {
    return [
      { field: 'dataset', message: 'The dataset to look up in is not there.', instead: 'Choose another dataset.' },
    ];
  }
  const problems = problemsOfColumns(
    schema,
    keys.map(({ from }) => from),
    { field: 'keys' },
  );
  const absent = (field: string, name: string): StepProblem => ({
    field,
    message: `There is no column “${name}” in “${other.name}”.`,
    instead: 'Choose another of its columns, or another dataset.',
  });
  for (const { from, to } of keys) {
    const [mine, theirs] = [findColumn(schema, from), findColumn(other.schema, to)];
    if (!theirs) problems.push(absent('keys', to));
    else if (mine && mine.type !== theirs.type) {
      problems.push({
        field: 'keys',
        column: from,
        message: `“${from}” is ${typeInWords(mine)}, and “${to}” of “${other.name}” is ${typeInWords(theirs)}: they are never equal.`,
        instead: 'Change the type of the column in a step before, or match by other columns.',
      });
    }
  }
  for (const name of take) if (!findColumn(other.schema, name)) problems.push(absent('take', name));
  return problems;
}

const counted = (rows: number) => rows.toLocaleString('en-US');
