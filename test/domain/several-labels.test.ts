import { checkTraining, trainingNotes } from '../../domain/check-training.ts';
import type { ColumnProfile } from '../../domain/dataset.ts';

const rows = 60;

function column(name: string, counts: Record<string, number>, sqlType = 'VARCHAR'): ColumnProfile {
  const top = Object.entries(counts).map(([value, count]) => ({ value, count }));
  const known = top.reduce((sum, { count }) => sum + count, 0);
  return {
    ...{ name, sqlType, type: 'text', missing: rows - known, distinct: top.length, top },
    ...{ min: null, max: null, mean: null, histogram: [], remarks: [] },
  };
}

const toxic = column('toxic', { true: 20, false: 40 }, 'BOOLEAN');
const threat = column('threat', { '0': 50, '1': 10 }, 'BIGINT');
const insult = column('insult', { yes: 10, no: 45 });
const comment = column('comment', Object.fromEntries(Array.from({ length: rows }, (_, n) => [`c${n}`, 1])));

const split = { holdoutFraction: 0.2, folds: 0, seed: 0, groupColumn: null, timeColumn: null };
const check = (labels: string[], columns: ColumnProfile[] = [], ignoredColumns: string[] = [], folds = 0) =>
  checkTraining({
    profile: { rows, columns: [comment, toxic, threat, insult, ...columns] },
    task: { kind: 'multilabel', labels, positiveClass: null },
    split: { ...split, folds },
    ignoredColumns,
  });

test('columns that are true or false, 0 or 1, yes or no are predicted together', () => {
  expect(check(['toxic', 'threat', 'insult'])).toEqual([]);
  expect(check(['toxic', 'threat'], [], ['insult'], 5)).toEqual([]);
});

test('rows that lack any label are told of, label by label', () => {
  const profile = { rows, columns: [comment, toxic, threat, insult, column('hate', { yes: 30, no: 29 })] };
  expect(trainingNotes(profile, { labels: ['toxic', 'insult', 'hate'] })).toEqual([
    '5 rows have no value in “insult” and are left out.',
    '1 row has no value in “hate” and is left out.',
  ]);
});

test.each([
  ['one column', ['toxic'], [], /^Choose at least two columns/],
  ['a column that is not there', ['toxic', 'rude'], [], /no column “rude”/],
  [
    'three values',
    ['toxic', 'kind'],
    [column('kind', { a: 20, b: 20, c: 20 })],
    /“kind” has 3 different values, not two; of several labels/,
  ],
  ['one value', ['toxic', 'flat'], [column('flat', { no: 60 })], /“flat” has the same value \(“no”\) in every row/],
  ['no value', ['toxic', 'empty'], [column('empty', {})], /Every row lacks a value in “empty”/],
  [
    'a lonely yes',
    ['toxic', 'rare'],
    [column('rare', { yes: 1, no: 59 })],
    /In “rare”, the class “yes” has one row only/,
  ],
])('%s among several labels is refused', (_, labels, columns, said) => {
  expect(check(labels, columns)).toEqual([{ field: 'task.labels', message: expect.stringMatching(said) }]);
});

test('every label that is wrong is told at once', () => {
  const flat = column('flat', { no: 60 });
  expect(check(['toxic', 'flat', 'rude'], [flat])).toHaveLength(2);
});

test('a label cannot be ignored, and something has to be left to learn from', () => {
  expect(check(['toxic', 'threat'], [], ['threat'])).toMatchObject([{ field: 'ignoredColumns' }]);
  expect(check(['toxic', 'threat', 'insult', 'comment'])).toContainEqual(
    expect.objectContaining({ field: 'ignoredColumns', message: expect.stringContaining('No column is left') }),
  );
});
