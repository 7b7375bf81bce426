import { defaultMetric, metricRule, metrics, metricsOf, taskKinds, taskWords } from '../../domain/task.ts';

test.each(taskKinds)('%s has metrics, and its default is the first of them', (kind) => {
  const [first] = metricsOf(kind);
  expect(first?.name).toBe(defaultMetric(kind));
  for (const metric of metricsOf(kind)) expect(metric.tasks).toContain(kind);
});

test('a metric is for classes or for numbers, never for both', () => {
  for (const { tasks } of metrics.map((metric) => ({ tasks: metric.tasks as readonly string[] }))) {
    expect(tasks.length).toBeGreaterThan(0);
    if (tasks.includes('regression')) expect(tasks).toEqual(['regression']);
  }
});

test('every error is better when lower, every score when higher', () => {
  const lower = metrics.filter((metric) => !metric.higherIsBetter).map((metric) => metric.name);
  expect(lower).toEqual(['log_loss', 'rmse', 'mae', 'mse', 'log_loss_mean']);
});

test('names and titles of metrics are told apart', () => {
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  expect(new Set(metrics.map(({ title }) => title)).size).toBe(metrics.length);
  expect(metricRule('r2')?.title).toBe('R²');
  expect(metricRule('toString')).toBeUndefined();
});

test('every kind of task has its words for a person', () => {
  for (const kind of taskKinds) expect(taskWords[kind]).toMatch(/^(one of|a |several )/);
});
