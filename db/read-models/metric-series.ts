import type { Knex } from 'knex';

export interface MetricSeries {
  name: string;
  /** The id of the latest value: where a stream goes on. */
  latestId: number;
  unit: string | null;
  higherIsBetter: boolean | null;
  count: number;
  last: number | null;
  best: number | null;
  /** Step and value in order; beyond `shownInFull` points, the lowest and the highest of each stretch. */
  points: [number, number][];
}

const shownInFull = 600;
const stretches = 300;

interface SeriesRow {
  name: string;
  n: number;
  low: number | null;
  high: number | null;
  from: number;
  to: number;
  latest: number;
}

/** Every metric of a job, thinned in the database so that peaks stay and a page never carries 10,000 points. */
export async function readMetricSeries(knex: Knex, jobId: string): Promise<MetricSeries[]> {
  const names = (await knex('metrics')
    .select('metrics.name')
    .count({ n: '*' })
    .min({ low: 'metrics.value', from: 'metrics.step' })
    .max({ high: 'metrics.value', to: 'metrics.step', latest: 'metrics.id' })
    .where('metrics.job_id', jobId)
    .groupBy('metrics.name')
    .orderBy('metrics.name')) as unknown as SeriesRow[];
  return Promise.all(
    names.map(async (row) => {
      const latest = await knex('metrics').select('metrics.*').where('metrics.id', row.latest).first();
      const higher = latest?.higher_is_better ?? null;
      const count = row.n;
      return {
        name: row.name,
        latestId: row.latest,
        unit: latest?.unit ?? null,
        higherIsBetter: higher === null ? null : higher === 1,
        count,
        last: latest?.value ?? null,
        best: bestOf(row, higher),
        points:
          count <= shownInFull
            ? await allPoints(knex, jobId, row.name)
            : await thinned(knex, jobId, row.name, row.from, row.to),
      };
    }),
  );
}

function bestOf(row: SeriesRow, higherIsBetter: 0 | 1 | null): number | null {
  if (higherIsBetter === null) return null;
  const best = higherIsBetter === 1 ? row.high : row.low;
  return best;
}

async function allPoints(knex: Knex, jobId: string, name: string): Promise<[number, number][]> {
  const rows = await knex('metrics')
    .select('metrics.step', 'metrics.value')
    .where({ 'metrics.job_id': jobId, 'metrics.name': name })
    .whereNotNull('metrics.value')
    .orderBy('metrics.step')
    .orderBy('metrics.id');
  return rows.map((row): [number, number] => [row.step, row.value as number]);
}

async function thinned(knex: Knex, jobId: string, name: string, from: number, to: number): Promise<[number, number][]> {
  const width = (to - from) / stretches || 1;
  const rows = await knex('metrics')
    .select(knex.raw('floor((metrics.step - ?) / ?) as stretch', [from, width]))
    .min({ low: 'metrics.value', step: 'metrics.step' })
    .max({ high: 'metrics.value', end: 'metrics.step' })
    .where({ 'metrics.job_id': jobId, 'metrics.name': name })
    .whereNotNull('metrics.value')
    .groupBy('stretch')
    .orderBy('stretch');
  return rows.flatMap((row): [number, number][] => [
    [Number(row['step']), Number(row['low'])],
    [Number(row['end']), Number(row['high'])],
  ]);
}
