import type { MetricPoint } from './row-views.ts';
import type { MetricSeries } from './views.ts';

/** Each metric's points in order, with its last and its best by the metric's own direction. */
export function metricSeries(points: readonly MetricPoint[]): MetricSeries[] {
  const byName = new Map<string, MetricSeries>();
  for (const { id: _id, name, unit, higherIsBetter, ...point } of points) {
    let series = byName.get(name);
    if (!series) {
      series = { name, unit, higherIsBetter, last: null, best: null, points: [] };
      byName.set(name, series);
    }
    series.points.push(point);
    if (point.value === null) continue;
    series.last = point.value;
    if (series.best === null) series.best = point.value;
    else if (higherIsBetter !== null) {
      series.best = higherIsBetter ? Math.max(series.best, point.value) : Math.min(series.best, point.value);
    }
  }
  // Without a direction nothing is best.
  for (const series of byName.values()) if (series.higherIsBetter === null) series.best = null;
  return [...byName.values()];
}
