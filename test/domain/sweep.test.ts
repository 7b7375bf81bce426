import { type Engine, engineSchema } from '../../domain/engine.ts';
import { jobSpecSchema } from '../../domain/job-spec.ts';
import { type SweepRequestInput, sweepRequestSchema, type SweepSpec, sweepSpecSchema } from '../../domain/sweep.ts';
import { rank, type TrialScore } from '../../domain/sweep-ranking.ts';
import { nextStep, type TrialFact } from '../../domain/sweep-steps.ts';
import { checkSweep, refusedTrials, trialsOf } from '../../domain/sweep-trials.ts';

const setting = { title: '', help: '', default: null };
const engine: Engine = engineSchema.parse({
  name: 'sklearn',
  title: 'scikit-learn',
  summary: '',
  tasks: ['binary'],
  continues: false,
  environment: { downloadMegabytes: 1, installSeconds: 1, preparedAtStart: true },
  settings: [
    { ...setting, name: 'rate', title: 'Rate', type: 'number', default: 0.1, min: 0, max: 1 },
    { ...setting, name: 'depth', title: 'Depth', type: 'integer', default: 3, min: 1, max: 20 },
    { ...setting, name: 'bagged', title: 'Bagged', type: 'boolean', default: false },
  ],
});
const base = {
  datasetId: '11111111-1111-4111-8111-111111111111',
  task: { kind: 'binary', labels: ['y'] },
  engine: { name: 'sklearn', settings: {} },
  split: { seed: 7 },
  limits: { trainingSeconds: 60, attempts: 1 },
} as const;

const asked = (given: Partial<SweepRequestInput>) =>
  sweepRequestSchema.parse({ name: 'depths', base, search: { kind: 'grid', values: { depth: [1, 2, 3] } }, ...given });
const problems = (given: Partial<SweepRequestInput>) => checkSweep(asked(given), engine).map(({ message }) => message);

describe('what an engine has against trials', () => {
  const request = asked({ search: { kind: 'grid', values: { depth: [1, 2], bagged: [true, false] } } });
  const trials = trialsOf(request, engine);
  const said = (field: string) => ({ field, message: 'It cannot be.' });

  test('is said once, of the setting that is varied and the first trial that it is about', () => {
    const found = refusedTrials(request, trials, [
      null,
      said('engine.settings.depth'),
      said('engine.settings.depth'),
      null,
    ]);
    const message = 'It cannot be. So it is in trial 2 (depth = 1, bagged = false), and 1 more.';
    expect(found).toEqual([{ field: 'search.values.depth', message }]);
  });

  test('is said of the base where that is what does not fit', () => {
    const all = trials.map(() => said('engine.settings.rate'));
    expect(refusedTrials(request, trials, all)).toEqual([said('base.engine.settings.rate')]);
    expect(refusedTrials(request, trials, [null, null, null, said('')])[0]?.field).toBe('');
    expect(refusedTrials(request, trials)).toEqual([]);
  });
});

describe('the trials of a sweep', () => {
  test('of a grid are all combinations, each value once, in order', () => {
    const request = asked({ search: { kind: 'grid', values: { depth: [1, 2, 1], bagged: [true, false] } } });
    expect(checkSweep(request, engine)).toEqual([]);
    expect(trialsOf(request, engine)).toEqual([
      { number: 1, combination: 1, seed: 7, settings: { depth: 1, bagged: true } },
      { number: 2, combination: 2, seed: 7, settings: { depth: 1, bagged: false } },
      { number: 3, combination: 3, seed: 7, settings: { depth: 2, bagged: true } },
      { number: 4, combination: 4, seed: 7, settings: { depth: 2, bagged: false } },
    ]);
  });

  test('with several seeds have each combination as often, from the seed of the base on', () => {
    const made = trialsOf(asked({ seeds: 2 }), engine);
    expect(made.map(({ combination, seed }) => [combination, seed])).toEqual([
      [1, 7],
      [1, 8],
      [2, 7],
      [2, 8],
      [3, 7],
      [3, 8],
    ]);
  });

  test('of seeds alone differ in nothing else', () => {
    const made = trialsOf(asked({ search: { kind: 'seeds', count: 3 } }), engine);
    expect(made.map(({ settings, seed }) => ({ settings, seed }))).toEqual(
      [7, 8, 9].map((seed) => ({ settings: {}, seed })),
    );
  });

  test('at random are the same for the same seed, others for another, and lie in their ranges', () => {
    const draw = (seed: number) =>
      trialsOf(
        asked({
          search: {
            ...{ kind: 'random', count: 60, seed },
            ranges: {
              rate: { min: 0.001, max: 1, scale: 'log' },
              depth: { min: 2, max: 4 },
              bagged: { values: [true, false] },
            },
          },
        }),
        engine,
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const rates = draw(1).map(({ settings }) => Number(settings['rate']));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0.001);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1);
    // Evenly over the decades, and not over the numbers: a third of them lies below a hundredth.
    expect(rates.filter((rate) => rate < 0.01).length).toBeGreaterThan(10);
    expect(new Set(draw(1).map(({ settings }) => settings['depth']))).toEqual(new Set([2, 3, 4]));
  });

  test('at random are never the same twice, also where that makes them fewer', () => {
    const search = { count: 10, ranges: { bagged: { values: [true, false] } } };
    const made = trialsOf(asked({ search: { ...search, kind: 'random' } }), engine);
    expect(
      made.map(({ settings }) => settings['bagged']).toSorted((one, other) => Number(one) - Number(other)),
    ).toEqual([false, true]);
  });
});

describe('a sweep is refused with a sentence', () => {
  test.each<[Partial<SweepRequestInput>, string]>([
    [
      { search: { kind: 'grid', values: { dept: [1, 2] } } },
      'scikit-learn has no setting “dept”. It has: rate, depth, bagged.',
    ],
    [{ search: { kind: 'grid', values: { depth: [1, 99] } } }, 'Depth is at most 20.'],
    [{ search: { kind: 'grid', values: { depth: [1, 2.5] } } }, 'Depth is a whole number.'],
    [{ search: { kind: 'grid', values: {} } }, 'Say which settings are to be tried.'],
    [
      { search: { kind: 'grid', values: { depth: [3] } } },
      'That is one trial only. Give a setting more than one value.',
    ],
    [
      { seeds: 50, search: { kind: 'grid', values: { depth: [1, 2, 3, 4, 5] } } },
      'These are 250 trials; a sweep has at most 200.',
    ],
    [
      { search: { kind: 'random', count: 3, ranges: { rate: { min: 0, max: 1, scale: 'log' } } } },
      'must begin above 0',
    ],
    [{ search: { kind: 'random', count: 3, ranges: { rate: { min: 0.5, max: 0.5 } } } }, 'must begin below its end'],
    [{ search: { kind: 'random', count: 3, ranges: { rate: { min: 0.5, max: 2 } } } }, 'Rate is at most 1.'],
    [{ search: { kind: 'random', count: 3, ranges: { depth: { min: 2.1, max: 2.9 } } } }, 'no whole number'],
    [{ search: { kind: 'random', count: 3, ranges: { bagged: { min: 0, max: 1 } } } }, 'Bagged is not a number'],
  ])('%j', (given, sentence) => {
    expect(problems(given)).toEqual([expect.stringContaining(sentence)]);
  });
});

function spec(given: Partial<SweepSpec> = {}): SweepSpec {
  const ids = { id: base.datasetId, workspaceId: 'default', owner: 'tester', name: 'depths' };
  const {
    id: _id,
    name: _name,
    workspaceId: _workspace,
    owner: _owner,
    ...complete
  } = jobSpecSchema.parse({ ...base, ...ids });
  const request = asked({ search: { kind: 'grid', values: { depth: [1, 2, 3, 4] } } });
  return sweepSpecSchema.parse({ ...request, ...ids, base: complete, trials: trialsOf(request, engine), ...given });
}
const open = (number: number): TrialFact => ({ number, isOpen: true, outcome: null, costMicros: 0, machineSeconds: 0 });
const done = (number: number, given: Partial<TrialFact> = {}): TrialFact => ({
  ...{ number, isOpen: false, outcome: 'succeeded', costMicros: 10, machineSeconds: 20 },
  ...given,
});
const step = (
  trials: TrialFact[],
  given: Partial<SweepSpec> = {},
  asks: 'cancel' | 'stop' | null = null,
  blocked: string | null = null,
) => {
  const made = nextStep(spec(given), { trials, asked: asks, blocked, worstMicros: 100 });
  return { ...made, begin: made.begin.map(({ number }) => number) };
};
const limits = { budgetMicros: null, totalSeconds: null };

describe('the next step', () => {
  test('begins as many as may be open at once, in order, and none that was begun', () => {
    expect(step([]).begin).toEqual([1, 2]);
    expect(step([open(1), open(2)]).begin).toEqual([]);
    expect(step([done(1), open(2)]).begin).toEqual([3]);
    expect(step([open(1), done(2), done(3)], { parallel: 20 }).begin).toEqual([4]);
  });

  test('ends when all have ended, and says how many models were kept', () => {
    expect(step([1, 2, 3].map((n) => done(n))).end).toBeNull();
    expect(step([done(1), done(2), done(3, { outcome: 'failed' }), open(4)]).end).toBeNull();
    expect(step([done(1), done(2), done(3, { outcome: 'failed' }), done(4)]).end).toEqual({
      outcome: 'succeeded',
      reason: 'All 4 trials ended; 3 models were kept.',
    });
  });

  test('holds the shared budget: an open trial counts with its worst case, a done one with what it cost', () => {
    const budget = (budgetMicros: number) => ({ parallel: 4, limits: { ...limits, budgetMicros } });
    expect(step([], budget(399)).begin).toEqual([1, 2, 3]);
    expect(step([], budget(400)).begin).toEqual([1, 2, 3, 4]);
    expect(step([open(1)], budget(250)).begin).toEqual([2]);
    expect(step([done(1), done(2), open(3)], budget(220)).begin).toEqual([4]);
    expect(step([done(1), done(2), open(3)], budget(219)).begin).toEqual([]);
    expect(step([done(1), done(2), done(3)], budget(129)).end).toMatchObject({
      outcome: 'succeeded',
      reason: expect.stringContaining('3 of 4 trials were begun: the shared budget of'),
    });
    expect(step([], budget(99)).end).toMatchObject({ outcome: 'over_budget' });
  });

  test('holds the shared time: a done trial counts as long as its machines lived, and not more than it may train', () => {
    const time = (totalSeconds: number) => ({ parallel: 4, limits: { ...limits, totalSeconds } });
    expect(step([], time(179)).begin).toEqual([1, 2]);
    expect(step([done(1), done(2, { machineSeconds: 900 })], time(140)).begin).toEqual([3]);
    expect(step([done(1), done(2, { machineSeconds: 900 })], time(139)).begin).toEqual([]);
    expect(step([done(1)], time(79)).end).toMatchObject({ reason: expect.stringContaining('the shared time of 79 s') });
  });

  test('begins no more when it is stopped, and lets the open ones end', () => {
    expect(step([done(1), open(2)], {}, 'stop')).toMatchObject({ begin: [], cancels: false, end: null });
    expect(step([done(1), done(2)], {}, 'stop').end).toMatchObject({ outcome: 'succeeded' });
    expect(step([], {}, 'stop').end).toMatchObject({ outcome: 'cancelled' });
  });

  test('cancels the open ones when it is cancelled, and ends when they have', () => {
    expect(step([done(1), open(2)], {}, 'cancel')).toMatchObject({ begin: [], cancels: true, end: null });
    expect(step([done(1), done(2, { outcome: 'cancelled' })], {}, 'cancel').end).toEqual({
      outcome: 'cancelled',
      reason: 'Cancelled when asked; 1 model was kept.',
    });
  });

  test('begins no more when something stands in the way, and says what', () => {
    expect(step([open(1)], {}, null, 'its data was removed')).toMatchObject({ begin: [], end: null });
    expect(step([done(1)], {}, null, 'its data was removed').end).toEqual({
      outcome: 'succeeded',
      reason: '1 of 4 trials were begun: its data was removed; 1 model was kept.',
    });
  });

  test('gives up when the first three all failed, and not when one of them did not', () => {
    const failed = [1, 2, 3].map((n) => done(n, { outcome: 'failed' }));
    expect(step(failed)).toMatchObject({ begin: [], end: { outcome: 'failed' } });
    expect(step([...failed.slice(0, 2), done(3)]).begin).toEqual([4]);
    expect(step(failed.slice(0, 2)).begin).toEqual([3, 4]);
  });
});

describe('the best so far', () => {
  const score = (number: number, combination: number, validation: number | null, isOpen = false): TrialScore => ({
    ...{ number, combination, validation, isOpen },
    settings: { depth: combination },
  });
  const planned = new Map([
    [1, 2],
    [2, 2],
  ]);

  test('is the best mean, by the direction of the metric, with its spread over the seeds', () => {
    const trials = [score(1, 1, 0.7), score(2, 1, 0.9), score(3, 2, 0.75), score(4, 2, 0.77)];
    const up = rank(trials, 'roc_auc', planned);
    expect(up.best).toMatchObject({ combination: 1, scored: 2, isComplete: true });
    expect(up.best?.mean).toBeCloseTo(0.8, 12);
    expect(up.best?.spread).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(up.bestTrial).toBe(2);
    const down = rank(trials, 'rmse', planned);
    expect(down.best).toMatchObject({ combination: 2 });
    expect(down.bestTrial).toBe(3);
  });

  test('is not one lucky seed before the others of its combination have ended', () => {
    const trials = [score(1, 1, 0.7), score(2, 1, 0.7), score(3, 2, 0.99), score(4, 2, null, true)];
    expect(rank(trials, 'roc_auc', planned).best).toMatchObject({ combination: 1 });
    expect(rank(trials.slice(2), 'roc_auc', planned).best).toMatchObject({ combination: 2, spread: null });
  });

  test('is nothing while nothing has a score', () => {
    expect(rank([score(1, 1, null, true)], 'roc_auc', planned)).toMatchObject({ best: null, bestTrial: null });
  });
});
