/** A table of another format, written anew as the plainest CSV: see PlainCsvWriter. */
export interface PlainTable {
  path: string;
  /** Columns whose every value is text in the file, so that none of it is taken for a number. */
  allText: boolean[];
  /** The row of the file in which it begins. */
  firstRow: number;
  remarks: string[];
}
