import { importanceBars } from '../../../web/page-models/importance-bars.ts';
import { lineChart } from '../../../web/page-models/line-chart.ts';

const chartOf = (points: [number, number][]) => {
  const chart = lineChart({ title: 't', caption: '', xTitle: 'Step', yTitle: 'loss', points });
  return { up: chart?.rules.map(({ text }) => text), across: chart?.ticks.map(({ text }) => text), chart };
};

test.each([
  { of: 'scores that are close', ys: [0.9912, 0.9914], up: ['0.9912', '0.9913', '0.9914'] },
  { of: 'a curve that never moved', ys: [38.3865, 38.3865], up: ['38.39'] },
  { of: 'nothing but zeros', ys: [0, 0], up: ['0.0000'] },
  { of: 'a wide range', ys: [0.2, 3.9], up: ['0', '2', '4'] },
  { of: 'large numbers that are close', ys: [1_000_100, 1_000_900], up: ['1,000,000', '1,000,500', '1,001,000'] },
  { of: 'large numbers', ys: [12_000, 99_000], up: ['0', '50K', '100K'] },
])('says each height once, in round numbers, of $of', ({ ys, up }) => {
  expect(chartOf(ys.map((y, x) => [x, y])).up).toEqual(up);
});

test('a line that never moved is in the middle', () => {
  const { chart } = chartOf([
    [0, 38.4],
    [9, 38.4],
  ]);
  expect(chart?.path).toBe('M48 76L630 76');
});

test.each([
  { xs: [1, 2], across: ['1', '2'] },
  { xs: [0, 0.3], across: ['0.0', '0.1', '0.2', '0.3'] },
  { xs: [0, 17.3], across: ['0', '5', '10', '15'] },
  { xs: [7, 7], across: ['7', '8'] },
])('ticks of $xs are round, inside, and no two the same', ({ xs, across }) => {
  expect(chartOf(xs.map((x, y) => [x, y])).across).toEqual(across);
});

test('importance is told with the places of the largest, and its bars in percent of the longest', () => {
  const values = (means: number[]) =>
    importanceBars(means.map((mean, index) => ({ column: `c${index}`, mean, interval: null })))?.rows.map(
      ({ value }) => value,
    );
  expect(values([610.281, 86.64, 0.1149, -0.001])).toEqual(['610.28', '86.64', '0.11', '0.00']);
  expect(values([1234.5, 3.25])).toEqual(['1,234.5', '3.3']);
  expect(values([0.2, 0.00004])).toEqual(['0.2000', '0.0000']);
  expect(values([0.00031, 0.00002])).toEqual(['0.000310', '0.000020']);
  expect(values([0, 0])).toEqual(['0', '0']);
  expect(importanceBars([{ column: 'a', mean: 3, interval: 1 }])?.rows[0]).toMatchObject({
    width: 75,
    whisker: { from: 50, to: 100 },
  });
  expect(importanceBars([])).toBeNull();
});
