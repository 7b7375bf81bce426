import { z } from 'zod';
import { idSchema } from '../../domain/ids.ts';
import { outcomes } from '../../domain/outcomes.ts';
import { onFailureWays, type Step, stepSchema } from '../../domain/recipe/recipe.ts';
import { sqlTypes } from '../../domain/recipe/table-schema.ts';
import { problemSchema } from './views.ts';

/** What the services of recipes, preparations and uploads answer with. */

/** A body is JSON as it is; `z.json()` describes itself by itself, without an end, where the document is made. */
const settingsSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<Step['settings'], Step['settings']>;
const stepBodySchema = stepSchema.extend({ settings: settingsSchema.default({}) });

const columnSchema = z.object({ name: z.string(), type: z.enum(sqlTypes) });

export const stepProblemSchema = z
  .object({ field: z.string().optional(), column: z.string().optional(), message: z.string(), instead: z.string() })
  .meta({ id: 'StepProblem' });

export const recipeSummarySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    owner: z.string(),
    datasetId: idSchema,
    stepCount: z.int(),
    latestVersion: z.int(),
    /** Names this state of the draft: send it along with a change, and be told when it was changed elsewhere. */
    position: z.int(),
    createdAtMs: z.int(),
    changedAtMs: z.int(),
  })
  .meta({ id: 'RecipeSummary' });
export type RecipeSummary = z.infer<typeof recipeSummarySchema>;

export const recipeDetailSchema = recipeSummarySchema
  .extend({
    steps: z.array(stepBodySchema.extend({ sentence: z.string() })),
    canUndo: z.boolean(),
    canRedo: z.boolean(),
    /** The draft is not the latest version. */
    isChanged: z.boolean(),
  })
  .meta({ id: 'Recipe' });
export type RecipeDetail = z.infer<typeof recipeDetailSchema>;

export const recipeVersionSchema = z
  .object({ number: z.int(), owner: z.string(), atMs: z.int(), steps: z.array(stepBodySchema) })
  .meta({ id: 'RecipeVersion' });
export type RecipeVersion = z.infer<typeof recipeVersionSchema>;

export const stepKindSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    group: z.string(),
    help: z.string(),
    reach: z.enum(['rowwise', 'fitted', 'table']),
    canFail: z.boolean(),
    fields: z.array(
      z.looseObject({ name: z.string(), title: z.string(), input: z.string(), optional: z.boolean().optional() }),
    ),
  })
  .meta({ id: 'StepKind' });
export type StepKindView = z.infer<typeof stepKindSchema>;

export const fitSchema = z
  .object({
    datasetId: idSchema,
    datasetName: z.string(),
    fits: z.boolean(),
    /** “Two of five steps do not fit: …” */
    sentence: z.string(),
    steps: z.array(
      z.object({
        id: z.string(),
        place: z.int(),
        sentence: z.string(),
        problems: z.array(stepProblemSchema),
        schema: z.array(columnSchema),
      }),
    ),
  })
  .meta({ id: 'RecipeFit' });
export type RecipeFit = z.infer<typeof fitSchema>;

const seenStepShape = {
  id: z.string(),
  problems: z.array(stepProblemSchema),
  sentence: z.string(),
  learnedSentence: z.string().optional(),
  schema: z.array(columnSchema),
};

export const recipePreviewSchema = z
  .looseObject({
    steps: z.array(
      z.looseObject({
        ...seenStepShape,
        sample: z.boolean(),
        notInSample: z.string().optional(),
        warning: z.string().optional(),
      }),
    ),
    before: z.array(columnSchema),
    after: z.array(columnSchema),
    newColumns: z.array(z.string()),
    lostColumns: z.array(z.string()),
    rows: z.array(
      z.looseObject({
        number: z.int(),
        before: z.array(z.string().nullable()).nullable(),
        after: z.array(z.string().nullable()),
        changed: z.array(z.int()),
        leftOutBy: z.string().nullable(),
        fails: z.boolean(),
      }),
    ),
    total: z.int(),
    sample: z.boolean(),
    sampleRows: z.int(),
  })
  .meta({ id: 'RecipePreview' });

const foundRowsSchema = z.object({ count: z.int(), numbers: z.array(z.int()) });

export const checkResultSchema = z.looseObject({
  steps: z.array(
    z.looseObject({
      ...seenStepShape,
      rowsIn: z.int().nullable(),
      rowsOut: z.int().nullable(),
      changedCells: z.int(),
      changed: foundRowsSchema,
      failing: foundRowsSchema,
      leftOut: foundRowsSchema,
    }),
  ),
  rowsIn: z.int(),
  rowsOut: z.int(),
  schema: z.array(columnSchema),
  milliseconds: z.number(),
});

export const recipeCheckSchema = z
  .object({
    /** Of the draft as it is now; a check of an earlier one counts for nothing. */
    state: z.enum(['none', 'running', 'done', 'failed']),
    position: z.int(),
    datasetId: idSchema,
    progress: z
      .object({ doing: z.string(), rows: z.int(), ofRows: z.int(), passes: z.int(), ofPasses: z.int() })
      .nullable(),
    result: checkResultSchema.nullable(),
    failure: z.string().nullable(),
  })
  .meta({ id: 'RecipeCheck' });
export type RecipeCheckView = z.infer<typeof recipeCheckSchema>;

export const preparationSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    owner: z.string(),
    recipeId: idSchema,
    recipeVersion: z.int(),
    datasetId: idSchema,
    phase: z.enum(['queued', 'preparing', 'done']),
    sentence: z.string(),
    outcome: z.enum(outcomes).nullable(),
    reason: z.string().nullable(),
    failureType: z.string().nullable(),
    version: z.int(),
    rowsDone: z.int(),
    rowsTotal: z.int().nullable(),
    secondsLeft: z.int().nullable(),
    acceptedAtMs: z.int(),
    startedAtMs: z.int().nullable(),
    doneAtMs: z.int().nullable(),
    cancelAskedAtMs: z.int().nullable(),
    seenAtMs: z.int().nullable(),
    outputDatasetId: idSchema.nullable(),
  })
  .meta({ id: 'Preparation' });
export type PreparationView = z.infer<typeof preparationSchema>;

export const preparationDetailSchema = preparationSchema
  .extend({
    recipeName: z.string(),
    datasetName: z.string(),
    /** What each step did; null until it is done. */
    result: z
      .looseObject({
        rowsIn: z.int(),
        rowsOut: z.int(),
        steps: z.array(
          z.looseObject({
            ...seenStepShape,
            rowsIn: z.int().nullable(),
            rowsOut: z.int().nullable(),
            leftOut: z.int(),
          }),
        ),
      })
      .nullable(),
  })
  .meta({ id: 'PreparationDetail' });
export type PreparationDetail = z.infer<typeof preparationDetailSchema>;

export const uploadSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    owner: z.string(),
    url: z.string().nullable(),
    state: z.enum(['receiving', 'reading', 'kept', 'refused']),
    /** Bytes that are safe: go on from here. */
    offset: z.int(),
    length: z.int().nullable(),
    datasetId: idSchema.nullable(),
    failure: z
      .object({
        status: z.int(),
        title: z.string(),
        message: z.string(),
        hint: z.string().nullable(),
        problems: z.array(problemSchema),
      })
      .nullable(),
    createdAtMs: z.int(),
    changedAtMs: z.int(),
    expiresAtMs: z.int(),
  })
  .meta({ id: 'Upload' });
export type UploadView = z.infer<typeof uploadSchema>;

// What is asked.

const nameSchema = z.string().trim().min(1, 'Give it a name.').max(80);
const positionSchema = z.int().min(0).describe('The position at which you saw the draft; 409 when it has moved on.');

export const newRecipeSchema = z
  .strictObject({
    id: idSchema.optional(),
    name: nameSchema.optional(),
    datasetId: idSchema,
    steps: z
      .array(stepBodySchema.partial({ id: true }))
      .max(100)
      .optional(),
  })
  .meta({ id: 'NewRecipe' });
export const recipeChangesSchema = z.strictObject({ name: nameSchema }).meta({ id: 'RecipeChanges' });
export const stepsBodySchema = z
  .strictObject({ position: positionSchema, steps: z.array(stepBodySchema.partial({ id: true })).max(100) })
  .meta({ id: 'RecipeSteps' });
const stepChanges = {
  on: z.boolean().optional(),
  onFailure: z.enum(onFailureWays).optional(),
  settings: settingsSchema.optional(),
};
const placeSchema = z.int().min(0).max(100).optional().describe('Its place among the steps, from 0.');
export const newStepSchema = z
  .strictObject({
    position: positionSchema.optional(),
    id: stepSchema.shape.id.optional(),
    kind: stepSchema.shape.kind,
    at: placeSchema,
    ...stepChanges,
  })
  .meta({ id: 'NewStep' });
export const stepChangesSchema = z
  .strictObject({ position: positionSchema.optional(), at: placeSchema, ...stepChanges })
  .meta({ id: 'StepChanges' });
export const atPositionSchema = z.strictObject({ position: positionSchema }).meta({ id: 'AtPosition' });
export const saveVersionSchema = z.strictObject({ position: positionSchema.optional() }).meta({ id: 'SaveVersion' });
export const tryRecipeSchema = z
  .strictObject({ datasetId: idSchema, version: z.int().min(1).optional() })
  .meta({ id: 'TryRecipe' });
export const previewRequestSchema = z
  .strictObject({
    at: z.int().min(-1).max(100).optional(),
    rows: z.enum(['first', 'random', 'changed', 'failing']).default('first'),
    numbers: z.array(z.int().min(0)).max(200).optional(),
    seed: z.int().min(0).max(2_147_483_647).optional(),
    limit: z.int().min(1).max(200).default(50),
    datasetId: idSchema.optional(),
    exact: z.boolean().default(false),
    tab: z.string().max(64).optional().describe('Of several previews of one tab only the newest is answered.'),
  })
  .meta({ id: 'PreviewRequest' });
export const checkRequestSchema = z.strictObject({ datasetId: idSchema.optional() }).meta({ id: 'CheckRequest' });
export const importRecipeSchema = z
  .strictObject({
    datasetId: idSchema,
    yaml: z.string().max(300_000),
    name: nameSchema.optional(),
    id: idSchema.optional(),
  })
  .meta({ id: 'ImportRecipe' });
export const duplicateSchema = z
  .strictObject({ name: nameSchema.optional(), datasetId: idSchema.optional(), id: idSchema.optional() })
  .meta({ id: 'DuplicateRecipe' });
export const prepareRequestSchema = z
  .strictObject({
    id: idSchema.optional(),
    recipeId: idSchema,
    version: z.int().min(1).optional().describe('The draft as it is now, saved as a version, unless told.'),
    datasetId: idSchema.optional().describe('That of the recipe unless told.'),
    name: z.string().trim().min(1).max(200).optional().describe('Of the dataset that it makes.'),
  })
  .meta({ id: 'PrepareRequest' });
