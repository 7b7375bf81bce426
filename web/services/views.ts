import { z } from 'zod';
import { columnProfileSchema } from '../../domain/dataset.ts';
import { idSchema } from '../../domain/ids.ts';
import { importUsedSchema } from '../../domain/import-options.ts';
import { jobSpecSchema } from '../../domain/job-spec.ts';
import { outcomes } from '../../domain/outcomes.ts';
import { phases } from '../../domain/phases.ts';
import { allowSchema } from '../../domain/prediction-spec.ts';
import { taskSchema } from '../../domain/task.ts';

/** What services answer with: the same shapes for pages, API and its OpenAPI document. */

export const datasetSummarySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    owner: z.string(),
    contentHash: z.string(),
    bytes: z.int(),
    rows: z.int(),
    columnCount: z.int(),
    createdAtMs: z.int(),
    /** Versions of one dataset have this alike. */
    familyId: idSchema,
    version: z.int(),
    madeByPreparationId: idSchema.nullable(),
  })
  .meta({ id: 'DatasetSummary' });
export type DatasetSummary = z.infer<typeof datasetSummarySchema>;

export const datasetDetailSchema = datasetSummarySchema
  .extend({
    columns: z.array(columnProfileSchema),
    /** How the file was read; null for what was made here, or read before this was noted. */
    import: importUsedSchema.nullable(),
    /** Rows that were set aside. */
    rejectedRows: z.int(),
  })
  .meta({ id: 'Dataset' });
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;

export const datasetVersionSchema = z
  .object({
    id: idSchema,
    version: z.int(),
    name: z.string(),
    owner: z.string(),
    rows: z.int(),
    columnCount: z.int(),
    createdAtMs: z.int(),
    removedAtMs: z.int().nullable(),
    import: importUsedSchema.nullable(),
    madeBy: z
      .object({
        preparationId: idSchema,
        recipeId: idSchema,
        recipeName: z.string(),
        recipeVersion: z.int(),
        datasetId: idSchema,
        datasetName: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'DatasetVersion' });
export type DatasetVersion = z.infer<typeof datasetVersionSchema>;

export const costSchema = z.object({
  micros: z.int(),
  /** False while something still costs, or while the cloud has not confirmed the last interval. */
  isFinal: z.boolean(),
  priceListDate: z.string().nullable(),
});

export const progressSchema = z.object({
  fraction: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  sentence: z.string(),
});

const workShape = {
  id: idSchema,
  owner: z.string(),
  phase: z.enum(phases),
  sentence: z.string(),
  outcome: z.enum(outcomes).nullable(),
  reason: z.string().nullable(),
  failureType: z.string().nullable(),
  attempt: z.int(),
  version: z.int(),
  acceptedAtMs: z.int(),
  startedAtMs: z.int().nullable(),
  doneAtMs: z.int().nullable(),
  cancelAskedAtMs: z.int().nullable(),
  stopAskedAtMs: z.int().nullable(),
  cost: costSchema,
  progress: progressSchema.nullable(),
};

export const jobSummarySchema = z
  .object({
    ...workShape,
    name: z.string(),
    datasetId: idSchema,
    engine: z.string(),
    task: taskSchema,
    continuesJobId: idSchema.nullable(),
    /** Whose trial it is, and which. */
    sweep: z.object({ id: idSchema, trial: z.int() }).nullable(),
    /** The model it left; a job leaves at most one. */
    modelId: idSchema.nullable(),
  })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummarySchema>;

export const attemptSchema = z.object({
  attempt: z.int(),
  machineName: z.string(),
  machineType: z.string(),
  cloud: z.string(),
  spot: z.boolean(),
  pricePerHourMicros: z.int(),
  endsAtMs: z.int(),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int().nullable(),
  endedBecause: z.string().nullable(),
  lastHeardAtMs: z.int().nullable(),
  /** The latest heartbeat and hello of the machine, as events. */
  heartbeat: z.record(z.string(), z.unknown()).nullable(),
  hello: z.record(z.string(), z.unknown()).nullable(),
});
export type AttemptView = z.infer<typeof attemptSchema>;

export const timelineEntrySchema = z.object({
  atMs: z.int(),
  kind: z.enum(['phase', 'note', 'warning', 'asked', 'ending']),
  phase: z.enum(phases).nullable(),
  attempt: z.int(),
  text: z.string(),
});
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;

export const leaderboardEntrySchema = z.object({
  id: z.int(),
  attempt: z.int(),
  atMs: z.int(),
  model: z.string(),
  metric: z.string(),
  higherIsBetter: z.boolean(),
  validation: z.number().nullable(),
  interval: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  fitSeconds: z.number().nullable(),
  predictMsPer1000: z.number().nullable(),
  baseline: z.boolean(),
  secondsUsed: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});
export type LeaderboardEntry = z.infer<typeof leaderboardEntrySchema>;

export const resourceSchema = z.object({
  kind: z.enum(['bucket', 'signals', 'machine']),
  attempt: z.int(),
  name: z.string(),
  cloud: z.string(),
  state: z.enum(['intended', 'created', 'gone']),
  startedAtMs: z.int().nullable(),
  endedAtMs: z.int().nullable(),
  goneConfirmedAtMs: z.int().nullable(),
  lastProblem: z.string().nullable(),
});
export type ResourceView = z.infer<typeof resourceSchema>;

export const modelSummarySchema = z
  .object({
    id: idSchema,
    jobId: idSchema,
    name: z.string(),
    engine: z.string(),
    owner: z.string(),
    metric: z.string(),
    validationScore: z.number().nullable(),
    testScore: z.number().nullable(),
    archiveBytes: z.int(),
    archiveHash: z.string(),
    createdAtMs: z.int(),
  })
  .meta({ id: 'ModelSummary' });
export type ModelSummary = z.infer<typeof modelSummarySchema>;

export const inputColumnSchema = z.object({ name: z.string(), sqlType: z.string(), role: z.string() });
export type InputColumn = z.infer<typeof inputColumnSchema>;

export const modelDetailSchema = modelSummarySchema
  .extend({
    inputSchema: z.array(inputColumnSchema),
    signature: z.record(z.string(), z.unknown()),
    /** As the trainer wrote it: see docs/trainer-contract.md. */
    report: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Model' });
export type ModelDetail = z.infer<typeof modelDetailSchema>;

const lineageEntrySchema = z.object({ id: idSchema, name: z.string() });

export const jobDetailSchema = jobSummarySchema
  .extend({
    spec: jobSpecSchema,
    trainingDeadlineMs: z.int().nullable(),
    attempts: z.array(attemptSchema),
    timeline: z.array(timelineEntrySchema),
    leaderboard: z.array(leaderboardEntrySchema),
    resources: z.array(resourceSchema),
    model: modelSummarySchema.nullable(),
    logLines: z.int(),
    logDeletedAtMs: z.int().nullable(),
    /** What prepared its data. */
    recipe: lineageEntrySchema.extend({ version: z.int() }).nullable(),
    /** The job it started from, and the jobs that started from it. */
    continues: lineageEntrySchema.nullable(),
    continuedBy: z.array(lineageEntrySchema),
  })
  .meta({ id: 'Job' });
export type JobDetail = z.infer<typeof jobDetailSchema>;

export const predictionSummarySchema = z
  .object({
    ...workShape,
    modelId: idSchema,
    datasetId: idSchema,
    rows: z.int().nullable(),
    hasOutput: z.boolean(),
  })
  .meta({ id: 'PredictionSummary' });
export type PredictionSummary = z.infer<typeof predictionSummarySchema>;

export const predictionDetailSchema = predictionSummarySchema
  .extend({
    modelName: z.string(),
    datasetName: z.string(),
    allow: allowSchema,
    /** What was done to the data so that it fits, by names and types. */
    mended: z
      .object({
        ignored: z.array(z.string()),
        cast: z.array(z.object({ column: z.string(), from: z.string(), to: z.string() })),
      })
      .nullable(),
    attempts: z.array(attemptSchema),
    timeline: z.array(timelineEntrySchema),
    resources: z.array(resourceSchema),
    /** The first rows of the output, as the workflow kept them. */
    preview: z.unknown(),
  })
  .meta({ id: 'Prediction' });
export type PredictionDetail = z.infer<typeof predictionDetailSchema>;

export const metricSeriesSchema = z
  .object({
    name: z.string(),
    unit: z.string().nullable(),
    higherIsBetter: z.boolean().nullable(),
    last: z.number().nullable(),
    best: z.number().nullable(),
    points: z.array(z.object({ attempt: z.int(), atMs: z.int(), step: z.number(), value: z.number().nullable() })),
  })
  .meta({ id: 'MetricSeries' });
export type MetricSeries = z.infer<typeof metricSeriesSchema>;

/** Where a line comes from: the trainer's output and errors, the machine, the platform. */
export const logSources = ['out', 'err', 'machine', 'platform'] as const;
export const logLineSchema = z
  .object({
    line: z.int(),
    atMs: z.int(),
    source: z.enum(logSources),
    attempt: z.int(),
    text: z.string(),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof logLineSchema>;

/** What a job will probably need, from the profile of its data and what its engine declares. */
export const jobEstimateSchema = z
  .object({
    memoryBytes: z.int(),
    machineMemoryBytes: z.int(),
    firstModelSeconds: z.int(),
    /** Of the whole training with these settings, the time limit not counted; null where nobody knows. */
    trainingSeconds: z.int().nullable(),
    /** It goes on until its list of models or the time limit is at its end. */
    fillsTime: z.boolean(),
    fits: z.boolean(),
    /** A machine type of the same cloud that it would fit into; null where it fits, or none does. */
    suggestedType: z.string().nullable(),
  })
  .meta({ id: 'JobEstimate' });
export type JobEstimate = z.infer<typeof jobEstimateSchema>;

export const worstCaseSchema = z
  .object({
    micros: z.int(),
    /** If its training time is extended as far as it goes. */
    extendedMicros: z.int(),
    /** A cap that covers all of it, in a number that a person would write. */
    sensibleBudgetMicros: z.int(),
    sentence: z.string(),
    parts: z.array(z.object({ title: z.string(), text: z.string(), micros: z.int() })),
    priceListDate: z.string(),
  })
  .meta({ id: 'WorstCase' });
export type WorstCase = z.infer<typeof worstCaseSchema>;

export const orphanReportSchema = z
  .object({
    cloud: z.string(),
    askedAtMs: z.int(),
    /** Why the cloud could not be asked. */
    problem: z.string().nullable(),
    /** What of this installation exists there. */
    things: z.int(),
    orphans: z.array(
      z.object({
        kind: z.enum(['bucket', 'signals', 'machine']),
        name: z.string(),
        holder: z.object({ kind: z.enum(['job', 'prediction']), id: z.string() }),
        because: z.string(),
        manualRemoval: z.string(),
      }),
    ),
  })
  .meta({ id: 'OrphanReport' });
export type OrphanReport = z.infer<typeof orphanReportSchema>;

export const problemSchema = z.object({ field: z.string(), message: z.string() });
/** What is wrong with one field of a request; `field` is the dotted name in the zod schema. */
export type FieldProblem = z.infer<typeof problemSchema>;
