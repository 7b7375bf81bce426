import { z } from 'zod';
import { idSchema } from './ids.ts';
import { budgetSchema, jobRequestSchema, jobSpecSchema, settingValueSchema, whole } from './job-spec.ts';
import type { Phase } from './phases.ts';

/** As many jobs as a person can still look at in one table. */
export const mostTrials = 200;

const namesOfSettings = z.string().min(1).max(64);

const choiceRangeSchema = z.strictObject({ values: z.array(settingValueSchema).min(1).max(mostTrials) });
const numberRangeSchema = z.strictObject({
  min: z.number(),
  max: z.number(),
  /** `log`: as often between 0.001 and 0.01 as between 0.1 and 1. */
  scale: z.enum(['linear', 'log']).default('linear'),
  /** Whole numbers only. What the engine declares as a whole number is drawn so in any case. */
  integer: z.boolean().default(false),
});

/** How the settings of the trials are found. */
export const searchSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('grid'),
    values: z.record(namesOfSettings, z.array(settingValueSchema).min(1).max(mostTrials)),
  }),
  z.strictObject({
    kind: z.literal('random'),
    count: z.int().min(1).max(mostTrials),
    seed: z.int().min(0).max(2_147_483_647).default(0),
    ranges: z.record(namesOfSettings, z.union([choiceRangeSchema, numberRangeSchema])),
  }),
  z.strictObject({ kind: z.literal('seeds'), count: z.int().min(2).max(mostTrials) }),
]);

const totalTime = 'The time of all trials together is at least 10 seconds (“10 s”).';

export const sweepLimitsSchema = z.strictObject({
  /** Shared by all trials; another is begun only when its worst case still fits. */
  budgetMicros: budgetSchema,
  /** Training time of all trials together. */
  totalSeconds: z.int({ error: totalTime }).min(10, { error: totalTime }).nullable().default(null),
});

/** What a person or a program may say when asking for a sweep. */
export const sweepRequestSchema = z.strictObject({
  id: idSchema.optional(),
  name: z.string().trim().min(1, 'Give it a name.').max(60, 'The name has at most 60 characters.'),
  /** The job that all trials are like. */
  base: jobRequestSchema.omit({ id: true, name: true }).strict(),
  search: searchSchema,
  /** How many seeds each combination of settings is tried with. */
  seeds: whole(1, 50, 'The number of seeds is a whole number from 1 to 50.').default(1),
  /** The most trials that are open at once; the yard may give places to fewer. */
  parallel: whole(1, 20, 'Between 1 and 20 trials can be open at once.').default(2),
  limits: sweepLimitsSchema.prefault({}),
});

/** One job of a sweep, before there is one: the settings in which it differs from the base, and its seed. */
export const trialSchema = z.object({
  number: z.int().min(1),
  /** Trials of one combination have the same settings and differ in the seed only. */
  combination: z.int().min(1),
  settings: z.record(z.string(), settingValueSchema),
  seed: z.int(),
});

/**
 * As it is kept: complete, parsed once at the edge. The trials are decided when it is accepted, so that another version
 * of this code cannot number them anew under way. A search that learns from results would leave the list empty and
 * answer `nextTrials` of domain/sweep-steps.ts by what it has seen so far.
 */
export const sweepSpecSchema = z.object({
  id: idSchema,
  workspaceId: z.string().min(1),
  owner: z.string().min(1),
  name: z.string(),
  base: jobSpecSchema.omit({ id: true, name: true, workspaceId: true, owner: true }),
  search: searchSchema,
  seeds: z.int(),
  parallel: z.int(),
  limits: sweepLimitsSchema,
  trials: z.array(trialSchema),
});

export type Search = z.infer<typeof searchSchema>;
export type SweepRequest = z.infer<typeof sweepRequestSchema>;
export type SweepRequestInput = z.input<typeof sweepRequestSchema>;
export type SweepSpec = z.infer<typeof sweepSpecSchema>;
export type Trial = z.infer<typeof trialSchema>;
export type SettingValue = z.infer<typeof settingValueSchema>;

/** Where a sweep is: its trials have all the phases of jobs, it has but these. */
export const sweepPhases = ['queued', 'training', 'done'] as const satisfies readonly Phase[];
export type SweepPhase = (typeof sweepPhases)[number];

/** What a workflow needs to know of the sweep that it drives; all else is in the database. */
export interface SweepOrder {
  id: string;
  owner: string;
  name: string;
  engine: string;
  /** What was asked before it went on in a new history. */
  asked?: 'cancel' | 'stop';
}

/** The name of a trial's job in every list. */
export function trialName(sweepName: string, number: number): string {
  return `${sweepName} · trial ${number}`;
}
