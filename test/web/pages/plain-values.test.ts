import type { Engine } from '../../../domain/engine.ts';
import { metricRule } from '../../../domain/task.ts';
import { chosenFacts } from '../../../web/page-models/chosen-facts.ts';
import { cell } from '../../../web/page-models/dataset-page.ts';
import { requestFrom, valuesOf } from '../../../web/page-models/job-form.ts';
import { betweenText, intervalText } from '../../../web/page-models/interval.ts';
import { firstValues } from '../../../web/page-models/job-guess.ts';
import { formatLimit } from '../../../web/page-models/plain-words.ts';
import { barOf } from '../../../web/page-models/progress-bar.ts';
import { reportSchema } from '../../../web/page-models/report.ts';
import { resultView } from '../../../web/page-models/result-view.ts';

test.each([
  ['0.12345678901234567', true, '0.123457', '0.12345678901234567'],
  ['1234567890123456', true, '1234567890123456', null],
  ['18.25', true, '18.25', null],
  ['0.12345678901234567', false, '0.12345678901234567', null],
])('shows %s (number: %s) as %s', (value, isNumber, text, whole) => {
  expect(cell(value, { isNumber })).toMatchObject({ text, whole });
});

test.each([
  [600, '10'],
  [90, '1.5'],
  [20, '20 s'],
  [100, '100 s'],
])('brings a limit of %d seconds back as “%s”, and reads it again', (seconds, minutes) => {
  const asked = {
    name: 'a',
    datasetId: '00000000-0000-4000-8000-000000000000',
    task: { kind: 'binary', labels: ['b'] },
    engine: { name: 'sklearn' },
    limits: { trainingSeconds: seconds },
  } as const;
  const values = valuesOf(asked as never);
  expect(values['minutes']).toBe(minutes);
  expect(requestFrom('id', values, []).request['limits']).toMatchObject({ trainingSeconds: seconds });
});

test('says from which checkpoint the attempt that made a model had gone on', () => {
  const best = { model: 'network, epoch 9', validation: 0.9, interval: null, test: 0.9, testInterval: null };
  const metric = { name: 'roc_auc', title: 'ROC AUC', higherIsBetter: true };
  const sentenceOf = (resumed: object | null) =>
    resultView(reportSchema.parse({ metric, best, resumed }), 'm', 0).sentence;
  expect(sentenceOf({ label: 'epoch 7', atMs: 1, usedSeconds: 2 })).toContain('went on from “epoch 7”.');
  expect(sentenceOf(null)).not.toContain('went on');
});

test('counts the rows of folds once', () => {
  const reportOf = (validation: number) =>
    reportSchema.parse({
      metric: { name: 'roc_auc', title: 'ROC AUC', higherIsBetter: true },
      best: { model: 'forest', validation: 0.9, interval: null, test: 0.9, testInterval: null },
      rows: { train: 480, validation, test: 120 },
    });
  const rowsWith = (folds: number, validation = 480) =>
    resultView(reportOf(validation), 'm', folds).timings.find(({ name }) => name === 'Rows')?.value;
  expect(rowsWith(5)).toBe('480 to train and choose, by 5 folds; 120 to judge');
  expect(rowsWith(0)).toBe('480 to train and choose, by folds; 120 to judge');
  expect(rowsWith(0, 100)).toBe('480 to train, 100 to choose and 120 to judge');
});

test('opens the form with the engine that is prepared at the start, where it is ready', () => {
  const engine = (name: string, preparedAtStart: boolean, ready: boolean) => ({
    ...({
      name,
      title: name,
      summary: '',
      tasks: [],
      settings: [],
      takes: ['table'],
      continues: false,
      continuing: null,
    } satisfies Partial<Engine>),
    environment: { downloadMegabytes: 1, installSeconds: 1, preparedAtStart },
    needs: null,
    ready,
  });
  const chosen = (isReady: boolean) =>
    firstValues({
      dataset: { id: 'd', name: 'd.csv' },
      profile: { rows: 0, columns: [] },
      engines: [engine('large', false, true), engine('small', true, isReady)],
      machines: [],
    })['engine.name'];
  expect([chosen(true), chosen(false)]).toEqual(['small', 'large']);
});

test.each([
  // Said 40 s ago: 100 s were left.
  ['counts an estimate down', { secondsLeft: 100, atMs: 960_000 }, 1_300_000, 'about 60 s left'],
  ['says the limit once an estimate was overrun', { secondsLeft: 3, atMs: 960_000 }, 1_300_000, 'at most 5 min left'],
  ['believes no estimate beyond the limit', { secondsLeft: 900, atMs: 960_000 }, 1_060_000, 'at most 60 s left'],
  ['says the limit where nothing is estimated', { secondsLeft: null, atMs: 960_000 }, 1_300_000, 'at most 5 min left'],
  ['says nothing when all is over', { secondsLeft: 3, atMs: 960_000 }, 999_000, ''],
  ['takes no clock that is ahead for less hurry', { secondsLeft: 60, atMs: 1_900_000 }, 1_300_000, 'about 60 s left'],
])('the progress bar %s', (_, progress, deadline, text) => {
  const work = { phase: 'training', done_at_ms: null, training_deadline_ms: deadline } as const;
  const bar = barOf(
    { ...work, progress_json: JSON.stringify({ fraction: 0.5, sentence: '', ...progress }) },
    1_000_000,
  );
  expect(bar?.text).toBe(text);
});

test.each([
  [20, '20 s'],
  [90, '1 min 30 s'],
  [600, '10 min'],
  [5400, '1 h 30 min'],
])('says a limit of %d seconds as it was asked for', (seconds, words) => {
  expect(formatLimit(seconds)).toBe(words);
});

test('tells what was chosen, and nothing that is as it would be anyway', () => {
  const setting = (name: string, title: string, value: unknown) => ({ name, title, default: value, choices: [] });
  const engine = { settings: [setting('epochs', 'Epochs', 60), setting('patience', 'Patience', 10)] };
  const spec = {
    engine: { name: 'torch', settings: { epochs: 400, patience: 10 } },
    split: { holdoutFraction: 0.2, folds: 0, seed: 0, groupColumn: 'hospital', timeColumn: null },
    weightColumn: 'importance',
    ignoredColumns: ['id'],
  };
  const words = chosenFacts(spec as never, engine as never).map(({ name, value }) => `${name}: ${value}`);
  expect(words).toEqual([
    'Epochs: 400',
    'Held out: 20 % of the rows, whole groups of “hospital”',
    'Weighed by: importance',
    'Not shown to the model: id',
  ]);
  const bare = { ...spec.split, groupColumn: null };
  expect(
    chosenFacts(
      {
        ...spec,
        engine: { name: 'torch', settings: {} },
        split: bare,
        weightColumn: null,
        ignoredColumns: [],
      } as never,
      engine as never,
    ),
  ).toEqual([]);
});

test.each([
  ['where it is known by half of its width', 0.53, 0.034, null, null, 'log_loss', 'between 0.4960 and 0.5640 (95 %)'],
  ['no further than nothing', 0.0304, 0.034, null, null, 'log_loss', 'between 0.0000 and 0.0644 (95 %)'],
  ['no further than all', 0.99, 0.03, null, null, 'roc_auc', 'between 0.9600 and 1.0000 (95 %)'],
  ['no further than nothing where much is good', 0.02, 0.03, null, null, 'f1', 'between 0.0000 and 0.0500 (95 %)'],
  ['below nothing by R² alone', 0.02, 0.03, null, null, 'r2', 'between -0.0100 and 0.0500 (95 %)'],
  ['by its own ends', 0.981, 0.0165, 0.962, 0.995, 'roc_auc', 'between 0.9620 and 0.9950 (95 %)'],
  ['of an error by its own ends', 53.1, 2, 51.6, 55.6, 'rmse', 'between 51.60 and 55.60 (95 %)'],
  ['not at all where nobody knows', 0.9, null, null, null, 'roc_auc', ''],
])('an interval is told %s', (_, value, half, low, high, name, between) => {
  const metric = { name, higherIsBetter: metricRule(name)?.higherIsBetter === true };
  const judged = { value, half, low, high, metric };
  expect(betweenText(judged)).toBe(between);
  const inColumn = between.replace(/^between (.*) and (.*) \(95 %\)$/, '$1 to $2') || '–';
  expect(intervalText(judged)).toBe(inColumn);
});
