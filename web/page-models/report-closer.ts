import { z } from 'zod';

/** The parts of a report that look closer (docs/trainer-contract.md). An older trainer's report has none of them. */
export const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

/** A part that is not as it should be is left away; the rest of the report is shown. */
export const part = <T extends z.ZodType>(shape: T) => shape.nullish().catch(null);

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const line = z.object({
  name: z.string().nullable(),
  mean: z.array(z.number()),
  low: z.array(z.number()),
  high: z.array(z.number()),
});

export const closerParts = {
  leakage: part(z.array(z.object({ sentence: z.string() }))),
  learning: part(
    z.object({
      unit: z.string(),
      at: z.array(z.number()),
      series: z.array(z.object({ name: z.string(), values: z.array(z.number().nullable()) })),
    }),
  ),
  perClass: part(
    z.object({
      rows: z.array(
        z.object({
          label: z.string(),
          precision: number,
          recall: number,
          f1: number,
          support: z.number(),
          predicted: z.number(),
        }),
      ),
      leftOut: z.number(),
    }),
  ),
  perLabel: part(
    z.array(
      z.object({
        label: z.string(),
        rocAuc: number,
        logLoss: number,
        precision: number,
        recall: number,
        f1: number,
        support: z.number(),
        predicted: z.number(),
      }),
    ),
  ),
  thresholds: part(
    z.array(
      z.object({
        threshold: z.number(),
        said: z.number(),
        precision: number,
        recall: number,
        f1: number,
        accuracy: number,
      }),
    ),
  ),
  calibration: part(
    z.object({
      of: z.string().nullable(),
      bins: z.array(
        z.object({
          from: z.number(),
          to: z.number(),
          count: z.number(),
          mean: z.number(),
          share: z.number(),
          low: z.number(),
          high: z.number(),
        }),
      ),
      brier: z.number(),
      expectedError: z.number(),
    }),
  ),
  dependence: part(
    z.array(z.object({ column: z.string(), kind: z.string(), values: z.array(cell), series: z.array(line).min(1) })),
  ),
  worst: part(
    z.object({
      columns: z.array(z.string()),
      rows: z.array(z.object({ truth: cell, predicted: cell, size: number, values: z.array(cell) })),
      columnsLeftOut: z.number(),
    }),
  ),
  budget: part(z.object({ seconds: z.number(), leftOut: z.array(z.object({ part: z.string(), reason: z.string() })) })),
  data: part(z.object({ rows: z.number(), columns: z.number(), ignored: z.number(), sha256: z.string().nullable() })),
};
