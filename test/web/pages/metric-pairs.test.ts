import { metricPairs } from '../../../web/page-models/metric-pairs.ts';

const line = (name: string, isDrawn = true) => ({ name, chart: isDrawn ? {} : null });
const shown = (...lines: ReturnType<typeof line>[]) =>
  metricPairs(lines).map((pair) => [pair.title, ...pair.lines.map(({ name }) => name)]);

test('training and validation of one measure stand beside each other', () => {
  const names = ['validation_loss', 'epoch_seconds', 'train_accuracy', 'train_loss', 'validation_accuracy'];
  expect(shown(...names.map((name) => line(name)))).toEqual([
    ['loss', 'train_loss', 'validation_loss'],
    ['accuracy', 'train_accuracy', 'validation_accuracy'],
  ]);
});

test('what has no other half, or no curve yet, makes no pair', () => {
  expect(shown(line('train_loss'), line('seconds'))).toEqual([]);
  expect(shown(line('train_loss'), line('validation_loss', false))).toEqual([]);
});
