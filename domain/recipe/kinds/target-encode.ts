import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { exactMean, exactSums } from '../exact-sums.ts';
import {
  learnColumns,
  learnedColumns,
  learnedWords,
  type OfColumn,
  ofColumn,
  shortNumber,
} from '../learned-columns.ts';
import { castLiteral, literalProblem } from '../literals.ts';
import { isLevel, type Level, MOST_LEVELS, tooManyLevels, valueOfLevel } from '../levels.ts';
import { plainText } from '../setting-schemas.ts';
import { quoteName, quoteNumber } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { findColumn, isNumeric, sameName, type TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  label: z.string().min(1, 'Choose the label.'),
  /** The class that counts as 1; nothing for a label that is a number. */
  chosen: plainText(1000).default(''),
  smoothing: z.number().min(0).max(1_000_000).default(10),
});

type Settings = z.infer<typeof settings>;

interface Targets extends OfColumn {
  /** The mean of the label over all training rows that have one. */
  mean: number | null;
  levels: Level<number>[];
}

export const targetEncode = defineStep<Settings>({
  name: 'target-encode',
  title: 'Encode by the label',
  group: 'categories',
  help: 'Replaces each value by the mean of the label among the training rows that have it, drawn to the mean of all where they are few. No training row sees its own label: each fold is encoded from the others.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR', 'BOOLEAN', 'BIGINT'] },
    { name: 'label', title: 'Label', input: 'column', types: ['VARCHAR', 'BOOLEAN', 'BIGINT', 'DOUBLE'] },
    { name: 'chosen', title: 'Class that counts as 1', input: 'text', optional: true },
    {
      name: 'smoothing',
      title: 'Smoothing',
      help: 'As many rows of the overall mean are mixed into each value’s own.',
      input: 'number',
    },
  ],
  sentence: ({ columns, label, chosen }) =>
    `Replace ${columnList(columns)} by the ${chosen === '' ? 'mean' : `share of “${chosen}”`} of “${label}” among rows with the value`,
  check: checkTargets,
  learnsFrom: ({ label }) => label,
  fit: ({ columns, label, chosen, smoothing }, schema, before) => {
    const target = targetOf(schema, label, chosen);
    const rows = `(SELECT * FROM ${before} WHERE isfinite(${target}))`;
    const mean = exactMean(target, rows);
    return learnColumns(columns, (column) => {
      const name = `CAST(${quoteName(column)} AS VARCHAR)`;
      const counts = `SELECT ${name} AS "g1", count(*) AS "n" FROM ${rows} WHERE ${isLevel(column)} GROUP BY ALL`;
      const weight = quoteNumber(smoothing);
      const value = `(s."total" + ${weight} * ${mean}) / (c."n" + ${weight})`;
      const levels = `SELECT c."g1" AS "l", ${value} AS "v" FROM (${counts}) AS c JOIN (${exactSums(target, [name], rows)}) AS s ON c."g1" = s."g1" LIMIT ${MOST_LEVELS + 1}`;
      return {
        mean,
        levels: `coalesce((SELECT list({'level': "l", 'value': "v"} ORDER BY "l") FROM (${levels})), [])`,
      };
    });
  },
  refuses: (_settings, learned) =>
    learnedColumns<Targets>(learned).flatMap(({ column, levels }) => tooManyLevels(column, levels)),
  map: ({ columns }, schema, learned) =>
    changeColumns(schema, columns, ({ name, quoted }) => {
      const { mean, levels } = ofColumn(learnedColumns<Targets>(learned), name) ?? { mean: null, levels: [] };
      if (mean === null) return { type: 'DOUBLE', sql: 'CAST(NULL AS DOUBLE)' };
      return { type: 'DOUBLE', sql: `coalesce(${valueOfLevel(quoted, levels, 'DOUBLE')}, ${quoteNumber(mean)})` };
    }),
  learnedSentence: (_settings, learned) =>
    learnedWords(
      learnedColumns<Targets>(learned),
      ({ mean, levels }) => `${levels.length} values around ${shortNumber(mean)}`,
    ),
});

/** The label as a number. */
function targetOf(schema: TableSchema, label: string, chosen: string): string {
  const column = findColumn(schema, label);
  const name = quoteName(label);
  if (!column || chosen === '') return `CAST(${name} AS DOUBLE)`;
  const isChosen = `${name} = ${castLiteral(chosen, column.type)}`;
  return `CASE WHEN ${isChosen} THEN CAST('1' AS DOUBLE) WHEN ${name} IS NOT NULL THEN CAST('0' AS DOUBLE) END`;
}

function checkTargets({ columns, label, chosen }: Settings, schema: TableSchema): StepProblem[] {
  const problems = problemsOfColumns(schema, columns, {
    types: ['VARCHAR', 'BOOLEAN', 'BIGINT'],
    field: 'columns',
    wrong: (name, type) => `“${name}” cannot be encoded by the label: it is ${type}.`,
    instead: 'Take the column out of this step, or put it into bins before.',
  });
  problems.push(
    ...problemsOfColumns(schema, [label], {
      types: ['VARCHAR', 'BOOLEAN', 'BIGINT', 'DOUBLE'],
      field: 'label',
      wrong: (name, type) => `The mean of “${name}” cannot be taken: it is ${type}.`,
      instead: 'Choose a label of classes or numbers, or change its type in a step before.',
    }),
  );
  if (columns.some((name) => sameName(name, label))) {
    problems.push({
      field: 'columns',
      column: label,
      message: `“${label}” is the label, and cannot be replaced by its own mean.`,
      instead: 'Take it out of the columns, or choose another label.',
    });
  }
  const column = findColumn(schema, label);
  if (!column || problems.length > 0) return problems;
  if (chosen !== '') {
    const wrong = literalProblem(chosen, column);
    if (wrong) problems.push({ ...wrong, field: 'chosen' });
  } else if (!isNumeric(column) && column.type !== 'BOOLEAN') {
    problems.push({
      field: 'chosen',
      column: label,
      message: `The mean of “${label}” cannot be taken: it is text.`,
      instead: 'Say which of its classes counts as 1, or choose a label that is a number.',
    });
  }
  return problems;
}
