import { TrainyardError } from '../../domain/failures.ts';
import { quoteText } from '../../domain/recipe/sql-text.ts';
import { foldNumber, leftOutBy, rowNumber } from '../../domain/recipe/step-kind.ts';
import { cellText, type Session } from '../session.ts';
import { OWN_FOLDS } from './assign-folds.ts';
import { labelAtSplit, type RowsToDivide } from './label-at-split.ts';
import type { Split } from './recipe-calls.ts';

type Key = NonNullable<Split['key']>;

/** Which values are held out, and by which marks the others are divided. */
interface Border {
  isHeld: string;
  /** Between the folds, each the largest value of its part. */
  marks: readonly (string | null)[];
}

/** One to learn from, one to be judged by. */
const FEWEST_FOLDS = 2;

/**
 * Gives each row its fold by a column: whole groups, drawn by the seed, or by time, the latest rows held out and the folds
 * in its order before them. As with `assignFolds` no row is written or sorted: marks divide what each row says.
 */
export async function assignByKey(
  session: Session,
  { relation, cameWith }: RowsToDivide,
  split: Split,
  key: Key,
): Promise<string> {
  const value = key.by === 'group' ? drawOfGroup(split.seed) : await timeOf(session, relation);
  const kept = `${leftOutBy} IS NULL AND ${value} IS NOT NULL`;
  const counts = `SELECT ${value} AS v, count(*) AS n FROM ${relation} WHERE ${kept} GROUP BY 1`;
  const find = key.by === 'group' ? bordersOfGroups : bordersOfTimes;
  const { isHeld, marks } = await find(session, counts, split, key);
  const above = marks.map((mark) => (mark === null ? '1' : `CAST(v > ${literal(mark, key)} AS BIGINT)`));
  const fold = above.length === 0 ? '0' : above.join(' + ');
  // A row that says no time is taken for an early one.
  const all = `CASE WHEN v IS NULL THEN 0 WHEN ${isHeld} THEN -1 ELSE ${fold} END`;
  const valued = `(SELECT *, ${value} AS v FROM ${relation})`;
  return `(SELECT ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(${all} AS BIGINT) AS ${foldNumber}, ${cameWith} FROM ${valued})`;
}

/**
 * The same rule as `held_groups` in trainer/split.py. Groups are taken in the order in which they were drawn, without those
 * larger than the whole share, for as long as they fit; then the one of all others that comes nearest to what is still
 * missing, where it comes nearer than leaving it so. One group stays.
 */
async function bordersOfGroups(session: Session, counts: string, split: Split, key: Key): Promise<Border> {
  const taken = 'n <= share.goal AND v <= prefix.mark';
  const row = await session.row(`WITH
    groups AS MATERIALIZED (${counts}),
    share AS (SELECT coalesce(sum(n), 0) AS total, count(*) AS groups,
      greatest(1, CAST(floor(coalesce(sum(n), 0) * ${split.holdoutFraction} + 0.5) AS BIGINT)) AS goal FROM groups),
    drawn AS (SELECT v, n, sum(n) OVER (ORDER BY v) AS upto FROM groups, share WHERE n <= share.goal),
    prefix AS (SELECT max(v) AS mark, coalesce(max(upto), 0) AS held, count(*) AS groups FROM drawn, share WHERE upto <= share.goal),
    more AS (SELECT v, n FROM groups, share, prefix
      WHERE NOT coalesce(${taken}, false) AND share.groups - prefix.groups > 1
        AND (prefix.groups = 0 OR abs(n - (share.goal - prefix.held)) < share.goal - prefix.held)
      ORDER BY abs(n - (share.goal - prefix.held)), v LIMIT 1)
    SELECT mark, (SELECT v FROM more), (SELECT string_agg(v, ' ') FROM groups, share WHERE n > share.goal),
      total - held - coalesce((SELECT n FROM more), 0),
      share.groups - prefix.groups - (SELECT count(*) FROM more) FROM share, prefix`);
  const [mark, more, larger] = row
    .slice(0, 3)
    .map((cell) => (cell === null || cell === undefined ? null : cellText(cell)));
  const [left, groups] = [Number(row[3]), Number(row[4])];
  if (!mark && !more) throw tooFew(key, 0, split.folds);
  if (groups < Math.max(FEWEST_FOLDS, split.folds)) throw tooFew(key, groups, split.folds);
  const listed = (larger ?? '').split(' ').filter(Boolean).map(quoteText);
  const isLarger = listed.length > 0 ? `v IN (${listed.join(', ')})` : 'false';
  const ofPrefix = mark ? `(v <= ${quoteText(mark)} AND NOT ${isLarger})` : 'false';
  const isHeld = `(${ofPrefix} OR ${more ? `v = ${quoteText(more)}` : 'false'})`;
  const rest = `SELECT v, n FROM (${counts}) WHERE NOT ${isHeld}`;
  return { isHeld, marks: await between(session, rest, left, split) };
}

/** A time that lies on both sides of an end goes to where most of its rows are, but neither side is without any. */
async function bordersOfTimes(session: Session, counts: string, split: Split, key: Key): Promise<Border> {
  const total = Number((await session.row(`SELECT coalesce(sum(n), 0) FROM (${counts})`))[0]);
  const held = Math.max(1, Math.round(total * split.holdoutFraction));
  const running = runningOf(counts);
  const lastOfTraining = `max(v) FILTER (WHERE before + n < ${total})`;
  const wanted = `coalesce(max(v) FILTER (WHERE before + n / 2 < ${total - held}), ${lastOfTraining})`;
  // Of the least, SQL would leave out what is null.
  const border = `CASE WHEN ${lastOfTraining} IS NOT NULL THEN least(${wanted}, ${lastOfTraining}) END`;
  const [cell] = await session.row(`SELECT ${border} FROM (${running})`);
  if (cell === null || cell === undefined) throw tooFew(key, 0, split.folds);
  const mark = literal(cellText(cell), key);
  const rest = `SELECT v, n FROM (${counts}) WHERE v <= ${mark}`;
  const times = Number((await session.row(`SELECT count(*) FROM (${rest})`))[0]);
  if (times < Math.max(FEWEST_FOLDS, split.folds)) throw tooFew(key, times, split.folds);
  return { isHeld: `v > ${mark}`, marks: await between(session, rest, total - held, split) };
}

async function between(session: Session, rest: string, rows: number, split: Split): Promise<(string | null)[]> {
  const folds = split.folds || OWN_FOLDS;
  const ends = Array.from({ length: folds - 1 }, (_, n) => Math.round((rows * (n + 1)) / folds));
  if (ends.length === 0) return [];
  const marks = ends.map((end) => `max(v) FILTER (WHERE before + n / 2 < ${end})`);
  const found = await session.row(`SELECT ${marks.join(', ')} FROM (${runningOf(rest)})`);
  return found.map((cell) => (cell === null ? null : cellText(cell)));
}

function runningOf(counts: string): string {
  return `SELECT v, n, sum(n) OVER (ORDER BY v) - n AS before FROM (${counts})`;
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

function literal(mark: string, { by }: Key): string {
  const isNumber = by === 'time' && mark.trim() !== '' && Number.isFinite(Number(mark));
  return isNumber ? `CAST(${quoteText(mark)} AS DOUBLE)` : quoteText(mark);
}

function tooFew({ by, column }: Key, there: number, folds: number): TrainyardError {
  const [one, many] = by === 'group' ? ['group', 'groups'] : ['different time', 'different times'];
  if (there === 0) {
    return new TrainyardError(
      'BadSettings',
      `“${column}” has too few ${many} to learn from some rows and judge by others.`,
      'Divide by another column, or by chance.',
    );
  }
  const what = folds > 0 ? `${folds} folds need` : 'choosing among models needs';
  return new TrainyardError(
    'BadSettings',
    `“${column}” has ${there} ${there === 1 ? one : many} to learn from beside the held-out rows, and ${what} at least ${Math.max(FEWEST_FOLDS, folds)}.`,
    folds > FEWEST_FOLDS
      ? 'Choose fewer folds, or divide by another column.'
      : 'Divide by another column, or by chance.',
  );
}
