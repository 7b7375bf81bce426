import type { ColumnProfile, DatasetProfile } from '../../domain/dataset.ts';
import {
  checkLabel,
  checkTraining,
  guessLabel,
  guessTask,
  likeIdentifiers,
  trainingNotes,
} from '../../domain/guess-task.ts';

/** A column as the profile of a file would have it. */
function column(name: string, values: (string | null)[], sqlType = 'VARCHAR'): ColumnProfile {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const top = [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count);
  const types = {
    BIGINT: 'whole number',
    DOUBLE: 'number',
    BOOLEAN: 'yes/no',
    DATE: 'date',
    TIMESTAMP: 'date and time',
  } as const;
  return {
    name,
    type: types[sqlType as keyof typeof types] ?? 'text',
    sqlType,
    missing: values.filter((value) => value === null).length,
    distinct: counts.size,
    min: null,
    max: null,
    mean: null,
    top: top.slice(0, 20),
    histogram: [],
    remarks: [],
  };
}

function repeat(values: (string | null)[], times: number): (string | null)[] {
  return Array.from({ length: times }, () => values).flat();
}

const feature = column(
  'x',
  Array.from({ length: 60 }, (_, n) => `${n}.5`),
  'DOUBLE',
);

function table(...columns: ColumnProfile[]): DatasetProfile {
  return { rows: 60, columns };
}

const unique = Array.from({ length: 60 }, (_, n) => `v${n}`);
const numbers = Array.from({ length: 60 }, (_, n) => `${n * 1.5}`);

describe('the label is guessed', () => {
  test.each([
    ['by its name, wherever it is', [column('Target', repeat(['a', 'b'], 30)), feature], 'Target'],
    ['as the last column', [feature, column('species', repeat(['a', 'b', 'c'], 20))], 'species'],
    ['not as an id', [column('churned', repeat(['yes', 'no'], 30)), column('id', unique)], 'churned'],
    ['not as a constant', [column('churned', repeat(['yes', 'no'], 30)), column('v', repeat(['1'], 60))], 'churned'],
    [
      'not as a date',
      [column('price', numbers, 'DOUBLE'), column('day', repeat(['2024-01-01', '2024-01-02'], 30), 'DATE')],
      'price',
    ],
  ])('%s', (_, columns, expected) => {
    expect(guessLabel(table(...columns))).toMatchObject({ column: expected, why: expect.any(String) });
  });

  test('and what is not known of the columns behind it is not said', () => {
    const made = { ...column('made', repeat(['1'], 60)), distinct: 0 };
    expect(guessLabel(table(column('churned', repeat(['yes', 'no'], 30)), made))).toMatchObject({
      column: 'churned',
      why: 'Of the columns whose values are known by now, it is the last that can be predicted.',
    });
  });

  test('not at all where nothing can be predicted', () => {
    expect(guessLabel(table(column('id', unique), column('c', repeat(['1'], 60))))).toBeUndefined();
  });
});

describe('the task is guessed', () => {
  test.each([
    [
      'yes and no',
      column('y', repeat(['no', 'no', 'yes'], 20)),
      { kind: 'binary', metric: 'roc_auc', positiveClass: 'yes' },
    ],
    ['0 and 1', column('y', repeat(['0', '0', '1'], 20), 'BIGINT'), { kind: 'binary', positiveClass: '1' }],
    ['1 and 2', column('y', repeat(['1', '2', '1'], 20), 'BIGINT'), { kind: 'binary', positiveClass: '1' }],
    ['3 and 10', column('y', repeat(['3', '10', '10'], 20), 'BIGINT'), { kind: 'binary', positiveClass: '10' }],
    [
      'the rarer of two words',
      column('y', repeat(['dog', 'dog', 'cat'], 20)),
      { kind: 'binary', positiveClass: 'cat' },
    ],
    [
      'true and false',
      column('y', repeat(['true', 'false', 'true'], 20), 'BOOLEAN'),
      { kind: 'binary', positiveClass: 'true' },
    ],
    [
      'three words',
      column('y', repeat(['a', 'b', 'c'], 20)),
      { kind: 'multiclass', metric: 'log_loss', positiveClass: null },
    ],
    ['few whole numbers', column('y', repeat(['0', '1', '2'], 20), 'BIGINT'), { kind: 'multiclass' }],
    [
      'few whole numbers beside missing ones',
      column('y', repeat(['0.0', '1.0', '2.0'], 20), 'DOUBLE'),
      { kind: 'multiclass' },
    ],
    [
      'few fractions',
      column('y', repeat(['0.5', '1.5', '2.5'], 20), 'DOUBLE'),
      { kind: 'regression', metric: 'rmse', positiveClass: null },
    ],
    ['many numbers', column('y', numbers, 'DOUBLE'), { kind: 'regression' }],
    ['few rows of different whole numbers', column('y', ['1', '2', '3', '4'], 'BIGINT'), { kind: 'regression' }],
  ] as const)('from %s', (_, label, expected) => {
    const guess = guessTask(label);
    expect(guess).toMatchObject(expected);
    expect(guess.why).toMatch(/“y”/);
  });
});

const split = { holdoutFraction: 0.2, folds: 0, seed: 0, groupColumn: null, timeColumn: null };

describe('a label is refused', () => {
  test.each([
    ['that is not there', column('z', unique), 'binary', 'task.labels', /no column “y”. It has “x”, “z”/],
    ['without any value', column('y', repeat([null], 60)), 'binary', 'task.labels', /Every row lacks a value in “y”/],
    [
      'with a value in hardly any row',
      column('y', [...repeat(['a', 'b'], 2), ...repeat([null], 56)]),
      'binary',
      'task.labels',
      /Only 4 rows have a value in “y”, .* at least 5 are needed/,
    ],
    [
      'that is constant where it has a value',
      column('y', [null, ...repeat(['a'], 59)]),
      'binary',
      'task.labels',
      /the same value \(“a”\) in every row that has one/,
    ],
    [
      'that is constant',
      column('y', repeat(['a'], 60)),
      'multiclass',
      'task.labels',
      /the same value \(“a”\) in every row/,
    ],
    ['that is all unique', column('y', unique), 'multiclass', 'task.labels', /a different value in every row/],
    [
      'with a class of one row',
      column('y', ['rare', ...repeat(['a'], 30), ...repeat(['b'], 29)]),
      'multiclass',
      'task.labels',
      /the class “rare” has one row only/,
    ],
    [
      'with classes of one row among many',
      column('y', [...unique.slice(0, 40), ...unique.slice(0, 20)]),
      'multiclass',
      'task.labels',
      /some of the 40 classes have one row only/,
    ],
    [
      'of text for a number',
      column('y', repeat(['a', 'b', 'c'], 20)),
      'regression',
      'task.kind',
      /“y” is text, like “a”, but/,
    ],
    [
      'of three classes for two',
      column('y', repeat(['a', 'b', 'c'], 20)),
      'binary',
      'task.kind',
      /has 3 different values, not two/,
    ],
  ] as const)('%s', (_, label, kind, field, message) => {
    const profile = table(feature, label);
    const task = { kind, labels: ['y'], positiveClass: null };
    const problems = checkTraining({ profile, task, split, ignoredColumns: [] });
    expect(problems).toEqual([{ field, message: expect.stringMatching(message) }]);
    expect(checkLabel(profile, task)).toEqual([problems[0]?.message]);
  });

  test('with a positive class that it does not have', () => {
    const profile = table(feature, column('y', repeat(['a', 'b'], 30)));
    const problems = checkTraining({
      profile,
      task: { kind: 'binary', labels: ['y'], positiveClass: 'c' },
      split,
      ignoredColumns: [],
    });
    expect(problems).toEqual([{ field: 'task.positiveClass', message: '“y” has no value “c”. It has “a”, “b”.' }]);
  });
});

describe('a training is refused', () => {
  const label = column('y', [...repeat(['a'], 57), ...repeat(['b'], 3)]);
  const task = { kind: 'binary', labels: ['y'], positiveClass: null } as const;
  const problemsOf = (more: Partial<Parameters<typeof checkTraining>[0]>) =>
    checkTraining({
      profile: table(feature, label),
      task: { ...task, labels: ['y'] },
      split,
      ignoredColumns: [],
      ...more,
    });

  test('not without a reason', () => expect(problemsOf({})).toEqual([]));

  test.each([
    [
      'with more folds than rows',
      { profile: { rows: 6, columns: [feature, column('y', repeat(['a', 'b'], 3))] }, split: { ...split, folds: 5 } },
      'split.folds',
      /5 folds need at least 5 rows, but of 6 rows only 4 are left/,
    ],
    [
      'with more folds than rows of a class',
      { split: { ...split, folds: 5 } },
      'split.folds',
      /“b” has 3 rows. Choose at most 3 folds/,
    ],
    [
      'with very few rows',
      {
        profile: { rows: 3, columns: [feature, column('y', ['1', '2', '3'], 'BIGINT')] },
        task: { kind: 'regression', labels: ['y'], positiveClass: null },
      },
      'split.holdoutFraction',
      /has 3 rows: too few/,
    ],
    [
      'with groups by what is not there',
      { split: { ...split, groupColumn: 'z' } },
      'split.groupColumn',
      /no column “z”/,
    ],
    ['in order of the label', { split: { ...split, timeColumn: 'y' } }, 'split.timeColumn', /“y” is to be predicted/],
    ['weighed by text', { weightColumn: 'y' }, 'weightColumn', /is to be predicted/],
    [
      'with its only column as the group',
      { split: { ...split, groupColumn: 'x' } },
      'ignoredColumns',
      /No column is left/,
    ],
    ['with all columns ignored', { ignoredColumns: ['x'] }, 'ignoredColumns', /No column is left.* Ignore fewer/],
    ['with one column', { profile: table(label) }, 'ignoredColumns', /No column is left.* another column beside/],
    ['with an unknown column ignored', { ignoredColumns: ['q'] }, 'ignoredColumns', /no column “q” to ignore/],
    [
      'with many unknown columns ignored',
      { ignoredColumns: ['q', 'r', 's', 't', 'u', 'v', 'w'] },
      'ignoredColumns',
      /no column “q”, “r”, “s”, “t”, “u” and 2 more to ignore/,
    ],
    ['with the label ignored', { ignoredColumns: ['y'] }, 'ignoredColumns', /“y” is to be predicted/],
    [
      'with two labels',
      { task: { kind: 'binary', labels: ['y', 'x'], positiveClass: null } },
      'task.labels',
      /one column/,
    ],
  ] as const)('%s', (_, more, field, message) => {
    const problems = problemsOf(more as unknown as Partial<Parameters<typeof checkTraining>[0]>);
    expect(problems[0]).toEqual({ field, message: expect.stringMatching(message) });
  });
});

describe('what is said before', () => {
  const task = { kind: 'binary', labels: ['y'], positiveClass: null } as const;
  const withoutValue = (count: number) => table(feature, column('y', [...repeat([null], count), ...half(60 - count)]));
  const half = (count: number) => repeat(['a', 'b'], 30).slice(0, count);

  test.each([
    [15, ['15 rows have no value in “y” and are left out.']],
    [1, ['1 row has no value in “y” and is left out.']],
    [0, []],
    [60, []],
  ])('of %d rows without a label', (count, notes) => {
    expect(trainingNotes(withoutValue(count), { labels: ['y'] })).toEqual(notes);
  });

  test('and they are no reason to refuse, as long as enough are left', () => {
    const problemsWith = (count: number) =>
      checkTraining({ profile: withoutValue(count), task: { ...task, labels: ['y'] }, split, ignoredColumns: [] });
    expect(problemsWith(15)).toEqual([]);
    expect(problemsWith(55)).toEqual([]);
    expect(problemsWith(56)).toEqual([{ field: 'task.labels', message: expect.stringContaining('Only 4 rows') }]);
  });

  test('of columns that look like identifiers', () => {
    const profile = table(
      column('customer', unique),
      column(
        'number',
        Array.from({ length: 60 }, (_, index) => String(index)),
        'BIGINT',
      ),
      column('amount', numbers, 'DOUBLE'),
      column('plan', repeat(['a', 'b'], 30)),
    );
    expect(likeIdentifiers(profile)).toEqual(['customer', 'number']);
  });
});
