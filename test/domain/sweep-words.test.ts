import { gridFrom, triedFrom } from '../../domain/sweep-words.ts';

const number = { type: 'number', title: 'Rate' } as const;
const whole = { type: 'integer', title: 'Depth' } as const;

test.each([
  ['2, 4,8', whole, { values: [2, 4, 8] }],
  [' 0.1 ', number, { values: [0.1] }],
  ['yes, no', { type: 'boolean', title: '' } as const, { values: [true, false] }],
  ['tree+svm, tree', { type: 'choices', title: '' } as const, { values: [['tree', 'svm'], ['tree']] }],
  ['fast,good', { type: 'choice', title: '' } as const, { values: ['fast', 'good'] }],
  ['many', whole, { values: ['many'] }],
  ['0.001..0.1', number, { min: 0.001, max: 0.1, scale: 'linear', integer: false }],
  ['1e-4..1:log', number, { min: 0.0001, max: 1, scale: 'log', integer: false }],
  ['1 .. 64 log', whole, { min: 1, max: 64, scale: 'log', integer: true }],
  ['-5..-1', number, { min: -5, max: -1, scale: 'linear', integer: false }],
] as const)('“%s” is read as a person means it', (text, setting, tried) => {
  expect(triedFrom(text, setting)).toEqual(tried);
});

test.each([
  ['a..b', 'is no range of numbers'],
  [' , ', 'at least one value'],
])('“%s” is not read, with a sentence', (text, sentence) => {
  expect(triedFrom(text, number)).toEqual({ problem: expect.stringContaining(sentence) });
});

test('a grid has no place for a range', () => {
  expect(gridFrom({ depth: { values: [1, 2] } })).toEqual({ values: { depth: [1, 2] } });
  const range = { min: 1, max: 2, scale: 'linear', integer: false } as const;
  expect(gridFrom({ depth: { values: [1] }, rate: range })).toMatchObject({ setting: 'rate' });
});
