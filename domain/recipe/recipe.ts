import { z } from 'zod';
import { idSchema } from '../ids.ts';

/** What a step does with a row that it cannot treat: a date that is no date, a logarithm of −1. */
export const onFailureWays = ['empty', 'drop', 'stop'] as const;
export type OnFailure = (typeof onFailureWays)[number];

const MOST_STEPS = 100;
/** A recipe is a page that a person reads; its text also goes into the archive of each model. */
const MOST_BYTES = 256 * 1024;

export const stepSchema = z.object({
  /** Stays with the step when it is moved. */
  id: z.string().regex(/^[a-z0-9]{1,12}$/),
  kind: z.string().regex(/^[a-z][a-z-]*$/),
  on: z.boolean().default(true),
  onFailure: z.enum(onFailureWays).default('empty'),
  /** Checked by the step's kind. */
  settings: z.record(z.string(), z.json()).default({}),
});

export type Step = z.infer<typeof stepSchema>;

const bytesOf = (steps: readonly Step[]) => new TextEncoder().encode(JSON.stringify(steps)).length;

export const stepsSchema = z
  .array(stepSchema)
  .max(MOST_STEPS, `A recipe has at most ${MOST_STEPS} steps.`)
  .refine((steps) => new Set(steps.map(({ id }) => id)).size === steps.length, 'Two steps have the same id.')
  .refine(
    (steps) => bytesOf(steps) <= MOST_BYTES,
    `The settings of a recipe have at most ${MOST_BYTES / 1024} KB in all. Put long lists of values into a dataset of their own, and look them up in it.`,
  );

export const recipeSchema = z.object({
  id: idSchema,
  name: z.string().trim().min(1, 'Give it a name.').max(80),
  /** The dataset on which it is being worked; it can be tried on any other. */
  datasetId: idSchema,
  version: z.int().min(1),
  steps: stepsSchema,
});

export type Recipe = z.infer<typeof recipeSchema>;
