const board = (model: string, validation: number, fitSeconds: number, predictMsPer1000: number) => ({
  type: 'leaderboard',
  model,
  metric: 'roc_auc',
  higherIsBetter: true,
  validation,
  interval: 0.006,
  fitSeconds,
  predictMsPer1000,
  baseline: false,
  secondsUsed: null,
  secondsLeft: null,
});

/** The parts that look closer, as a trainer of today leaves them. */
const closerOfChurn = {
  leakage: [
    {
      column: 'cancelled_on',
      kind: 'predicts',
      score: 0.99,
      sentence: '“cancelled_on” alone tells “churned” nearly perfectly. If it is only known later, leave it out.',
    },
  ],
  learning: {
    unit: 'epoch',
    at: [1, 2, 3],
    series: [
      { name: 'train_loss', values: [0.6, 0.4, 0.3] },
      { name: 'test_loss', values: [0.62, null, 0.38] },
    ],
  },
  perClass: {
    rows: [
      { label: 'no', precision: 0.9008, recall: 0.9388, f1: 0.9194, support: 1470, predicted: 1532 },
      { label: 'yes', precision: null, recall: 0.7132, f1: 0.7575, support: 530, predicted: 468 },
    ],
    leftOut: 0,
  },
  thresholds: [0.3, 0.5, 0.7].map((threshold) => ({
    threshold,
    said: Math.round(900 - threshold * 800),
    precision: 0.5 + threshold / 2,
    recall: 1 - threshold / 2,
    f1: threshold === 0.5 ? 0.77 : 0.7,
    accuracy: 0.8,
  })),
  calibration: {
    of: 'yes',
    bins: [
      { from: 0, to: 0.1, count: 1200, mean: 0.04, share: 0.05, low: 0.04, high: 0.07 },
      { from: 0.9, to: 1, count: 800, mean: 0.96, share: 0.9, low: 0.88, high: 0.92 },
    ],
    brier: 0.082,
    expectedError: 0.031,
  },
  dependence: [
    {
      column: 'tenure',
      kind: 'number',
      values: [1, 12, 48],
      shares: null,
      series: [{ name: 'yes', mean: [0.5, 0.3, 0.1], low: [0.48, 0.29, 0.08], high: [0.52, 0.31, 0.12] }],
    },
    {
      column: 'plan',
      kind: 'category',
      values: ['basic', 'pro'],
      shares: [0.7, 0.3],
      series: [{ name: 'yes', mean: [0.33, 0.21], low: [0.3, 0.2], high: [0.35, 0.23] }],
    },
  ],
  worst: {
    columns: ['tenure', 'plan'],
    rows: [{ truth: 'yes', predicted: 'no', size: 0.98, values: [48, '<b>pro</b>'] }],
    columnsLeftOut: 3,
  },
  data: { rows: 10_000, withoutLabel: 0, columns: 5, ignored: 0, types: { DOUBLE: 5 }, sha256: null },
  budget: {
    seconds: 120,
    leftOut: [{ part: 'importance of some columns', reason: 'there was no time for all columns' }],
  },
};

/** A report as docs/trainer-contract.md has it, of a job with two classes. */
export const reportOfChurn = {
  version: 1,
  engine: 'autogluon',
  task: { kind: 'binary', labels: ['churned'], metric: 'roc_auc', positiveClass: 'yes' },
  metric: { name: 'roc_auc', title: 'ROC AUC', higherIsBetter: true },
  best: {
    ...{ model: 'WeightedEnsemble_L2', validation: 0.9412, interval: 0.006, low: 0.9343, high: 0.9463 },
    ...{ test: 0.9367, testInterval: 0.009, testLow: 0.9271, testHigh: 0.9451 },
  },
  scores: {
    validation: { roc_auc: 0.9412, accuracy: 0.884, f1: 0.781, log_loss: 0.2711 },
    test: { roc_auc: 0.9367, accuracy: 0.879, f1: 0.774, log_loss: 0.2782 },
  },
  baseline: {
    model: 'most frequent class',
    validation: 0.5,
    test: 0.5,
    difference: { value: 0.4367, low: 0.428, high: 0.446 },
    sentence: 'Always saying “no” would be right for 73.5 % of the rows.',
  },
  leaderboard: [
    board('WeightedEnsemble_L2', 0.9412, 1.9, 41),
    { ...board('CatBoost_BAG_L1', 0.9388, 151, 6), low: 0.9311, high: 0.9431 },
    board('LightGBMXT_BAG_L1', 0.9361, 48, 9),
    { ...board('most frequent class', 0.5, 0, 0), baseline: true, interval: null },
  ],
  importance: [
    { column: 'tenure', mean: 0.121, interval: 0.008 },
    { column: 'monthly_fee', mean: 0.084, interval: 0.006 },
    { column: 'plan', mean: 0.031, interval: 0.004 },
    { column: 'signup', mean: 0.012, interval: 0.003 },
    { column: 'customer_id', mean: 0, interval: 0.001 },
  ],
  confusion: {
    labels: ['no', 'yes'],
    matrix: [
      [1380, 90],
      [152, 378],
    ],
  },
  residuals: null,
  curves: {
    roc: [
      [0, 0],
      [0.02, 0.42],
      [0.08, 0.74],
      [0.2, 0.9],
      [0.5, 0.985],
      [1, 1],
    ],
    pr: [
      [0, 1],
      [0.4, 0.97],
      [0.7, 0.86],
      [0.9, 0.6],
      [1, 0.27],
    ],
  },
  warnings: ['customer_id has a different value in every row; it was left out.'],
  rows: { train: 6400, validation: 1600, test: 2000 },
  seconds: { load: 0.8, fit: 771.2, report: 12.4, total: 790.1 },
  seed: 0,
  versions: { python: '3.12.4', autogluon: '1.6.0', 'scikit-learn': '1.7.2' },
  why: 'completed',
  ...closerOfChurn,
};

/** The same for a number, by a trainer from before the parts that look closer. */
export const reportOfFees = {
  ...reportOfChurn,
  ...Object.fromEntries(Object.keys(closerOfChurn).map((name) => [name, undefined])),
  task: { kind: 'regression', labels: ['monthly_fee'], metric: 'rmse', positiveClass: null },
  metric: { name: 'rmse', title: 'RMSE', higherIsBetter: false },
  best: { model: 'random forest', validation: 53.1, interval: 2.2, test: 54.9, testInterval: 3.1 },
  scores: { validation: { rmse: 53.1, mae: 43.2, r2: 0.47 }, test: { rmse: 54.9, mae: 44.8, r2: 0.45 } },
  leaderboard: [
    { ...board('random forest', 53.1, 1.2, 4), metric: 'rmse', higherIsBetter: false, interval: 2.2 },
    { ...board('ridge', 55.2, 0.1, 1), metric: 'rmse', higherIsBetter: false, interval: 2.4 },
  ],
  baseline: { model: 'mean', validation: 77.1, test: 78.2, sentence: 'Always saying the mean would be off by 78.2.' },
  confusion: null,
  residuals: {
    points: Array.from({ length: 90 }, (_, i) => [50 + i * 2.4, 55 + i * 2.3 + ((i * 37) % 61) - 30]),
    histogram: { edges: [-120, -80, -40, 0, 40, 80, 120], counts: [3, 14, 39, 41, 12, 2] },
  },
  curves: null,
  warnings: [],
};
