import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readYardNumbers } from '../../db/read-models/yard-numbers.ts';
import type { Database } from '../../db/database.ts';
import { phases } from '../../domain/phases.ts';

export interface Metrics {
  /** Stands before all routes. */
  measure: RequestHandler;
  contentType: string;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
}

interface MetricsOptions {
  database: Database;
  /** How many may hold a machine at once. */
  places(): Promise<number>;
  now?: () => number;
}

/** What a monitoring system asks of the web application; docs/settings.md names them all. */
export function openMetrics({ database, places, now = Date.now }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'trainyard_web_' });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `trainyard_${name}`, help, labelNames, registers: [registry] });
  const work = gauge('work', 'Jobs and predictions by phase.', ['kind', 'phase']);
  const taken = gauge('places_taken', 'Places that somebody holds.');
  const all = gauge('places', 'Places that there are.');
  const waiting = gauge('places_waited_for', 'Jobs and predictions that wait for a place.');
  const lag = gauge('relay_lag_seconds', 'Since the machine at work was heard that was silent the longest.');
  const requests = new Histogram({
    name: 'trainyard_request_seconds',
    help: 'How long answers took; streams of events are not among them.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });

  return {
    measure(request, response, next) {
      const stop = requests.startTimer();
      response.once('finish', () => {
        if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
        // The route and not the path: ids would make a series of each job.
        const path: unknown = request.route?.path;
        const route = typeof path === 'string' ? `${request.baseUrl}${path}` : 'none';
        stop({ method: request.method, route, status: response.statusCode });
      });
      next();
    },
    contentType: registry.contentType,
    async text() {
      const [numbers, allPlaces] = await Promise.all([readYardNumbers(database), places()]);
      for (const kind of ['job', 'prediction'] as const) for (const phase of phases) work.set({ kind, phase }, 0);
      for (const { kind, phase, count } of numbers.work) work.set({ kind, phase }, count);
      taken.set(numbers.placesTaken);
      waiting.set(numbers.waiting);
      all.set(allPlaces);
      lag.set(numbers.oldestHeardAtMs === null ? 0 : Math.max(0, now() - numbers.oldestHeardAtMs) / 1000);
      return registry.metrics();
    },
  };
}
