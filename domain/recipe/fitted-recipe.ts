import { z } from 'zod';
import { sqlTypes } from './table-schema.ts';

const columnSchema = z.object({ name: z.string().min(1), type: z.enum(sqlTypes) });

/** The table that `applySql` reads, with the number of each row in `"__ty_row"`, from 0. */
export const inputTable = 'input';

/**
 * What a model keeps of a recipe: how a row as it comes becomes what the model knows. It is carried out wherever the
 * model is, without Trainyard: everything that was learned is in the text, and lookups are files beside it.
 */
export const fittedRecipeSchema = z.object({
  version: z.literal(1),
  /** The data engine that fitted it; only the same one is sure to come to the same values. */
  duckdb: z.string().regex(/^\d+\.\d+\.\d+$/),
  inputColumns: z.array(columnSchema),
  /**
   * One SELECT from `input`: `"__ty_row"`, `"__ty_left_out"` (the id of the step that leaves the row out, or null) and the
   * output columns, ordered by row: exactly one row for each row that comes in.
   */
  applySql: z.string(),
  outputColumns: z.array(columnSchema).min(1),
  /** Small tables that the SQL knows by name; each is `file`, Parquet, beside the recipe. */
  lookups: z.array(
    z.object({
      name: z.string().regex(/^lookup_[a-z0-9]{1,12}$/),
      file: z.string().regex(/^lookup_[a-z0-9]{1,12}\.parquet$/),
      datasetId: z.string(),
      columns: z.array(columnSchema),
    }),
  ),
  steps: z.array(
    z.object({
      id: z.string(),
      /** Its place in the recipe as people see it, from 1. */
      place: z.int().min(1),
      sentence: z.string(),
      learned: z.string().optional(),
      /** Whether rows to predict go through it; why not is said in plain words. */
      applied: z.boolean(),
      why: z.string().optional(),
      /** What is said of a row that it leaves out: “step 3 leaves out …”. */
      leavesOut: z.string().optional(),
      /** It learned from held out rows, too, because a later step makes other things of the rows. */
      learnedFromAllRows: z.boolean(),
    }),
  ),
});

export type FittedRecipe = z.infer<typeof fittedRecipeSchema>;
