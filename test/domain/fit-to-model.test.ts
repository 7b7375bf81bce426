import type { ColumnProfile } from '../../domain/dataset.ts';
import { fitToModel, mendedBy, mendedSentences, misfits, notAllowed } from '../../domain/fit-to-model.ts';

const all = { extraColumns: true, castTypes: true };
const none = { extraColumns: false, castTypes: false };
const rows = 10;

const known = [
  { name: 'size', sqlType: 'DOUBLE', role: 'feature' },
  { name: 'code', sqlType: 'VARCHAR', role: 'feature' },
  { name: 'note', sqlType: 'VARCHAR', role: 'ignored' },
  { name: 'sold', sqlType: 'BOOLEAN', role: 'label' },
];

const column = (name: string, sqlType: string, missing = 0) => ({ name, sqlType, missing }) as ColumnProfile;
const fitOf = (columns: ColumnProfile[], model = known) => fitToModel(model, { rows, columns });
const nothing = { missing: [], extra: [], cast: [], impossible: [] };

test('several labels are no columns that the model does not know', () => {
  const model = [...known, { name: 'late', sqlType: 'BOOLEAN', role: 'label' }];
  const columns = ['size', 'code', 'sold', 'late'].map((name) => column(name, name === 'size' ? 'DOUBLE' : 'VARCHAR'));
  expect(fitOf(columns, model)).toEqual(nothing);
  expect(fitOf(columns).extra).toEqual([{ name: 'late', type: 'text' }]);
});

test('data as it was at the training fits, also with the label and with what the model was not shown, of any type', () => {
  const columns = [
    column('code', 'VARCHAR'),
    column('size', 'DOUBLE'),
    column('sold', 'BIGINT'),
    column('note', 'DATE'),
  ];
  const fit = fitOf(columns);
  expect(fit).toEqual(nothing);
  expect(misfits(fit, none, 'prices')).toEqual([]);
  expect(mendedSentences(mendedBy(fit))).toEqual([]);
});

test('a column without a value is one of any type', () => {
  expect(fitOf([column('code', 'VARCHAR'), column('size', 'VARCHAR', rows)])).toEqual(nothing);
  expect(fitOf([column('code', 'VARCHAR'), column('size', 'VARCHAR', rows - 1)]).cast).toHaveLength(1);
});

test('extra columns are ignored and types cast where that is allowed, and it is said', () => {
  const fit = fitOf([column('size', 'BIGINT'), column('code', 'VARCHAR'), column('shop', 'DATE')]);
  expect(misfits(fit, all, 'prices')).toEqual([]);
  const mended = mendedBy(fit);
  expect(mended).toEqual({
    ignored: ['shop'],
    cast: [{ column: 'size', from: 'whole number', to: 'number' }],
  });
  expect(mendedSentences(mended)).toEqual([
    'The model does not look at “shop”.',
    'Types are cast: “size” from whole number to number.',
  ]);
});

test('each of both is refused where it is not allowed, with columns, types and two things to do', () => {
  const fit = fitOf([column('size', 'BIGINT'), column('code', 'VARCHAR'), column('shop', 'DATE')]);
  const extra =
    'The data has the column “shop” (date), which the model “prices” does not know. Remove it, or allow extra columns: it is then ignored.';
  const types =
    'The data has other types than the model “prices” was trained on: “size” is whole number, not number. Change the column, or allow types to be cast.';
  expect(misfits(fit, none, 'prices')).toEqual([extra, types]);
  expect(notAllowed(fit, { ...all, extraColumns: false }, 'prices')).toEqual([extra]);
  expect(notAllowed(fit, { ...all, castTypes: false }, 'prices')).toEqual([types]);
});

test('what is missing is refused whatever is allowed', () => {
  const [one] = misfits(fitOf([column('code', 'VARCHAR')]), all, 'prices');
  expect(one).toBe(
    'The data lacks the column “size” (number), which the model “prices” was trained on. Add it, or give the column that holds it this name.',
  );
  // Names are told apart as the model does.
  const [both] = misfits(fitOf([column('Code', 'VARCHAR')]), all, 'prices');
  expect(both).toMatch(
    /^The data lacks the columns “size” \(number\), “code” \(text\), which .* Add them, or give the columns/,
  );
});

test.each([
  ['DATE', 'DOUBLE'],
  ['TIMESTAMP', 'BIGINT'],
  ['DATE', 'BOOLEAN'],
  ['BOOLEAN', 'DOUBLE'],
  ['BOOLEAN', 'TIMESTAMP'],
  ['BIGINT', 'DATE'],
  ['DOUBLE', 'TIMESTAMP'],
])('%s never becomes %s, so that is refused at once', (from, to) => {
  const fit = fitOf([column('when', from)], [{ name: 'when', sqlType: to, role: 'feature' }]);
  expect(fit.cast).toEqual([]);
  expect(misfits(fit, all, 'prices')).toEqual([
    expect.stringMatching(/“when” is .+, not .+; no such value can be cast\. Mend the column, or predict data like/),
  ]);
});

test.each([
  ['VARCHAR', 'DATE'],
  ['DATE', 'VARCHAR'],
  ['BIGINT', 'BOOLEAN'],
  ['DOUBLE', 'BIGINT'],
  ['TIMESTAMP', 'DATE'],
  ['DATE', 'TIMESTAMP'],
])('of %s the values tell whether they are %s', (from, to) => {
  const fit = fitOf([column('when', from)], [{ name: 'when', sqlType: to, role: 'feature' }]);
  expect([fit.cast.length, fit.impossible.length]).toEqual([1, 0]);
});

test('of many columns the first few are named, and long names are cut', () => {
  const many = Array.from({ length: 1205 }, (_, n) => column(`c${n}`, 'VARCHAR'));
  const fit = fitOf([column('size', 'DOUBLE'), column('code', 'VARCHAR'), column('x'.repeat(500), 'DATE'), ...many]);
  const [reason = ''] = notAllowed(fit, none, 'prices');
  expect(reason).toContain(
    `“${'x'.repeat(60)}…” (date), “c0” (text), “c1” (text), “c2” (text), “c3” (text) and 1,201 more`,
  );
  expect(mendedBy(fit).ignored).toHaveLength(1206);
});
