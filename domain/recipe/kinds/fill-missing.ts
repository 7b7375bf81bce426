import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { castLiteral, literalProblem } from '../literals.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { findColumn, isDate, isNumeric, type TableSchema } from '../table-schema.ts';
import { columnList, typeInWords } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  with: z.enum(['constant', 'mean', 'median', 'most frequent']).default('most frequent'),
  constant: z.string().max(1000).default(''),
  /** The statistic of the rows that are alike in this column; of all rows where the group is new or has no value. */
  group: z.string().default(''),
});

type Settings = z.infer<typeof settings>;

/** What was learned of one column: over all rows, and by group. */
interface Statistic {
  all: string | null;
  groups: { group: string; value: string }[];
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
    const statistics = columns.map((name) => {
      const value = statisticOf(by, quoteName(name), findColumn(schema, name)?.type === 'BIGINT');
      const all = `(SELECT CAST(${value} AS VARCHAR) FROM ${before})`;
      const grouped = `(SELECT list({'group': CAST(g AS VARCHAR), 'value': CAST(v AS VARCHAR)} ORDER BY g) FROM (SELECT ${quoteName(group)} AS g, ${value} AS v FROM ${before} WHERE ${quoteName(group)} IS NOT NULL GROUP BY 1) WHERE v IS NOT NULL)`;
      return `{'all': ${all}, 'groups': ${group ? grouped : 'NULL'}}`;
    });
    return `SELECT to_json([${statistics.join(', ')}]) AS learned`;
  },
  map: ({ columns, with: by, constant, group }, schema, learned) => {
    const statistics = learned as unknown as Statistic[] | null;
    return changeColumns(schema, columns, (column) => {
      if (by === 'constant') return `coalesce(${column.quoted}, ${castLiteral(constant, column.type)})`;
      const place = columns.findIndex((name) => name.toLowerCase() === column.name.toLowerCase());
      const found = statistics?.[place];
      if (!found || found.all === null) return column.quoted;
      const whole = castLiteral(found.all, column.type);
      if (!group || found.groups.length === 0) return `coalesce(${column.quoted}, ${whole})`;
      const keys = found.groups.map((each) => quoteText(each.group)).join(', ');
      const values = found.groups.map((each) => quoteText(each.value)).join(', ');
      const own = `CAST(map([${keys}], [${values}])[CAST(${quoteName(group)} AS VARCHAR)] AS ${column.type})`;
      return `coalesce(${column.quoted}, ${own}, ${whole})`;
    });
  },
  learnedSentence: ({ columns, with: by }, learned) => {
    if (by === 'constant') return '';
    const statistics = learned as unknown as Statistic[];
    const each = statistics.slice(0, 3).map((found, n) => `“${columns[n]}”: ${found.all ?? 'no value to learn from'}`);
    return `learned from the training rows: ${each.join(', ')}${statistics.length > 3 ? ' …' : ''}`;
  },
});

function statisticOf(by: Exclude<Settings['with'], 'constant'>, value: string, whole: boolean): string {
  if (by === 'mean') return `avg(${value}) FILTER (isfinite(CAST(${value} AS DOUBLE)))`;
  // A median of whole numbers is one of them, so that the column stays one of whole numbers.
  if (by === 'median') return whole ? `quantile_disc(${value}, 0.5)` : `median(${value})`;
  // Of equally frequent values the least: the same answer whatever the order in which threads met them.
  return `(list_sort(map_entries(histogram(${value})), lambda a: {'n': -a.value, 'k': a.key}))[1].key`;
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
