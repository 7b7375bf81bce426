import { z } from 'zod';
import { idSchema } from './ids.ts';
import { taskSchema } from './task.ts';

export const settingValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

export const engineChoiceSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  /** Checked against what the engine declares about itself (see domain/engine.ts). */
  settings: z.record(z.string(), settingValueSchema).default({}),
});

export const splitSchema = z
  .object({
    /** The part that no model sees until the winner is judged, once. */
    holdoutFraction: z.number().min(0.05).max(0.5).default(0.2),
    /** Folds of cross-validation on the rest; 0 lets the engine decide. */
    folds: z.int().min(0).max(20).default(0),
    seed: z.int().min(0).max(2_147_483_647).default(0),
    /** Rows with the same value here are never on both sides: of one customer, patient, machine. */
    groupColumn: z.string().min(1).nullable().default(null),
    /** What came last is held out, and each part is judged by what came after it. */
    timeColumn: z.string().min(1).nullable().default(null),
  })
  .refine((split) => split.groupColumn === null || split.timeColumn === null, {
    path: ['timeColumn'],
    message: 'Rows are divided by groups or by time, not by both.',
  });

export const machineChoiceSchema = z.object({
  cloud: z.enum(['local', 'gcp', 'aws']).default('local'),
  type: z.string().min(1).max(64).default('local'),
  spot: z.boolean().default(false),
  /** Whether people may log in to it by SSH; not unless told. */
  ssh: z.boolean().optional(),
});

export const limitsSchema = z
  .object({
    /** Training time over all attempts. */
    trainingSeconds: z
      .int()
      .min(10)
      .max(7 * 86_400)
      .default(600),
    /** The most that training may be extended to; the machine's own end is fixed by it when it is made. */
    longestSeconds: z
      .int()
      .min(10)
      .max(14 * 86_400)
      .nullable()
      .default(null),
    attempts: z.int().min(1).max(10).default(3),
    /** How many spot machines are tried before one on demand, where the budget pays for that; 2 unless told. */
    spotAttempts: z.int().min(0).max(10).optional(),
    /** How long a machine may say nothing, while somebody listens, before it counts as lost. */
    silenceSeconds: z.int().min(10).max(3600).default(120),
    budgetMicros: z.int().min(0).nullable().default(null),
  })
  .refine((limits) => limits.longestSeconds === null || limits.longestSeconds >= limits.trainingSeconds, {
    path: ['longestSeconds'],
    message: 'The longest time must not be shorter than the training time.',
  });

const completeLimitsSchema = z.object({
  trainingSeconds: z.int(),
  longestSeconds: z.int(),
  attempts: z.int(),
  /** Absent in jobs from before there was such a choice. */
  spotAttempts: z.int().optional(),
  silenceSeconds: z.int(),
  budgetMicros: z.int().nullable(),
});

/** One may have been bad luck; after a second, a third is more likely to be lost than not. */
export const usualSpotAttempts = 2;

/** How far training may be extended when nobody said. */
export function usualLongestSeconds(trainingSeconds: number): number {
  return trainingSeconds * 2;
}

/**
 * Decided once, when a job is accepted, and kept in its spec: a default that its workflow filled in itself could never
 * be changed again without breaking replay.
 */
export function completeLimits(limits: z.infer<typeof limitsSchema>): z.infer<typeof completeLimitsSchema> {
  return {
    ...limits,
    spotAttempts: limits.spotAttempts ?? usualSpotAttempts,
    longestSeconds: limits.longestSeconds ?? usualLongestSeconds(limits.trainingSeconds),
  };
}

/** The whole spec goes into the history of its workflow, which takes 128 KB: the names must leave room for the rest. */
const ignoredNamesBytes = 64 * 1024;

const ignoredColumnsSchema = z
  .array(z.string())
  .refine((names) => new TextEncoder().encode(JSON.stringify(names)).length <= ignoredNamesBytes, {
    message: 'These are too many columns to ignore one by one. Take them out of the file instead.',
  });

/** One request to train, as it is kept and as the workflow gets it: complete, parsed once at the edge. */
export const jobSpecSchema = z.object({
  id: idSchema,
  workspaceId: z.string().min(1),
  owner: z.string().min(1),
  name: z.string().trim().min(1, 'Give it a name.').max(80),
  datasetId: idSchema,
  /** What prepares the data; null takes them as they are. */
  recipeId: idSchema.nullable().default(null),
  /** Which of its versions; the latest one unless told. Of an accepted job it is always known. */
  recipeVersion: z.int().min(1).nullable().default(null),
  task: taskSchema,
  /** Columns that the model must not see, the label aside. */
  ignoredColumns: ignoredColumnsSchema.default([]),
  /** A number for each row that says how much it counts; no column to learn from. */
  weightColumn: z.string().min(1).nullable().default(null),
  engine: engineChoiceSchema,
  split: splitSchema.prefault({}),
  machine: machineChoiceSchema.prefault({}),
  limits: limitsSchema.transform(completeLimits).pipe(completeLimitsSchema).prefault({}),
  /** `continue`: the job whose model this one starts from. */
  continuesJobId: idSchema.nullable().default(null),
});

export type JobSpec = z.infer<typeof jobSpecSchema>;

/** Columns that say how rows are divided or count, and are not learned from. */
export function sideColumns({ split, weightColumn }: Pick<JobSpec, 'split' | 'weightColumn'>): string[] {
  return [split.groupColumn, weightColumn].filter((name) => typeof name === 'string');
}

/** What a person or a program may say when asking for a job; the server adds workspace and owner. */
export const jobRequestSchema = jobSpecSchema.omit({ workspaceId: true, owner: true }).extend({
  id: idSchema.optional(),
  // By its name the API's document puts what the engines declare in its place.
  engine: engineChoiceSchema.meta({ id: 'EngineChoice' }),
  limits: limitsSchema.prefault({}),
});

export type JobRequest = z.infer<typeof jobRequestSchema>;
export type JobRequestInput = z.input<typeof jobRequestSchema>;
