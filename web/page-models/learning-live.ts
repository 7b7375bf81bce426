import type { MetricSeries } from '../../db/read-models/metric-series.ts';
import { type Drawing, learningDrawings } from './closer-plots.ts';

const sides = /^(train|validation|test)_(.+)$/;

/**
 * What a network tells of each epoch, drawn while it learns: a metric of the training rows and the same of rows held
 * back in one drawing, since how far they are apart is what a person looks for.
 */
export function learningLive(metrics: readonly Pick<MetricSeries, 'name' | 'points'>[]): Drawing[] {
  const told = metrics.filter(({ points }) => points.length > 1);
  const byMetric = Map.groupBy(told, ({ name }) => sides.exec(name)?.[2] ?? '');
  return [...byMetric]
    .filter(([metric, pair]) => metric !== '' && pair.length > 1)
    .flatMap(([, pair]) => {
      const at = [...new Set(pair.flatMap(({ points }) => points.map(([step]) => step)))].toSorted((a, b) => a - b);
      const series = pair.map(({ name, points }) => {
        // Epochs that a later attempt went through again are there twice: the latest counts.
        const values = new Map(points);
        return { name, values: at.map((step) => values.get(step) ?? null) };
      });
      return learningDrawings({ at, unit: 'epoch', series });
    });
}
