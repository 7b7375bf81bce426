import { quoteText } from '../../domain/recipe/sql-text.ts';
import { foldNumber, leftOutBy, rowNumber } from '../../domain/recipe/step-kind.ts';
import { cellText, type Session } from '../session.ts';
import { labelAtSplit, type RowsToDivide } from './label-at-split.ts';
import type { Split } from './recipe-calls.ts';

/** Folds over which steps that learn from the label are cross-fitted when the engine has none of its own. */
export const OWN_FOLDS = 5;
/** More different labels than this are no classes of which each part could have its share. */
const MOST_CLASSES = 200;
/** Classes up to this size are divided exactly; larger ones by chance, which then comes to the same within 1 %. */
const EXACT_ROWS = 100_000;
const MODULUS = 2_147_483_647;
const SHIFT = 2_147_483_648;

interface Class {
  label: string | null;
  rows: number;
}

/**
 * Gives each row its fold, from nothing but the seed and the number of the row: no row is written or sorted for it. Each
 * row draws a number; what lies below the first mark of its class is held out, then come the folds. Rows that the steps
 * up to the label leave out have no part in the shares.
 */
export async function assignFolds(
  session: Session,
  { relation, hasLabel, cameWith }: RowsToDivide,
  split: Split,
): Promise<string> {
  const folds = split.folds || OWN_FOLDS;
  const classes = split.stratify && hasLabel ? await classesOf(session, relation) : undefined;
  const drawn = drawSql(split.seed);
  const value = classes ? labelAtSplit : 'CAST(NULL AS VARCHAR)';
  const divided = classes ?? [{ label: null, rows: await countKept(session, relation) }];
  const marks = await marksOf(session, relation, { value, drawn, divided, share: split.holdoutFraction, folds });
  const cases = divided.map(({ label: each }, n) => {
    const above = (marks[n] as string[]).map((mark) => `CAST(${drawn} > ${mark} AS BIGINT)`);
    const fold = `(${above.slice(1).join(' + ')})`;
    // Small classes begin with different folds, or the first fold would have all that are left over.
    const turned = `CASE WHEN ${above[0]} = 0 THEN -1 ELSE (${fold} + ${n}) % ${folds} END`;
    return `WHEN ${value} ${each === null ? 'IS NULL' : `= ${quoteText(each)}`} THEN ${turned}`;
  });
  const fold = cases.length === 0 ? 'NULL' : `CASE ${cases.join(' ')} END`;
  // The steps up to the label are gone through again, by the rows as they came.
  return `(SELECT ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(${fold} AS BIGINT) AS ${foldNumber}, ${cameWith} FROM ${relation})`;
}

/** A number below 2^62 for each row, different for each: congruences with shifts between them. */
export function drawSql(seed: number): string {
  const start = `((${rowNumber} + ${Math.abs(Math.trunc(seed)) % MODULUS}) * 48271 + 11) % ${MODULUS}`;
  const once = mixed(start, 13, 1_103_515_245, 12_345);
  const twice = mixed(once, 15, 1_664_525, 1_013_904_223);
  return `(${twice} * ${SHIFT} + ${rowNumber} % ${SHIFT})`;
}

function mixed(value: string, shift: number, times: number, plus: number): string {
  return `((xor(${value}, (${value}) >> ${shift}) * ${times} + ${plus}) % ${MODULUS})`;
}

async function classesOf(session: Session, relation: string): Promise<Class[] | undefined> {
  const rows = await session.rows(
    `SELECT ${labelAtSplit}, count(*) FROM ${relation}
     WHERE ${leftOutBy} IS NULL GROUP BY 1 ORDER BY 1 NULLS LAST LIMIT ${MOST_CLASSES + 1}`,
  );
  if (rows.length > MOST_CLASSES) return undefined;
  return rows.map(([value, count]) => ({ label: value === null ? null : cellText(value), rows: Number(count) }));
}

async function countKept(session: Session, relation: string): Promise<number> {
  return Number((await session.row(`SELECT count(*) FROM ${relation} WHERE ${leftOutBy} IS NULL`))[0]);
}

interface Division {
  value: string;
  drawn: string;
  divided: readonly Class[];
  share: number;
  folds: number;
}

/** For each class the highest drawn number of what is held out and of each fold but the last. */
async function marksOf(session: Session, relation: string, division: Division): Promise<string[][]> {
  const { value, drawn, divided, share, folds } = division;
  const marks: string[][] = [];
  for (const { label, rows } of divided) {
    // At least one row of each class is there to be learned from.
    const held = Math.max(0, Math.min(rows - 1, Math.round(rows * share)));
    const ends = Array.from({ length: folds }, (_, n) => held + Math.round(((rows - held) * n) / folds));
    if (rows > EXACT_ROWS) {
      marks.push(ends.map((end) => markAt(end / rows)));
      continue;
    }
    const mine = label === null ? `${value} IS NULL` : `${value} = ${quoteText(label)}`;
    const picked = ends.map((end) => (end === 0 ? "'-1'" : `CAST(drawn[${end}] AS VARCHAR)`));
    const sorted = `SELECT list_sort(list(${drawn})) AS drawn FROM ${relation} WHERE ${leftOutBy} IS NULL AND ${mine}`;
    const row = await session.row(`SELECT ${picked.join(', ')} FROM (${sorted})`);
    marks.push(row.map((cell) => (cell === null ? '-1' : cellText(cell))));
  }
  return marks;
}

function markAt(part: number): string {
  return part <= 0 ? '-1' : String(BigInt(Math.round(part * MODULUS)) * BigInt(SHIFT) - 1n);
}
