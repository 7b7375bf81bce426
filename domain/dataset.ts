import { z } from 'zod';
import { importUsedSchema } from './import-options.ts';
import type { SqlType } from './recipe/table-schema.ts';

/** The types a column can have, in plain words; each stands for several types of the data engine. */
export const columnTypes = ['whole number', 'number', 'yes/no', 'text', 'date', 'date and time', 'image'] as const;
export type ColumnType = (typeof columnTypes)[number];

export const typeWords: Record<SqlType, ColumnType> = {
  BIGINT: 'whole number',
  DOUBLE: 'number',
  BOOLEAN: 'yes/no',
  DATE: 'date',
  TIMESTAMP: 'date and time',
  VARCHAR: 'text',
  /** The bytes of a PNG or JPEG file; bytes of other kinds come in as text. */
  BLOB: 'image',
};

/** Where only the data engine's own type is known. */
export function typeWordOf(sqlType: string): string {
  return (typeWords as Record<string, ColumnType>)[sqlType] ?? sqlType.toLowerCase();
}

/** Suspicious things that a look at one column finds, or at several (`lookCloser`). */
export const noticeKinds = [
  'constant',
  'unique',
  'identifier',
  'mixed types',
  'dates as text',
  'numbers as text',
  'leading zeros',
  'near copy',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export const noticeSchema = z.object({
  kind: z.enum(noticeKinds),
  message: z.string(),
  /** For a near copy: of which column. */
  other: z.string().optional(),
});

export type Notice = z.infer<typeof noticeSchema>;

export const quantileShares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

export const imagesProfileSchema = z.object({
  bytes: z.object({ min: z.int(), mean: z.number(), max: z.int() }),
  /** “png”, “jpeg”. */
  types: z.array(z.object({ type: z.string(), count: z.int() })),
  /** At most 20. */
  sizes: z.array(z.object({ width: z.int(), height: z.int(), count: z.int() })),
  /** How many different ones there are. */
  sizeCount: z.int(),
});

export type ImagesProfile = z.infer<typeof imagesProfileSchema>;

/** What came later is optional: profiles are kept as they were made. */
export const columnProfileSchema = z.object({
  name: z.string(),
  type: z.enum(columnTypes),
  /** The data engine's own type, to cast prediction data to: BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE, TIMESTAMP, BLOB. */
  sqlType: z.string(),
  missing: z.int(),
  distinct: z.int(),
  min: z.string().nullable(),
  max: z.string().nullable(),
  mean: z.number().nullable(),
  /** Most frequent values first, at most 20. */
  top: z.array(z.object({ value: z.string(), count: z.int() })),
  /** Counts in equal bins between min and max; empty for what is not a number or date. */
  histogram: z.array(z.int()),
  /** What a person should know: "constant", "every value is different". */
  remarks: z.array(z.string()),
  /** The share of rows without a value, from 0 to 1. */
  missingShare: z.number().optional(),
  standardDeviation: z.number().nullable().optional(),
  /** Of numbers and dates, written like `min`; a `share` of the values is not above it. Empty for everything else. */
  quantiles: z.array(z.object({ share: z.number(), value: z.string() })).optional(),
  /** Whether they were estimated, because the table is long. */
  quantilesAreApproximate: z.boolean().optional(),
  /** Characters in texts. */
  textLength: z.object({ min: z.int(), mean: z.number(), max: z.int() }).nullable().optional(),
  /** Of images: their files, and width × height of all that are there, the most frequent first. */
  images: imagesProfileSchema.optional(),
  /** Those of the remarks that are suspicious, by kind; every message is in `remarks`, too. */
  notices: z.array(noticeSchema).optional(),
});

export type ColumnProfile = z.infer<typeof columnProfileSchema>;

export const datasetProfileSchema = z.object({
  rows: z.int(),
  columns: z.array(columnProfileSchema),
  /** What a person should know of the file as a whole: “it was in Windows-1252 and was converted”. */
  remarks: z.array(z.string()).optional(),
  /** How the file was read. */
  options: importUsedSchema.optional(),
  /** Rows of the file that were set aside; with `rows` they are all rows that the file has. */
  rejectedRows: z.int().optional(),
});

export type DatasetProfile = z.infer<typeof datasetProfileSchema>;

export interface Dataset {
  id: string;
  workspaceId: string;
  owner: string;
  name: string;
  /** sha256 of the uploaded bytes. */
  contentHash: string;
  bytes: number;
  profile: DatasetProfile;
  createdAtMs: number;
}
