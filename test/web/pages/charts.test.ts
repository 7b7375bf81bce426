import { bestSoFarChart } from '../../../web/page-models/best-so-far.ts';
import { clockAt } from '../../../web/page-models/clock.ts';
import { importanceBars } from '../../../web/page-models/importance-bars.ts';
import { leaderboardCard } from '../../../web/page-models/leaderboard-card.ts';
import { learningLive } from '../../../web/page-models/learning-live.ts';
import { lineChart } from '../../../web/page-models/line-chart.ts';
import { machineCard } from '../../../web/page-models/machine-card.ts';

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

describe('the best score so far', () => {
  const score = (seconds: number, validation: number) => ({
    ...{ model: `m${seconds}`, metric: 'roc_auc', higherIsBetter: true, baseline: false, validation },
    at_ms: 100_000 + seconds * 1000,
  });
  const phase = (seconds: number, name: string, attempt = 1) => ({
    ...{ kind: 'phase', phase: name, attempt, at_ms: 100_000 + seconds * 1000 },
  });
  const chartOfJob = (timeline: object[], done: number | null, nowSeconds: number) => {
    const job = {
      phase: done === null ? 'training' : 'done',
      done_at_ms: done === null ? null : 100_000 + done * 1000,
    };
    const facts = { leaderboard: [score(5, 0.8), score(20, 0.9)], timeline, job: { ...job, started_at_ms: 0 } };
    return bestSoFarChart(facts as never, 100_000 + nowSeconds * 1000);
  };

  test('reaches as far after the end as it did before, in the same unit', () => {
    const open = chartOfJob([phase(0, 'training')], null, 300);
    const cancelled = chartOfJob([phase(0, 'training'), phase(300, 'releasing'), phase(310, 'done')], 310, 9000);
    expect(open?.table.at(-1)).toEqual({ x: '5 min', y: '0.9000', xValue: 5, yValue: 0.9 });
    expect(cancelled).toEqual(open);
    const terminated = chartOfJob([phase(0, 'training'), phase(300, 'done')], 300, 9000);
    expect(terminated).toEqual(open);
  });

  test('names the attempt whose machine was lost', () => {
    const lost = [phase(0, 'training'), phase(200, 'provisioning', 2), phase(220, 'training', 2)];
    expect(chartOfJob(lost, null, 300)?.marks).toMatchObject([{ text: 'attempt 1’s machine lost' }]);
  });
});

test.each([
  [{ isDone: false, hasModel: false }, 'best so far'],
  [{ isDone: true, hasModel: true }, 'chosen'],
  [{ isDone: true, hasModel: false }, 'best until its end'],
])('nothing is called chosen where there is no model (%j)', (ground, word) => {
  expect(leaderboardCard([], { folds: 0, holdoutRows: null, ...ground }).bestWord).toBe(word);
});

test.each([
  ['cancelled', { cancel_asked_at_ms: 1 }, 'It ended because you cancelled.'],
  ['cancelled', { stop_asked_at_ms: 1 }, 'It ended because you stopped before there was anything to keep.'],
  ['cancelled', {}, 'It ended because the workflow was terminated.'],
  ['succeeded', {}, 'It ended when its work was done.'],
] as const)('the machine of %s work with %j says why it ended', (outcome, asked, note) => {
  const attempt = { machine_type: 'local', price_per_hour_micros: 0, ended_at_ms: 5, ended_because: 'finished' };
  const work = { outcome, cancel_asked_at_ms: null, stop_asked_at_ms: null, ...asked };
  const card = machineCard(
    [{ ...attempt, heartbeat_json: null, checkpoint_json: null } as never],
    [],
    clockAt(9, 'UTC'),
    work,
  );
  expect(card?.note).toBe(note);
});

test('draws a metric of training and validation as one, and the epochs of the latest attempt', () => {
  const drawings = learningLive([
    {
      name: 'epoch_seconds',
      points: [
        [1, 1],
        [2, 1],
      ],
    },
    {
      name: 'train_loss',
      points: [
        [1, 0.9],
        [2, 0.5],
        [2, 0.4],
      ],
    },
    {
      name: 'validation_loss',
      points: [
        [1, 1],
        [2, 0.6],
      ],
    },
    {
      name: 'validation_log_loss',
      points: [
        [1, 1],
        [2, 0.6],
      ],
    },
  ]);
  expect(drawings.map(({ title }) => title)).toEqual(['loss by epoch']);
  expect(drawings[0]?.lines.map(({ name }) => name)).toEqual(['train_loss', 'validation_loss']);
  expect(
    learningLive([
      {
        name: 'train_loss',
        points: [
          [1, 1],
          [2, 0.00000123],
        ],
      },
      {
        name: 'validation_loss',
        points: [
          [1, 1],
          [2, 0.5],
        ],
      },
    ])[0]?.axis.map(({ text }) => text),
  ).toContain('1e-6');
  expect(drawings[0]?.spoken).toContain('train_loss ends at 0.4');
  expect(
    learningLive([
      {
        name: 'best_roc_auc',
        points: [
          [1, 0.9],
          [2, 0.95],
        ],
      },
    ]),
  ).toEqual([]);
});
