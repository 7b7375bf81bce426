import { rightOutcomes } from './oracle.ts';

const unhurt = () => false;
const firstHit = (attempt: number) => attempt === 1;

test('what counted when it was stopped has a model, unless its machine was hit', () => {
  const seen = { phase: 'training', counting: 1 };
  expect(rightOutcomes('stop', seen, unhurt)).toEqual(['succeeded']);
  expect(rightOutcomes('stop', { ...seen, counting: 2 }, firstHit)).toEqual(['succeeded']);
  expect(rightOutcomes('stop', seen, firstHit)).toEqual(['succeeded', 'cancelled']);
  expect(rightOutcomes('stop', { phase: 'collecting', counting: null }, unhurt)).toEqual(['succeeded']);
});

test('what was stopped before it counted may have nothing to keep', () => {
  expect(rightOutcomes('stop', { phase: 'training', counting: null }, unhurt)).toEqual(['succeeded', 'cancelled']);
  expect(rightOutcomes('stop', { phase: 'preparing', counting: null }, unhurt)).toEqual(['succeeded', 'cancelled']);
});

test('what was cancelled while it trained is cancelled, and what nobody asked anything succeeds', () => {
  expect(rightOutcomes('cancel', { phase: 'training', counting: 1 }, firstHit)).toEqual(['cancelled']);
  expect(rightOutcomes('cancel', { phase: 'done', counting: null }, unhurt)).toEqual(['succeeded', 'cancelled']);
  expect(rightOutcomes('succeed', undefined, firstHit)).toEqual(['succeeded']);
});
