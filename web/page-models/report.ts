import { z } from 'zod';

const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
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
    test: number,
    testInterval: number,
  }),
  scores: z
    .object({ validation: scores, test: scores })
    .nullish()
    .transform((value) => value ?? { validation: {}, test: {} }),
  baseline: z.object({ model: z.string(), validation: number, test: number, sentence: z.string() }).nullish(),
  leaderboard: list(
    z.object({
      model: z.string(),
      metric: z.string(),
      higherIsBetter: z.boolean(),
      validation: number,
      interval: number,
      fitSeconds: number,
      predictMsPer1000: number,
      baseline: z
        .boolean()
        .nullish()
        .transform((value) => value ?? false),
    }),
  ),
  importance: list(z.object({ column: z.string(), mean: z.number(), interval: number })),
  confusion: z.object({ labels: z.array(z.coerce.string()), matrix: z.array(z.array(z.number())) }).nullish(),
  residuals: z
    .object({ points, histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number()) }) })
    .nullish(),
  curves: z.object({ roc: points.nullish(), pr: points.nullish() }).nullish(),
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
