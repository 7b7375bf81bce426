import type { Notice } from '../domain/dataset.ts';

/**
 * How a strength was measured, each from 0 (nothing to do with each other) to 1 (one tells the other):
 * correlation – of two columns of numbers, the stronger of Pearson's and that of the ranks, without its sign;
 * ratio – of numbers and categories: the share of the spread that the categories explain, square root, corrected;
 * Cramér's V – of two columns of categories, corrected for many categories;
 * missing – whether a value is missing, against the other column.
 */
export const measures = ['correlation', 'ratio', 'Cramér’s V', 'missing'] as const;
export type Measure = (typeof measures)[number];

export interface Strength {
  measure: Measure;
  /** From 0 to 1; null when it cannot be told: too few rows with both, or only one value. */
  strength: number | null;
}

/** How many rows were looked at, of how many. */
export interface Looked {
  rows: number;
  looked: number;
}

export interface LookCloserInput {
  parquet: string;
  /** The first sixty unless told; never more. */
  columns?: string[] | undefined;
}

export interface Pair extends Strength {
  a: string;
  b: string;
  /** Of two columns of numbers: Pearson's correlation with its sign, from −1 to 1. */
  pearson: number | null;
}

export interface LookedCloser extends Looked {
  columns: string[];
  /** Every pair of these columns once. */
  pairs: Pair[];
  notices: (Notice & { column: string })[];
  /** What was left out, as sentences. */
  remarks: string[];
}

export interface AgainstLabelInput {
  parquet: string;
  label: string;
}

export interface ColumnAgainstLabel extends Strength {
  column: string;
  /** What to think of it: “Almost a copy of the label …”. */
  hint: string | null;
}

export interface AgainstLabel extends Looked {
  label: string;
  /** Strongest first. */
  columns: ColumnAgainstLabel[];
  remarks: string[];
}

export interface RelationInput {
  parquet: string;
  x: string;
  y: string;
}

export interface Axis {
  name: string;
  /** Dates are numbers of milliseconds since 1970. */
  type: 'number' | 'date' | 'category';
}

interface RelationBase extends Looked, Strength {
  x: Axis;
  y: Axis;
  /** Of the rows looked at: those in which one or the other is missing. */
  missing: number;
}

export interface Box {
  value: string;
  count: number;
  /** 5, 25, 50, 75 and 95 % of the numbers are not above these. */
  low: number;
  quarter: number;
  median: number;
  threeQuarters: number;
  high: number;
}

/** Two columns, ready to be drawn. */
export type Relation =
  | (RelationBase & { kind: 'points'; points: [x: number, y: number][]; pearson: number | null })
  /** Boxes of the numbers for each category, the most frequent first; `numbers` says which axis has the numbers. */
  | (RelationBase & { kind: 'boxes'; numbers: 'x' | 'y'; boxes: Box[] })
  /** counts[i][j]: rows with the i-th category of x and the j-th of y. */
  | (RelationBase & { kind: 'mosaic'; xValues: string[]; yValues: string[]; counts: number[][] });

export interface LookCalls {
  lookCloser: { input: LookCloserInput; result: LookedCloser };
  againstLabel: { input: AgainstLabelInput; result: AgainstLabel };
  relation: { input: RelationInput; result: Relation };
}
