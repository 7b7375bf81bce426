import { engineSchema } from '../../domain/engine.ts';
import { parseDuration } from '../../cli/duration.ts';
import { settingsFrom } from '../../cli/engine-settings.ts';
import { jobsTable, problemText } from '../../cli/show.ts';
import { sweepsTable, sweepText } from '../../cli/show-sweep.ts';
import { splitOf } from '../../cli/split-of.ts';
import type { SweepDetail } from '../../web/services/sweep-views.ts';

it.each([
  ['90', 90],
  ['90s', 90],
  ['10m', 600],
  ['1h30m', 5400],
  ['2d', 172_800],
])('reads %s as %i seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

it.each(['', 'soon', '10 m', '-5m', '1.5h', 'm'])('takes “%s” for no time', (text) => {
  expect(() => parseDuration(text)).toThrow('not a time');
});

it('gives settings the types that the engine declares, and leaves what does not fit for the server to name', () => {
  const setting = (name: string, type: string) => ({ name, title: name, help: '', type, default: null });
  const engine = engineSchema.parse({
    name: 'e',
    title: 'E',
    summary: '',
    tasks: ['binary'],
    continues: false,
    environment: { downloadMegabytes: 0, installSeconds: 0, preparedAtStart: true },
    settings: [setting('n', 'number'), setting('b', 'boolean'), setting('c', 'choices'), setting('t', 'choice')],
  });
  expect(settingsFrom(engine, ['n=1.5', 'b=no', 'c=a, b', 't=x=y'])).toEqual({
    n: 1.5,
    b: false,
    c: ['a', 'b'],
    t: 'x=y',
  });
  expect(settingsFrom(engine, ['n=many', 'b=maybe', 'other=1'])).toEqual({ n: 'many', b: 'maybe', other: '1' });
  expect(() => settingsFrom(engine, ['n'])).toThrow('key=value');
});

it('names what was refused by the option that it was given by', () => {
  const problems = [
    { field: 'engine.settings.ranges', message: 'They are no JSON.' },
    { field: 'base.task.metric', message: 'It does not fit.' },
    { field: 'base.split.folds', message: 'They are too many.' },
    { field: 'continuesJobId', message: 'It has no model.' },
    { field: 'search.values.depth', message: 'It is too deep.' },
    { field: 'limits.attempts', message: 'It is too many.' },
    { field: '', message: 'The disk is full.' },
  ];
  const detail = 'engine.settings.ranges: They are no JSON. (and 6 more)';
  expect(problemText({ title: 'The request does not fit', status: 422, detail, problems })).toBe(
    [
      'The request does not fit: --set ranges: They are no JSON. (and 6 more)',
      '  --metric: It does not fit.',
      '  --folds: They are too many.',
      '  --continue: It has no model.',
      '  --grid depth: It is too deep.',
      '  limits.attempts: It is too many.',
    ].join('\n'),
  );
  const noField = { title: 'Not found', status: 404, detail: 'There is no job here.' };
  expect(problemText(noField)).toBe('Not found: There is no job here.');
});

it('reads how rows are divided, and takes no share for a percentage', () => {
  const plain = { groupColumn: null, timeColumn: null };
  expect(splitOf({})).toEqual(plain);
  expect(splitOf({ holdout: '25%', folds: '5', seed: '7', byTime: 'day' })).toEqual({
    ...{ holdoutFraction: 0.25, folds: 5, seed: 7 },
    ...{ groupColumn: null, timeColumn: 'day' },
  });
  for (const holdout of ['0.2', 'half', '100', '-5', ''])
    expect(() => splitOf({ holdout })).toThrow('--holdout takes percent of the rows');
  expect(() => splitOf({ folds: 'five' })).toThrow('--folds takes a whole number, and not “five”.');
  expect(() => splitOf({ seed: '1.5' })).toThrow('--seed takes a whole number');
});

it('says of an empty list what it was asked for', () => {
  expect(jobsTable([])).toContain('No jobs yet. Train one');
  expect(jobsTable([], { open: true })).toBe('No open jobs.');
  expect(jobsTable([], { open: true, search: 'x' })).toBe('No open job has “x” in its name.');
  expect(sweepsTable([], true)).toBe('No open sweeps.');
});

it('calls the score of several seeds their mean, and gives the best trial its own', () => {
  const trial = (number: number, score: number) => ({
    ...{ number, seed: number, settings: {} },
    job: { id: `j${number}`, phase: 'done', outcome: 'succeeded', score },
  });
  const sweep = {
    ...{ name: 's', phase: 'done', outcome: 'succeeded', reason: 'Done.', metric: 'roc_auc', varied: [], bestTrial: 3 },
    best: { mean: 0.9907, spread: 0.0016, scored: 2 },
    trialList: [trial(2, 0.9895), trial(3, 0.9919)],
  } as unknown as SweepDetail;
  const best = 'Best: 0.9907 ± 0.0016 ROC AUC in validation, mean of 2 seeds; its best trial is 3 with 0.9919';
  expect(sweepText(sweep)).toContain(best);
  const alone = { ...sweep, best: { mean: 0.9919, spread: null, scored: 1 } } as unknown as SweepDetail;
  expect(sweepText(alone)).toContain('Best: 0.9919 ROC AUC in validation, trial 3');
});
