import { z } from 'zod';
import { engineSchema } from '../../../domain/engine.ts';
import { readSettingsSchema } from '../../../infra/engine-settings.ts';
import { jobRequestSchema } from '../../../domain/job-spec.ts';
import { taskKinds } from '../../../domain/task.ts';
import {
  jobEstimateSchema,
  jobSummarySchema,
  metricSeriesSchema,
  logLineSchema,
  predictionSummarySchema,
  problemSchema,
  worstCaseSchema,
} from '../../services/views.ts';

/** Shapes that only the API has; all others are those of the services. */

export const problemDocumentSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    requestId: z.string(),
    /** What to do about it. */
    hint: z.string().optional(),
    problems: z.array(problemSchema).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `problems` names each field of the request that must change.' });

/** What “Try it out” begins with: all else has a usual value. */
const jobExample = {
  name: 'customers who leave',
  datasetId: '00000000-0000-4000-8000-000000000000',
  task: { kind: 'binary', labels: ['churned'] },
  engine: { name: 'sklearn', settings: { trees: 200 } },
  limits: { trainingSeconds: 600 },
};

export const jobRequestBodySchema = jobRequestSchema.strict().meta({ id: 'JobRequest', example: jobExample });

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export const pagingShape = {
  offset: whole(0, 1_000_000).default(0),
  limit: whole(1, 500).default(50),
};

/** With the points that were asked for; `total` says how many there are. */
export const metricsAnswerSchema = metricSeriesSchema.extend({ total: z.int() }).meta({ id: 'MetricPoints' });

export const metricsQuerySchema = z.strictObject({
  name: z.string().optional(),
  offset: pagingShape.offset,
  limit: whole(1, 100_000).default(100_000),
});

export const pagingSchema = z.strictObject(pagingShape);

export function pageOf(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), total: z.int(), offset: z.int(), limit: z.int() });
}

/** Text of a query: `true` and `false`, nothing else. */
export const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');

export const logQuerySchema = z.strictObject({
  from: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  before: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  limit: whole(1, 5000).optional(),
  tail: whole(1, 5000).optional(),
  search: z.string().min(1).max(500).optional(),
});

export const logAnswerSchema = z
  .object({
    lines: z.array(logLineSchema),
    /** All lines there are; with `search`, all that match. */
    total: z.int(),
  })
  .meta({ id: 'LogPart' });

export const acceptedJobSchema = z.object({ job: jobSummarySchema, sentence: z.string() }).meta({ id: 'AcceptedJob' });

export const acceptedPredictionSchema = z
  .object({ prediction: predictionSummarySchema, sentence: z.string() })
  .meta({ id: 'AcceptedPrediction' });

export const askedSchema = z.object({ sentence: z.string(), delivered: z.boolean() }).meta({ id: 'Asked' });

export const removalSchema = z
  .object({ goes: z.array(z.string()), stays: z.array(z.string()), refusal: z.string().nullable() })
  .meta({ id: 'Removal' });

export const jobCheckSchema = z
  .object({
    problems: z.array(problemSchema),
    warnings: z.array(z.string()),
    worstCase: worstCaseSchema.optional(),
    estimate: jobEstimateSchema.optional(),
    creates: z.array(z.string()),
  })
  .meta({ id: 'JobCheck' });

export const guessSchema = z
  .object({
    label: z.string(),
    labelWhy: z.string(),
    kind: z.enum(taskKinds),
    metric: z.string(),
    positiveClass: z.string().nullable(),
    why: z.string(),
  })
  .meta({ id: 'TrainingGuess' });

export const rowsSchema = z
  .object({
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.array(z.array(z.string().nullable())),
    numbers: z.array(z.int()),
    total: z.int(),
  })
  .meta({ id: 'Rows' });

export const engineAnswerSchema = engineSchema.extend({ ready: z.boolean() }).meta({ id: 'Engine' });

export const settingsFileSchema = z
  .record(z.string(), z.unknown())
  .meta({ id: 'SettingsFile', description: 'A `hyperparams.json` as people have it: {"lr": 0.1, "num_epochs": 5}.' });

export const readSettingsAnswerSchema = readSettingsSchema.meta({ id: 'ReadSettings' });

export const machineTypeSchema = z
  .object({
    cloud: z.string(),
    name: z.string(),
    title: z.string(),
    cpus: z.number(),
    memoryGib: z.number(),
    gpus: z.array(z.string()),
    pricePerHourMicros: z.int().meta({ description: 'On demand, its disk included.' }),
    spotPricePerHourMicros: z.int().nullish().meta({ description: 'As a spot machine; none where it is not offered.' }),
    diskPricePerHourMicros: z.int().optional().meta({ description: 'What of either price is its disk’s.' }),
    billedAtLeastSeconds: z.int().optional().meta({ description: 'What is billed at least.' }),
    zones: z.array(z.string()).optional(),
    priceListDate: z.string(),
  })
  .meta({ id: 'MachineType' });

export const sampleSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    summary: z.string(),
    source: z.string(),
    label: z.string(),
    task: z.string(),
  })
  .meta({ id: 'Sample' });
