import { TrainyardError } from '../../domain/failures.ts';
import { quoteText } from '../../domain/recipe/sql-text.ts';
import { foldNumber, leftOutBy, rowNumber } from '../../domain/recipe/step-kind.ts';
import { cellText, type Session } from '../session.ts';
import { OWN_FOLDS } from './assign-folds.ts';
import { labelAtSplit, type RowsToDivide } from './label-at-split.ts';
import type { Split } from './recipe-calls.ts';

/**
 * Gives each row its fold by a column: whole groups, drawn by the seed, or by time, the latest rows held out and the folds
 * in its order before them. As with `assignFolds` no row is written or sorted: marks divide what each row says.
 */
export async function assignByKey(
  session: Session,
  { relation, cameWith }: RowsToDivide,
  split: Split,
  key: NonNullable<Split['key']>,
): Promise<string> {
  const folds = split.folds || OWN_FOLDS;
  const value = key.by === 'group' ? drawOfGroup(split.seed) : await timeOf(session, relation);
  const kept = `${leftOutBy} IS NULL AND ${value} IS NOT NULL`;
  const counts = `SELECT ${value} AS v, count(*) AS n FROM ${relation} WHERE ${kept} GROUP BY 1`;
  const total = Number((await session.row(`SELECT coalesce(sum(n), 0) FROM (${counts})`))[0]);
  const held = Math.max(1, Math.round(total * split.holdoutFraction));
  // By groups what is held out comes first, by time last; each mark is the largest value of its part. A value that lies on
  // both sides of an end goes to where most of its rows are, but neither side is without any.
  const first = key.by === 'group' ? held : 0;
  const mark = (end: number) => `max(v) FILTER (WHERE before + n / 2 < ${end})`;
  const lastOfTraining = `max(v) FILTER (WHERE before + n < ${total})`;
  const wanted =
    key.by === 'group' ? `coalesce(${mark(held)}, min(v))` : `coalesce(${mark(total - held)}, ${lastOfTraining})`;
  // Of the least, SQL would leave out what is null.
  const border = `CASE WHEN ${lastOfTraining} IS NOT NULL THEN least(${wanted}, ${lastOfTraining}) END`;
  const between = parts(total - held, folds)
    .slice(1)
    .map((end) => mark(first + end));
  const running = `SELECT v, n, sum(n) OVER (ORDER BY v) - n AS before FROM (${counts})`;
  const found = await session.row(`SELECT ${[border, ...between].join(', ')} FROM (${running})`);
  const [heldMark, ...marks] = found.map((cell) => (cell === null ? null : cellText(cell)));
  if (heldMark === null || heldMark === undefined) throw oneSided(key);
  const above = (text: string | null) => (text === null ? '1' : `CAST(${value} > ${literal(text, key)} AS BIGINT)`);
  const fold = marks.length === 0 ? '0' : marks.map(above).join(' + ');
  const isHeld = `${above(heldMark)} = ${key.by === 'time' ? 1 : 0}`;
  // A row that says no time is taken for an early one.
  const all = `CASE WHEN ${value} IS NULL THEN 0 WHEN ${isHeld} THEN -1 ELSE ${fold} END`;
  return `(SELECT ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(${all} AS BIGINT) AS ${foldNumber}, ${cameWith} FROM ${relation})`;
}

/** How many rows come before each part. */
function parts(rows: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => Math.round((rows * n) / count));
}

/** A row of no group is one by itself. */
function drawOfGroup(seed: number): string {
  const group = `coalesce('=' || ${labelAtSplit}, 'row ' || CAST(${rowNumber} AS VARCHAR))`;
  return `md5(${quoteText(`${Math.trunc(seed)} `)} || ${group})`;
}

/** Dates and times are in order as texts; numbers are not. */
async function timeOf(session: Session, relation: string): Promise<string> {
  const number = `TRY_CAST(${labelAtSplit} AS DOUBLE)`;
  const row = await session.row(
    `SELECT count(*) FROM ${relation} WHERE ${labelAtSplit} IS NOT NULL AND ${number} IS NULL`,
  );
  return Number(row[0]) === 0 ? number : labelAtSplit;
}

function literal(mark: string, { by }: NonNullable<Split['key']>): string {
  const isNumber = by === 'time' && mark.trim() !== '' && Number.isFinite(Number(mark));
  return isNumber ? `CAST(${quoteText(mark)} AS DOUBLE)` : quoteText(mark);
}

function oneSided({ by, column }: NonNullable<Split['key']>): TrainyardError {
  const why = by === 'group' ? 'too few groups' : 'too few different times';
  return new TrainyardError(
    'BadSettings',
    `“${column}” has ${why} to learn from some rows and judge by others.`,
    'Divide by another column, or by chance.',
  );
}
