import { z } from 'zod';
import { outcomes } from '../../domain/outcomes.ts';
import { phases } from '../../domain/phases.ts';
import { costSchema, progressSchema } from '../services/views.ts';

/** What an event `job` carries: where the job or prediction is, and how its machine does. */
export const workFactsSchema = z
  .object({
    kind: z.enum(['job', 'prediction']),
    id: z.string(),
    version: z.int(),
    phase: z.enum(phases),
    sentence: z.string(),
    outcome: z.enum(outcomes).nullable(),
    reason: z.string().nullable(),
    attempt: z.int(),
    progress: progressSchema.nullable(),
    cost: costSchema,
    trainingDeadlineMs: z.int().nullable(),
    heartbeat: z.record(z.string(), z.unknown()).nullable(),
    lastHeardAtMs: z.int().nullable(),
  })
  .meta({ id: 'WorkFacts' });
export type WorkFacts = z.infer<typeof workFactsSchema>;
