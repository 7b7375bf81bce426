import { z } from 'zod';

export const fileFormats = ['csv', 'json lines', 'parquet', 'excel', 'images'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** Encodings that a person can choose, by the names of the WHATWG. Only the first four are found by themselves. */
export const encodings = [
  'utf-8',
  'windows-1252',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'iso-8859-2',
  'iso-8859-15',
  'koi8-r',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'big5',
] as const;
export type Encoding = (typeof encodings)[number];

export const quotes = ['"', "'", 'none'] as const;
export const decimals = ['.', ','] as const;
/** What stands between the thousands of a number; the blank stands for narrow and fixed blanks, too. */
export const thousandsSigns = ['none', '.', ',', ' ', "'"] as const;
export const badRowsWays = ['refuse', 'set aside'] as const;

export type Decimal = (typeof decimals)[number];
export type ThousandsSign = (typeof thousandsSigns)[number];
export type BadRows = (typeof badRowsWays)[number];

const MOST_ROWS_ABOVE = 1_000_000;

const delimiterSchema = z
  .string()
  .length(1, 'The delimiter is one character.')
  .refine((sign) => {
    const code = sign.charCodeAt(0);
    return code === 9 || (code >= 32 && code < 127 && !/["'\\A-Za-z0-9]/.test(sign));
  }, 'The delimiter is a sign, a blank or a tab: no letter, digit, quote or backslash.');

/** How a file is to be read. `auto` is found from the file. Together with the bytes they make a version of a dataset. */
export const importOptionsSchema = z.object({
  format: z.enum(['auto', ...fileFormats]).default('auto'),
  delimiter: z.union([z.literal('auto'), delimiterSchema]).default('auto'),
  quote: z.enum(['auto', ...quotes]).default('auto'),
  encoding: z.enum(['auto', ...encodings]).default('auto'),
  decimal: z.enum(['auto', ...decimals]).default('auto'),
  thousands: z.enum(['auto', ...thousandsSigns]).default('auto'),
  header: z.enum(['auto', 'yes', 'no']).default('auto'),
  /** Of an Excel workbook: the name of a sheet, or its place in the book, from 1. */
  sheet: z.union([z.literal('auto'), z.int().min(1), z.string().min(1).max(255)]).default('auto'),
  /** The row of the file (line, row of the sheet) in which the table begins, from 1: with its header, if it has one. */
  firstRow: z.union([z.literal('auto'), z.int().min(1).max(MOST_ROWS_ABOVE)]).default('auto'),
  /** A row that is no row of the table refuses the file, or is kept apart with the reason. */
  badRows: z.enum(badRowsWays).default('refuse'),
});

export type ImportOptions = z.infer<typeof importOptionsSchema>;
/** What a caller may leave out. */
export type ImportOptionsInput = z.input<typeof importOptionsSchema>;

/** How a file was read: `auto` is replaced by what was found; null is what this format does not have. */
export const importUsedSchema = z.object({
  format: z.enum(fileFormats),
  packed: z.enum(['gzip', 'zstd', 'zip']).nullable(),
  delimiter: z.string().nullable(),
  quote: z.enum(quotes).nullable(),
  encoding: z.enum(encodings).nullable(),
  decimal: z.enum(decimals).nullable(),
  thousands: z.enum(thousandsSigns).nullable(),
  header: z.enum(['yes', 'no']).nullable(),
  sheet: z.string().nullable(),
  /** All sheets of the workbook, to choose from. */
  sheets: z.array(z.string()),
  firstRow: z.int().nullable(),
  badRows: z.enum(badRowsWays),
});

export type ImportUsed = z.infer<typeof importUsedSchema>;

/** Options that read the same bytes in the same way again, with nothing left to be found. */
export function optionsOf(used: ImportUsed): ImportOptions {
  // A sheet may be called “auto”: its place says which one is meant.
  const place = used.sheet === null ? -1 : used.sheets.indexOf(used.sheet);
  return {
    format: used.format,
    delimiter: used.delimiter ?? 'auto',
    quote: used.quote ?? 'auto',
    encoding: used.encoding ?? 'auto',
    decimal: used.decimal ?? 'auto',
    thousands: used.thousands ?? 'auto',
    header: used.header ?? 'auto',
    sheet: place >= 0 ? place + 1 : 'auto',
    firstRow: used.firstRow ?? 'auto',
    badRows: used.badRows,
  };
}
