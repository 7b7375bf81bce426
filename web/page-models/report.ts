import { z } from 'zod';
import { closerParts, number, part } from './report-closer.ts';

const scores = z
  .record(z.string(), number)
  .nullish()
  .transform((value) => value ?? {});
const points = z.array(z.tuple([z.number(), z.number()]));
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

/**
 * `report.json` as the trainer leaves it (docs/trainer-contract.md), read leniently: a report of an older trainer shows
 * what it has.
 */
export const reportSchema = z.object({
  metric: z.object({ name: z.string(), title: z.string(), higherIsBetter: z.boolean() }),
  best: z.object({
    model: z.string(),
    validation: number,
    interval: number,
    low: number,
    high: number,
    test: number,
    testInterval: number,
    testLow: number,
    testHigh: number,
  }),
  /** The checkpoint that the attempt which made it had begun with. */
  resumed: part(z.object({ label: z.string() })),
  scores: z
    .object({ validation: scores, test: scores })
    .nullish()
    .transform((value) => value ?? { validation: {}, test: {} }),
  baseline: z
    .object({
      model: z.string(),
      validation: number,
      test: number,
      sentence: z.string(),
      difference: part(z.object({ value: z.number(), low: z.number(), high: z.number() })),
    })
    .nullish(),
  leaderboard: list(
    z.object({
      model: z.string(),
      metric: z.string(),
      higherIsBetter: z.boolean(),
      validation: number,
      interval: number,
      low: number,
      high: number,
      fitSeconds: number,
      predictMsPer1000: number,
      baseline: z
        .boolean()
        .nullish()
        .transform((value) => value ?? false),
    }),
  ),
  extras: list(z.object({ name: z.string(), title: z.string() })),
  importance: list(z.object({ column: z.string(), mean: z.number(), interval: number })),
  confusion: z
    .object({ labels: z.array(z.coerce.string()), matrix: z.array(z.array(z.number())), right: number })
    .nullish(),
  residuals: z
    .object({
      points,
      histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number()) }),
      byPredicted: part(
        z.array(
          z.object({
            from: z.number(),
            to: z.number(),
            rows: z.number(),
            low: z.number(),
            median: z.number(),
            high: z.number(),
          }),
        ),
      ),
      quantiles: part(z.array(z.object({ percent: z.number(), error: z.number(), size: z.number() }))),
    })
    .nullish(),
  ...closerParts,
  curves: z.object({ roc: points.nullish(), pr: points.nullish() }).nullish(),
  /** Of several classes or labels; the pages draw their average, the report each of them. */
  curvesEach: part(z.object({ of: z.string(), macro: z.object({ of: z.number(), roc: points, pr: points }) })),
  warnings: list(z.string()),
  rows: z.object({ train: number, validation: number, test: number }).nullish(),
  seconds: z.record(z.string(), number).nullish(),
  seed: z.union([z.number(), z.string()]).nullish(),
  versions: z.record(z.string(), z.coerce.string()).nullish(),
  why: z.string().nullish(),
});

export type Report = z.infer<typeof reportSchema>;

export function readReport(json: string): Report | undefined {
  const parsed = reportSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : undefined;
}
