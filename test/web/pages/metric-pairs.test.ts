import request from 'supertest';
import { metricPairs } from '../../../web/page-models/metric-pairs.ts';
import { openPageApp } from '../page-app.ts';

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

test('the page of a job draws both, each once, and the others one by one', async () => {
  const pages = await openPageApp();
  try {
    const dataset = await pages.seed.dataset();
    const { id } = await pages.seed.job({ dataset, phase: 'training', name: 'epochs' });
    for (const name of ['train_loss', 'validation_loss', 'epoch_seconds']) await pages.seed.metric(id, name, [3, 2, 1]);
    const { text, status } = await request(pages.app).get(`/jobs/${id}`);
    expect(status).toBe(200);
    const [, curves = ''] = text.split('<div class="curves">');
    const drawn = [...curves.matchAll(/data-chart="([^"]+)"/g)].map(([, name]) => name);
    expect(drawn).toEqual(['train_loss', 'validation_loss', 'epoch_seconds']);
    expect([...text.matchAll(/<details data-metric="([^"]+)"/g)].map(([, name]) => name)).toEqual(['epoch_seconds']);
  } finally {
    await pages.close();
  }
});
