import { z } from 'zod';

/** The types a column can have, in plain words; each stands for several types of the data engine. */
export const columnTypes = ['whole number', 'number', 'yes/no', 'text', 'date', 'date and time'] as const;
export type ColumnType = (typeof columnTypes)[number];

export const columnProfileSchema = z.object({
  name: z.string(),
  type: z.enum(columnTypes),
  /** The data engine's own type, to cast prediction data to: BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE, TIMESTAMP. */
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
});

export type ColumnProfile = z.infer<typeof columnProfileSchema>;

export const datasetProfileSchema = z.object({
  rows: z.int(),
  columns: z.array(columnProfileSchema),
  /** What a person should know of the file as a whole: “it was in Windows-1252 and was converted”. */
  remarks: z.array(z.string()).optional(),
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
