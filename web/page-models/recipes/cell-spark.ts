import { isDate, isNumeric, type Column } from '../../../domain/recipe/table-schema.ts';
import { type Spark, sparkPath } from '../column-view.ts';

const bins = 8;
const mostWords = 8;

/** A small picture of the cells that are shown: of a column that no profile knows. */
export function sparkOfCells(cells: readonly (string | null)[], column: Column): Spark | null {
  const there = cells.filter((cell) => cell !== null);
  if (isNumeric(column) || isDate(column)) {
    const numbers = there.map((cell) => (isDate(column) ? Date.parse(cell) : Number(cell))).filter(Number.isFinite);
    const counts = binned(numbers);
    return counts && { path: sparkPath(counts, 0), kind: 'numbers', spoken: 'histogram of the rows shown' };
  }
  const counts = new Map<string, number>();
  for (const cell of there) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const most = [...counts.values()].toSorted((a, b) => b - a).slice(0, mostWords);
  if ((most[0] ?? 0) < 2) return null;
  return { path: sparkPath(most, 4), kind: 'words', spoken: 'most frequent values of the rows shown' };
}

function binned(numbers: readonly number[]): number[] | null {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (numbers.length === 0 || !(high > low)) return null;
  const counts = Array.from({ length: bins }, () => 0);
  for (const number of numbers) {
    const bin = Math.min(bins - 1, Math.floor(((number - low) / (high - low)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
