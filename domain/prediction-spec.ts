import { z } from 'zod';
import { idSchema } from './ids.ts';
import { budgetSchema, machineChoiceSchema } from './job-spec.ts';

/** What may be done to data so that it fits the model. Predictions from before it could be chosen allowed both. */
export const allowSchema = z
  .strictObject({
    /** Columns that the model does not know are kept in the output, and not looked at. */
    extraColumns: z.boolean().default(true),
    /** Values of another type are brought to the one that the model was trained on, if each of them has it. */
    castTypes: z.boolean().default(true),
  })
  .prefault({});

export type Allow = z.infer<typeof allowSchema>;

/** The most that it may cost; a machine that is billed needs it. Once it could be nothing, which is refused by now. */
const keptBudgetSchema = z.int().min(0).nullable().default(null);

/** One batch run of a model over a dataset, complete, as the workflow gets it. */
export const predictionSpecSchema = z.object({
  id: idSchema,
  workspaceId: z.string().min(1),
  owner: z.string().min(1),
  modelId: idSchema,
  datasetId: idSchema,
  engine: z.string().min(1),
  allow: allowSchema,
  machine: machineChoiceSchema.prefault({}),
  limits: z
    .object({
      seconds: z.int().min(10).max(86_400).default(3600),
      attempts: z.int().min(1).max(10).default(3),
      silenceSeconds: z.int().min(10).max(3600).default(120),
      budgetMicros: keptBudgetSchema,
    })
    .prefault({}),
});

export type PredictionSpec = z.infer<typeof predictionSpecSchema>;

/** A spec as it was kept: by this version, or by one before it. */
export function keptPredictionSpec(json: string): PredictionSpec {
  return predictionSpecSchema.parse(JSON.parse(json));
}

export const predictionLimitsSchema = z.strictObject({ budgetMicros: budgetSchema }).prefault({});

export const predictionRequestSchema = z.object({
  id: idSchema.optional(),
  modelId: idSchema,
  datasetId: idSchema,
  allow: allowSchema,
  limits: predictionLimitsSchema,
});

export type PredictionRequest = z.infer<typeof predictionRequestSchema>;
