import { z } from 'zod';
import { idSchema } from './ids.ts';
import { machineChoiceSchema } from './job-spec.ts';

/** One batch run of a model over a dataset, complete, as the workflow gets it. */
export const predictionSpecSchema = z.object({
  id: idSchema,
  workspaceId: z.string().min(1),
  owner: z.string().min(1),
  modelId: idSchema,
  datasetId: idSchema,
  engine: z.string().min(1),
  machine: machineChoiceSchema.prefault({}),
  limits: z
    .object({
      seconds: z.int().min(10).max(86_400).default(3600),
      attempts: z.int().min(1).max(10).default(3),
      silenceSeconds: z.int().min(10).max(3600).default(120),
    })
    .prefault({}),
});

export type PredictionSpec = z.infer<typeof predictionSpecSchema>;

export const predictionRequestSchema = z.object({
  id: idSchema.optional(),
  modelId: idSchema,
  datasetId: idSchema,
});

export type PredictionRequest = z.infer<typeof predictionRequestSchema>;
