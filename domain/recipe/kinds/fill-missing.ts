import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { exactMean, exactSums } from '../exact-sums.ts';
import { learnColumns, learnedColumns, learnedWords, type OfColumn, ofColumn } from '../learned-columns.ts';
import { isLevel, type Level, MOST_LEVELS, mostFrequent, tooManyLevels, valueOfLevel } from '../levels.ts';
import { castLiteral, literalProblem } from '../literals.ts';
import { plainText } from '../setting-schemas.ts';
import { quoteName } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { type Column, findColumn, isDate, isNumeric, type TableSchema } from '../table-schema.ts';
import { columnList, typeInWords } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  with: z.enum(['constant', 'mean', 'median', 'most frequent']).default('most frequent'),
  constant: plainText(1000).default(''),
  /** The statistic of the rows that are alike in this column; of all rows where the group is new or has no value. */
  group: z.string().default(''),
});

type Settings = z.infer<typeof settings>;

/** What was learned of one column: over all rows, and by group. */
interface Statistic extends OfColumn {
  all: string | null;
  groups: Level<string>[];
}

export const fillMissing = defineStep<Settings>({
  name: 'fill-missing',
  title: 'Fill missing',
  group: 'missing',
  help: 'Puts a value where there is none: a constant, or what is usual in the training rows.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns' },
    {
      name: 'with',
      title: 'With',
      input: 'choice',
      choices: [
        { value: 'most frequent', title: 'the most frequent value' },
        { value: 'median', title: 'the median' },
        { value: 'mean', title: 'the mean' },
        { value: 'constant', title: 'a constant' },
      ],
    },
    { name: 'constant', title: 'Constant', input: 'text', when: { field: 'with', is: ['constant'] } },
    {
      name: 'group',
      title: 'Within groups of',
      input: 'column',
      optional: true,
      when: { field: 'with', is: ['most frequent', 'median', 'mean'] },
    },
  ],
  sentence: ({ columns, with: by, constant, group }) =>
    `Fill missing ${columnList(columns)} with ${by === 'constant' ? `“${constant}”` : `the ${by === 'most frequent' ? 'most frequent value' : by}`}${group && by !== 'constant' ? ` of its group by “${group}”` : ''}`,
  check: checkFill,
  fit: ({ columns, with: by, group }, schema, before) => {
    if (by === 'constant') return `SELECT CAST('null' AS JSON) AS learned`;
    return learnColumns(columns, (name) => {
      const column = findColumn(schema, name);
      const statistic = column ? statisticOf(by, column, before, group) : { all: 'NULL', groups: '[]' };
      return { all: `CAST(${statistic.all} AS VARCHAR)`, groups: statistic.groups };
    });
  },
  refuses: ({ group }, learned) =>
    learnedColumns<Statistic>(learned)
      .slice(0, 1)
      .flatMap(({ groups }) => tooManyLevels(group, groups)),
  map: ({ columns, with: by, constant, group }, schema, learned) =>
    changeColumns(schema, columns, (column) => {
      if (by === 'constant') return `coalesce(${column.quoted}, ${castLiteral(constant, column.type)})`;
      const type = by === 'mean' ? 'DOUBLE' : column.type;
      const found = ofColumn(learnedColumns<Statistic>(learned), column.name);
      if (!found || found.all === null) return { type, sql: column.quoted };
      const whole = castLiteral(found.all, type);
      const own = group && found.groups.length > 0 ? [valueOfLevel(quoteName(group), found.groups, type)] : [];
      return { type, sql: `coalesce(${[column.quoted, ...own, whole].join(', ')})` };
    }),
  learnedSentence: ({ with: by }, learned) =>
    by === 'constant'
      ? ''
      : learnedWords(learnedColumns<Statistic>(learned), ({ all }) => all ?? 'no value to learn from'),
});

/** The statistic over all rows, and as a list of {level, value} by group. NaN and infinities are no usual values. */
function statisticOf(
  by: Exclude<Settings['with'], 'constant'>,
  column: Column,
  before: string,
  group: string,
): { all: string; groups: string } {
  const value = quoteName(column.name);
  const usual = column.type === 'DOUBLE' ? `isfinite(${value})` : isLevel(column.name);
  const rows = `(SELECT * FROM ${before} WHERE ${usual})`;
  const groupText = `CAST(${quoteName(group)} AS VARCHAR)`;
  const some = `(SELECT * FROM ${before} WHERE ${usual} AND ${isLevel(group)})`;
  const listed = (select: string) =>
    group
      ? `coalesce((SELECT list({'level': "g1", 'value': CAST("v" AS VARCHAR)} ORDER BY "g1") FROM (${select} LIMIT ${MOST_LEVELS + 1})), [])`
      : '[]';
  if (by === 'mean') {
    const counts = `SELECT ${groupText} AS "g1", count(*) AS "n" FROM ${some} GROUP BY ALL`;
    return {
      all: exactMean(value, rows),
      groups: listed(
        `SELECT c."g1", s."total" / c."n" AS "v" FROM (${counts}) AS c JOIN (${exactSums(value, [groupText], some)}) AS s ON c."g1" = s."g1"`,
      ),
    };
  }
  if (by === 'most frequent') {
    return { all: `(${mostFrequent(value, [], rows)})`, groups: listed(mostFrequent(value, [groupText], some)) };
  }
  // Between two whole numbers or days the lower one, so that the column stays what it is.
  const median = column.type === 'DOUBLE' ? `median(${value})` : `quantile_disc(${value}, 0.5)`;
  return {
    all: `(SELECT ${median} FROM ${rows})`,
    groups: listed(`SELECT ${groupText} AS "g1", ${median} AS "v" FROM ${some} GROUP BY ALL`),
  };
}

function checkFill({ columns, with: by, constant, group }: Settings, schema: TableSchema): StepProblem[] {
  const problems = problemsOfColumns(schema, columns, { field: 'columns' });
  if (group && by !== 'constant') problems.push(...problemsOfColumns(schema, [group], { field: 'group' }));
  for (const column of columns.flatMap((name) => findColumn(schema, name) ?? [])) {
    if (by === 'constant') {
      const wrong = literalProblem(constant, column);
      if (wrong) problems.push({ ...wrong, field: 'constant' });
    } else if (by !== 'most frequent' && !isNumeric(column) && !(by === 'median' && isDate(column))) {
      problems.push({
        field: 'columns',
        column: column.name,
        message: `The ${by} of “${column.name}” cannot be taken: it is ${typeInWords(column)}.`,
        instead: 'Use the most frequent value, or a constant.',
      });
    }
  }
  return problems;
}
