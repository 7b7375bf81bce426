import type { z } from 'zod';
import type { Step } from './recipe.ts';
import type { Column, SqlType, TableSchema } from './table-schema.ts';

/**
 * How far a step looks. A *rowwise* one needs its row only. A *fitted* one learns something from the training rows once,
 * and replays it on each row ever after. A *table* one needs other rows: it shapes the training data, and is left out
 * when predicting.
 */
export type Reach = 'rowwise' | 'fitted' | 'table';

/** What a setting of a step is, for its form, for the API's schema and for the words of a refusal. */
export interface StepField {
  name: string;
  title: string;
  help?: string;
  input:
    | 'column'
    | 'columns'
    | 'text'
    | 'texts'
    | 'number'
    | 'numbers'
    | 'yes/no'
    | 'choice'
    | 'formula'
    /** A list of `{ from, to }`, both text. */
    | 'pairs'
    /** A list of `{ column, is, value }`. */
    | 'conditions'
    | 'dataset';
  /** Of pairs: their `from` names a column of the table; otherwise it is a value. */
  fromColumn?: boolean;
  /** Of which types the column or columns may be; any unless told. */
  types?: readonly SqlType[];
  choices?: readonly { value: string; title: string }[];
  /** Shown only while another setting has one of these values. */
  when?: { field: string; is: readonly string[] };
  optional?: boolean;
}

/** A step that cannot be carried out on this table: what is wrong, and two things to do instead. */
export interface StepProblem {
  /** The setting that it is about. */
  field?: string;
  column?: string;
  /** A whole sentence: “The mean of “city” cannot be taken: it is text.” */
  message: string;
  /** “Use the most frequent value, or a constant.” */
  instead: string;
}

export interface MadeColumn extends Column {
  /** An expression over the columns of the table before; it is cast to the column's type. */
  sql: string;
}

/** What a rowwise or a fitted step makes of each row, by itself. */
export interface Mapping {
  /** Every column of the table after, in order. */
  columns: MadeColumn[];
  /** A condition: the step cannot treat this row. What happens then is for the step's `onFailure`. */
  fails?: string;
  /** A condition: the step leaves this row out. */
  leaves?: string;
  /**
   * What `columns` are selected from, where something of the row has to be looked up first: the table before with
   * columns beside it whose names begin with the reserved prefix, and with its rows in their order.
   */
  from?: (before: string) => string;
  /** With `from`: `fails` as a condition on the table before alone, to count by. */
  failsBefore?: string;
}

export interface TableShape {
  columns: Column[];
  /**
   * The table after, as a SELECT of every column and of `rowColumns` from `before`, which has only rows that are not left
   * out. A step that makes new rows of old ones numbers them itself.
   */
  sql: (before: string) => string;
  /** False when rows after are other things than rows before: customers instead of their orders. */
  keepsRows: boolean;
}

/** A small table that a step looks things up in, kept with the model: the other side of a join. */
export interface Lookup {
  /** The dataset that it is made from. */
  datasetId: string;
  /** The lookup as a SELECT from `other`, the dataset's table. */
  sql: (other: string) => string;
  columns: Column[];
}

/** JSON that a fit answers and a model keeps. */
export type Learned = null | boolean | number | string | Learned[] | { [name: string]: Learned };

interface CommonKind<Settings> {
  name: string;
  title: string;
  /** Under which heading the step is offered. */
  group: 'columns' | 'missing' | 'rows' | 'values' | 'numbers' | 'categories' | 'dates' | 'text' | 'tables';
  help: string;
  settings: z.ZodType<Settings>;
  fields: readonly StepField[];
  /** Whether `onFailure` means anything to it. */
  canFail: boolean;
  /** In plain words: “Fill missing tenure with the median”. Names of columns stand between `column()` marks. */
  sentence: (settings: Settings) => string;
  /** What is wrong with it on this table; nothing when it can be carried out. */
  check: (settings: Settings, schema: TableSchema, others: OtherTables) => StepProblem[];
  /**
   * The same step for rows that lack columns: the one to predict, and what came of it. Null when nothing is left of the
   * step; unchanged when it cannot do without, so that its check says what it misses. A kind needs its own only where
   * its `fields` do not say enough (see without-columns.ts). What a fitted step learned is replayed with the settings
   * that this answers, so it has to be kept by the names of columns, not by their places.
   */
  withoutColumns?: (settings: Settings, gone: readonly string[]) => Settings | null;
}

/** The schemas of datasets that steps name, by id. */
export type OtherTables = ReadonlyMap<string, { name: string; schema: TableSchema }>;

export interface RowwiseKind<Settings> extends CommonKind<Settings> {
  reach: 'rowwise';
  map: (settings: Settings, schema: TableSchema) => Mapping;
}

export interface FittedKind<Settings> extends CommonKind<Settings> {
  reach: 'fitted';
  /** A SELECT of one row and one column, `learned`, of type JSON, from the training rows in `before`. */
  fit?: (settings: Settings, schema: TableSchema, before: string, lookup: string) => string;
  /** Why what it learned cannot be used: too many values, a key that is there twice. */
  refuses?: (settings: Settings, learned: Learned) => StepProblem[];
  lookup?: (settings: Settings, others: OtherTables) => Lookup;
  /** `lookup` names the table of `lookup`, where the kind has one. */
  map: (settings: Settings, schema: TableSchema, learned: Learned, lookup: string) => Mapping;
  /** What it learned, in plain words: “the median of the training rows: 29”. */
  learnedSentence: (settings: Settings, learned: Learned) => string;
  /** The label from which it learns, when it does: such a step is cross-fitted, so that no row sees its own label. */
  learnsFrom?: (settings: Settings) => string;
}

export interface TableKind<Settings> extends CommonKind<Settings> {
  reach: 'table';
  /** Its shapes do not keep rows: what comes before it happens to other things than what is predicted. */
  regroups?: true;
  shape: (settings: Settings, schema: TableSchema) => TableShape;
}

export type StepKind<Settings = never> = RowwiseKind<Settings> | FittedKind<Settings> | TableKind<Settings>;

/** Columns that Trainyard carries beside a table's own; no column of a person's may begin like this. */
export const reservedPrefix = '__ty_';
/** The number of the row in the data that came in, from 0; and why the row is left out: the id of a step, or null. */
export const rowNumber = `"${reservedPrefix}row"`;
export const leftOutBy = `"${reservedPrefix}left_out"`;
/** The fold of a training row, from 0; −1 for a row that is held out. */
export const foldNumber = `"${reservedPrefix}fold"`;
export const rowColumns = `${rowNumber}, ${leftOutBy}, ${foldNumber}`;

/** A step with its settings parsed by its kind. */
export interface ParsedStep {
  step: Step;
  kind: StepKind<unknown>;
  settings: unknown;
}
