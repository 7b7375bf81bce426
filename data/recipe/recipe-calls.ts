import type { TrainingProblem } from '../../domain/check-training.ts';
import type { TrainingRecipeInput } from '../../domain/recipe/for-training.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import type { Learned, StepProblem } from '../../domain/recipe/step-kind.ts';
import type { Column, TableSchema } from '../../domain/recipe/table-schema.ts';

/** A dataset that steps look things up in. */
export interface OtherDataset {
  datasetId: string;
  name: string;
  parquet: string;
  /** It is the data that the recipe begins with, or another version of it. */
  isSame?: boolean | undefined;
}

/** What a step learned from the whole file. It holds as long as the step and those before it stay as they were. */
export interface KnownFit {
  /** Of the steps up to here and the table that they begin with. */
  key: string;
  stepId: string;
  all: Learned;
  folds: Learned[];
}

export interface RecipeInput {
  parquet: string;
  steps: Step[];
  others?: OtherDataset[] | undefined;
}

export type WhichRows = 'first' | 'random' | 'changed' | 'failing';

export interface RecipePreviewInput extends RecipeInput {
  /** The place of the step whose work is shown, from 0; the last one unless told, −1 for the data as they came. */
  at?: number | undefined;
  rows: WhichRows;
  /** Rows to look at, by their numbers from 0, where the check of the whole file found them. */
  numbers?: number[] | undefined;
  seed?: number | undefined;
  limit?: number | undefined;
  cellLength?: number | undefined;
  /** What was learned from the whole file before; what no longer holds is not used. */
  learned?: KnownFit[] | undefined;
  /** From the whole file, however long it takes. */
  exact?: boolean | undefined;
  /** Asks whether a training can use what the recipe makes. */
  training?: Pick<TrainingRecipeInput, 'task' | 'ignoredColumns'> | undefined;
}

export interface SeenStep {
  id: string;
  problems: StepProblem[];
  sentence: string;
  learnedSentence?: string;
  /** The columns after the step. */
  schema: TableSchema;
}

export interface PreviewedStep extends SeenStep {
  /** What it learned, it learned from a sample. */
  sample: boolean;
  /** It needs what a step before learns from the whole file only: it is passed over here, which is no problem of it. */
  notInSample?: string;
  /** It can be carried out, but may not do what was meant. */
  warning?: string;
}

export interface ShownRecipeRow {
  /** In the table at this point, from 1. */
  number: number;
  /** Display-ready, null is missing. No row at all where the step makes new rows of old ones. */
  before: (string | null)[] | null;
  after: (string | null)[];
  /** Places in `after` of cells that the step changed. */
  changed: number[];
  /** The step that leaves the row out. */
  leftOutBy: string | null;
  /** The shown step cannot treat it. */
  fails: boolean;
}

export interface RecipePreview {
  steps: PreviewedStep[];
  before: TableSchema;
  after: TableSchema;
  newColumns: string[];
  lostColumns: string[];
  rows: ShownRecipeRow[];
  /** Rows of the dataset. */
  total: number;
  /** What is shown rests on the first `sampleRows` rows: the whole file may show other rows or values. */
  sample: boolean;
  sampleRows: number;
  /** From the whole file, when that was asked for. */
  learned: KnownFit[];
  /** When that was asked for, and no step needs what is not in the sample. */
  training?: TrainingLook | undefined;
}

export interface TrainingLook {
  problems: TrainingProblem[];
  /** A label is not among the columns that the first rows show, and may be among those of the whole file. */
  notInSample: boolean;
  /** Every row comes through the recipe with the label that it came with. */
  keepsLabels: boolean;
  /** What is likely a mistake: a column that was looked up and says the same as the label. */
  warnings: string[];
}

export interface RecipeCheckInput extends RecipeInput {
  learned?: KnownFit[] | undefined;
}

/** Rows of one sort: how many there are, and the numbers (from 0) of some. */
export interface FoundRows {
  count: number;
  numbers: number[];
}

export interface StepCounts extends SeenStep {
  /** Rows that come to the step; null for a step that is off or cannot be carried out. */
  rowsIn: number | null;
  rowsOut: number | null;
  changedCells: number;
  changed: FoundRows;
  failing: FoundRows;
  leftOut: FoundRows;
}

export interface RecipeCheck {
  steps: StepCounts[];
  rowsIn: number;
  rowsOut: number;
  schema: TableSchema;
  learned: KnownFit[];
  milliseconds: number;
}

export interface Split {
  /** Of all rows, for the test at the end. */
  holdoutFraction: number;
  /** 0 when the engine makes its own; steps that learn from the label then have folds for themselves. */
  folds: number;
  seed: number;
  label: string;
  /** Each part gets its share of each class, as far as the label is known before the first step that learns. */
  stratify: boolean;
  /** Rows are divided by this column and not by chance: whole groups, or the latest held out. */
  key?: { by: 'group' | 'time'; column: string } | undefined;
  /** Writes the fold of each row as a column: −1 held out, from 0 otherwise. */
  keepFold?: boolean | undefined;
}

export interface RunRecipeInput extends RecipeInput {
  split?: Split | undefined;
  toParquet: string;
  toCsv?: string | undefined;
  /** The folder for the tables that steps look things up in, each as `<step id>.parquet`. */
  toLookups?: string | undefined;
  /** Learned before: replayed, not learned again. Not together with `split`. */
  learned?: KnownFit[] | undefined;
}

export interface RunStep extends SeenStep {
  rowsIn: number | null;
  rowsOut: number | null;
  leftOut: number;
}

export interface KeptLookup {
  stepId: string;
  datasetId: string;
  path: string;
  columns: readonly Column[];
}

export interface RecipeRun {
  steps: RunStep[];
  rowsIn: number;
  rowsOut: number;
  /** Without the columns of Trainyard's own. */
  schema: TableSchema;
  learned: KnownFit[];
  lookups: KeptLookup[];
  /** Rows that are held out, and in each fold. */
  folds: { fold: number; rows: number }[];
  /** False when that was asked for, but the label is made only after a step that learns: rows were divided by chance. */
  stratified: boolean;
}
