import { z } from 'zod';
import { idSchema } from '../../domain/ids.ts';
import { outcomes } from '../../domain/outcomes.ts';
import { phases } from '../../domain/phases.ts';
import { sweepPhases, sweepRequestSchema, sweepSpecSchema, trialSchema } from '../../domain/sweep.ts';
import { costSchema, problemSchema } from './views.ts';

/** What the service of sweeps answers with. */

export const sweepRequestBodySchema = sweepRequestSchema.meta({ id: 'SweepRequest' });

const combinationSchema = z.object({
  combination: z.int(),
  settings: trialSchema.shape.settings,
  trials: z.array(z.int()),
  /** How many of them have a score. */
  scored: z.int(),
  mean: z.number().nullable(),
  /** Standard deviation over the seeds; null for fewer than two. */
  spread: z.number().nullable(),
  isComplete: z.boolean(),
});

export const sweepSummarySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    owner: z.string(),
    datasetId: idSchema,
    engine: z.string(),
    metric: z.string(),
    phase: z.enum(sweepPhases),
    sentence: z.string(),
    outcome: z.enum(outcomes).nullable(),
    reason: z.string().nullable(),
    version: z.int(),
    acceptedAtMs: z.int(),
    startedAtMs: z.int().nullable(),
    doneAtMs: z.int().nullable(),
    cancelAskedAtMs: z.int().nullable(),
    stopAskedAtMs: z.int().nullable(),
    trials: z.object({ planned: z.int(), begun: z.int(), open: z.int(), succeeded: z.int() }),
    /** The best combination so far, by validation. */
    best: combinationSchema.nullable(),
    /** The best trial of that combination, and its job. */
    bestTrial: z.int().nullable(),
    bestJobId: idSchema.nullable(),
    costMicros: z.int(),
  })
  .meta({ id: 'SweepSummary' });
export type SweepSummary = z.infer<typeof sweepSummarySchema>;

const trialViewSchema = trialSchema.extend({
  /** Null until it is begun. */
  job: z
    .object({
      id: idSchema,
      phase: z.enum(phases),
      outcome: z.enum(outcomes).nullable(),
      sentence: z.string(),
      attempt: z.int(),
      acceptedAtMs: z.int(),
      startedAtMs: z.int().nullable(),
      doneAtMs: z.int().nullable(),
      cancelAskedAtMs: z.int().nullable(),
      stopAskedAtMs: z.int().nullable(),
      cost: costSchema,
      modelId: idSchema.nullable(),
      /** Its job was removed since; what it came to stays with the sweep. */
      isRemoved: z.boolean(),
      /** On validation; the held-out rows judge the winner alone, on its own page. */
      score: z.number().nullable(),
    })
    .nullable(),
});
export type TrialView = z.infer<typeof trialViewSchema>;

export const sweepDetailSchema = sweepSummarySchema
  .extend({
    spec: sweepSpecSchema.omit({ trials: true }),
    /** The settings in which trials differ. */
    varied: z.array(z.string()),
    trialList: z.array(trialViewSchema),
    /** Best first. */
    combinations: z.array(combinationSchema),
  })
  .meta({ id: 'Sweep' });
export type SweepDetail = z.infer<typeof sweepDetailSchema>;

export const acceptedSweepSchema = z
  .object({ sweep: sweepSummarySchema, sentence: z.string() })
  .meta({ id: 'AcceptedSweep' });

export const sweepCheckSchema = z
  .object({
    problems: z.array(problemSchema),
    warnings: z.array(z.string()),
    trials: z.array(trialSchema),
    worstCase: z.object({ trialMicros: z.int(), micros: z.int(), sentence: z.string() }).nullable(),
  })
  .meta({ id: 'SweepCheck' });
export type SweepCheckView = z.infer<typeof sweepCheckSchema>;
