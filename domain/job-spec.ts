import { z } from 'zod';
import { idSchema } from './ids.ts';
import { taskSchema } from './task.ts';

/** A whole number in words of a person: which field it is, and what fits, in the unit that people give it in. */
export function whole(least: number, most: number, error: string) {
  return z.int({ error }).min(least, { error }).max(most, { error });
}

const daySeconds = 86_400;

export const settingValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

export const engineChoiceSchema = z.object({
  name: z.string({ error: 'Say which engine trains.' }).regex(/^[a-z][a-z0-9_]*$/, 'Choose one of the engines.'),
  /** Checked against what the engine declares about itself (see domain/engine.ts). */
  settings: z.record(z.string(), settingValueSchema).default({}),
});

const heldOut = 'The held-out part is 5 % to 50 % of the rows.';

export const splitSchema = z
  .object({
    /** The part that no model sees until the winner is judged, once. */
    holdoutFraction: z
      .number({ error: heldOut })
      .min(0.05, { error: heldOut })
      .max(0.5, { error: heldOut })
      .default(0.2),
    /** Folds of cross-validation on the rest; 0 lets the engine decide. */
    folds: whole(0, 20, 'The number of folds is a whole number from 0 to 20; 0 lets the engine decide.').default(0),
    seed: whole(0, 2_147_483_647, 'The seed is a whole number from 0 to 2147483647.').default(0),
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
  cloud: z.enum(['local', 'gcp', 'aws'], { error: 'Choose one of the machines.' }).default('local'),
  type: z.string().min(1, 'Choose one of the machines.').max(64, 'Choose one of the machines.').default('local'),
  spot: z.boolean().default(false),
  /** Whether people may log in to it by SSH; not unless told. */
  ssh: z.boolean().optional(),
});

/** Nothing is no cap: a job that may cost nothing could not even begin. */
const cap = 'The cap is an amount above $0. Leave it out for no limit.';
export const capSchema = z.int({ error: cap }).min(1, { error: cap });
export const budgetSchema = capSchema.nullable().default(null);

export const limitsSchema = z
  .object({
    /** Training time over all attempts. */
    trainingSeconds: whole(
      10,
      7 * daySeconds,
      'The time limit is 10 seconds (“10 s”) to 10,080 minutes, which is 7 days.',
    ).default(600),
    /** The most that training may be extended to; the machine's own end is fixed by it when it is made. */
    longestSeconds: whole(
      10,
      14 * daySeconds,
      'The longest time is 10 seconds (“10 s”) to 20,160 minutes, which is 14 days.',
    )
      .nullable()
      .default(null),
    attempts: whole(1, 10, 'The number of attempts is a whole number from 1 to 10.').default(3),
    /** How many spot machines are tried before one on demand, where the budget pays for that; 2 unless told. */
    spotAttempts: whole(0, 10, 'The number of tries on spot is a whole number from 0 to 10.').optional(),
    /** How long a machine may say nothing, while somebody listens, before it counts as lost. */
    silenceSeconds: whole(10, 3600, 'The silence limit is 10 to 3600 whole seconds.').default(120),
    budgetMicros: budgetSchema,
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
  name: z.string().trim().min(1, 'Give it a name.').max(80, 'The name has at most 80 characters.'),
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
