import type { RecipePreview, ShownRecipeRow } from '../../../data/recipe/recipe-calls.ts';
import { type ColumnProfile, typeWordOf } from '../../../domain/dataset.ts';
import { isNumeric, sameName, type Column } from '../../../domain/recipe/table-schema.ts';
import { type Spark, sparkOf } from '../column-view.ts';
import { formatCount, shorten } from '../plain-words.ts';
import { sparkOfCells } from './cell-spark.ts';

export interface StepTable {
  heads: TableHead[];
  rows: TableRow[];
}

export interface TableHead {
  name: string;
  note: string;
  mark: '' | 'new' | 'lost';
  isNumber: boolean;
  spark: Spark | null;
}

export interface TableRow {
  number: string;
  mark: { word: string; tone: 'wait' | 'stop' } | null;
  cells: TableCell[];
}

export interface TableCell {
  text: string;
  /** What stood here before, where it was another thing. */
  was: string | null;
  isMissing: boolean;
  isChanged: boolean;
  isNumber: boolean;
  mark: '' | 'new' | 'lost';
  /** Where the image comes from that is shown instead of the text. */
  image: string | null;
}

/** Where the images of a dataset are, by its columns and rows, from 1; rows of a group are others than its own. */
export type ImageAt = (column: string, row: number) => string;

const shownCharacters = 60;

/** The table after a step, with what it changed: new and lost columns, cells that were other ones, rows left out. */
export function stepTable(
  preview: RecipePreview,
  profile: readonly ColumnProfile[],
  stepOf: (id: string) => number,
  imageAt?: ImageAt,
): StepTable {
  const pictured = (row: ShownRecipeRow, column: Column, cell: TableCell) =>
    withImage(row, column, cell, profile, imageAt);
  const { before, after, newColumns, lostColumns, rows } = preview;
  const lost = before.flatMap((column, place) => (lostColumns.includes(column.name) ? [{ column, place }] : []));
  const isNew = (name: string) => newColumns.includes(name);
  const changed = new Set(rows.flatMap((row) => row.changed));
  const heads: TableHead[] = after.map((column, place) => {
    const cells = rows.map((row) => row.after[place] ?? null);
    const known = isNew(column.name) || changed.has(place) ? undefined : profileOf(profile, column);
    return { ...headOf(column, cells, known), mark: isNew(column.name) ? 'new' : '' };
  });
  for (const { column, place } of lost) {
    heads.push({
      ...headOf(
        column,
        rows.map((row) => row.before?.[place] ?? null),
        profileOf(profile, column),
      ),
      mark: 'lost',
      spark: null,
    });
  }
  return {
    heads,
    rows: rows.map((row) => ({
      number: formatCount(row.number),
      mark: markOf(row, stepOf),
      cells: [
        ...after.map((column, place) =>
          pictured(row, column, cellAfter(row, before, column, place, isNew(column.name))),
        ),
        ...lost.map(({ column, place }) =>
          pictured(row, column, { ...cellOf(row.before?.[place] ?? null, column), mark: 'lost' as const }),
        ),
      ],
    })),
  };
}

/** The same rows as they come to the step, to be laid beside. */
export function inputTable(
  preview: RecipePreview,
  profile: readonly ColumnProfile[],
  stepOf: (id: string) => number,
  imageAt?: ImageAt,
): StepTable {
  const { before, lostColumns, rows } = preview;
  return {
    heads: before.map((column, place) => {
      const cells = rows.map((row) => row.before?.[place] ?? null);
      return {
        ...headOf(column, cells, profileOf(profile, column)),
        mark: lostColumns.includes(column.name) ? 'lost' : '',
      };
    }),
    rows: rows.map((row) => ({
      number: formatCount(row.number),
      mark: row.before === null ? null : markOf(row, stepOf),
      cells: before.map((column, place) =>
        withImage(row, column, cellOf(row.before?.[place] ?? null, column), profile, imageAt),
      ),
    })),
  };
}

function headOf(
  column: Column,
  cells: readonly (string | null)[],
  known: ColumnProfile | undefined,
): Omit<TableHead, 'mark'> {
  const missing = cells.filter((cell) => cell === null).length;
  const type = typeWordOf(column.type);
  return {
    name: column.name,
    note: missing === 0 ? type : `${type} · ${missing} of ${cells.length} missing`,
    isNumber: isNumeric(column),
    spark: known ? sparkOf(known) : sparkOfCells(cells, column),
  };
}

function profileOf(profile: readonly ColumnProfile[], column: Column): ColumnProfile | undefined {
  return profile.find(({ name, sqlType }) => sameName(name, column.name) && sqlType === column.type);
}

function markOf({ leftOutBy, fails }: ShownRecipeRow, stepOf: (id: string) => number): TableRow['mark'] {
  if (leftOutBy !== null) return { word: `left out by step ${stepOf(leftOutBy)}`, tone: 'wait' };
  return fails ? { word: 'fails', tone: 'stop' } : null;
}

function cellAfter(
  row: ShownRecipeRow,
  before: readonly Column[],
  column: Column,
  place: number,
  isNew: boolean,
): TableCell {
  const cell = cellOf(row.after[place] ?? null, column);
  if (isNew) return { ...cell, mark: 'new' };
  if (!row.changed.includes(place)) return cell;
  const was = before.findIndex(({ name }) => sameName(name, column.name));
  const old = row.before?.[was] ?? null;
  return { ...cell, isChanged: true, was: old === null ? 'missing' : visible(shorten(old, shownCharacters)) };
}

function cellOf(value: string | null, column: Column): TableCell {
  return {
    text: value === null ? 'missing' : shorten(column.type === 'DOUBLE' ? rounded(value) : value, shownCharacters),
    was: null,
    isMissing: value === null,
    isChanged: false,
    isNumber: isNumeric(column),
    mark: '',
    image: null,
  };
}

/** No step makes another image of one: a column that has its name in the dataset has its images, row by row. */
function withImage(
  { number }: ShownRecipeRow,
  column: Column,
  cell: TableCell,
  profile: readonly ColumnProfile[],
  imageAt: ImageAt | undefined,
): TableCell {
  if (!imageAt || column.type !== 'BLOB' || cell.isMissing) return cell;
  const own = profileOf(profile, column);
  return own ? { ...cell, image: imageAt(own.name, number) } : cell;
}

/** Sixteen digits of a computed number hide the three that matter. */
function rounded(text: string): string {
  return /^-?\d+\.\d{5,}(e[-+]?\d+)?$/i.test(text) ? String(Number(Number(text).toPrecision(6))) : text;
}

/** Blanks at both ends are what a step trims: they have to be seen. */
function visible(text: string): string {
  return text.replace(/^ +| +$/g, (blanks) => '·'.repeat(blanks.length));
}
