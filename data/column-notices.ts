import type { Notice, NoticeKind } from '../domain/dataset.ts';
import { hasValue, type SqlType, trimmed } from './column-kinds.ts';
import { groupsOf, type LongColumn, longForm } from './long-form.ts';
import type { Session } from './session.ts';
import { quoteText } from './sql-text.ts';

/** What is asked of texts is asked of so many: from the beginning, the middle and the end. */
const SAMPLED = 12_000;

/** What the texts of a column look like, as counts of a sample. */
export interface TextLooks {
  values: number;
  numbers: number;
  dates: number;
  leadingZeros: number;
}

const dateShapes = [
  '[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([ T].*)?',
  '[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{2}|[0-9]{4})( .*)?',
  '[0-9]{1,2}[. -]+(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*[. -]+[0-9]{2,4}',
  '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[. -]+[0-9]{1,2},? +[0-9]{4}',
];
/** Also with thousands, a decimal comma or a sign of percent or money: what a person takes for a number. */
const numberShape =
  '[-+]?[€$£]? ?([0-9]{1,3}([., \u00a0\u202f][0-9]{3})+|[0-9]+)?([.,][0-9]*)?([eE][-+]?[0-9]+)? ?[%€$£]?';

export async function lookAtTexts(
  session: Session,
  source: string,
  rows: number,
  columns: readonly LongColumn[],
): Promise<Map<number, TextLooks>> {
  const text = trimmed('v');
  const value = hasValue(text);
  const asked = [
    'true',
    `regexp_full_match(${text}, ${quoteText(numberShape)}) AND regexp_matches(${text}, '[0-9]')`,
    `(${dateShapes.map((shape) => `regexp_full_match(lower(${text}), ${quoteText(shape)})`).join(' OR ')})`,
    `regexp_full_match(${text}, '0[0-9]+')`,
  ];
  const counts = asked.map((condition) => `count(*) FILTER (${value} AND ${condition})`).join(', ');
  const looks = new Map<number, TextLooks>();
  for (const group of groupsOf(columns, Math.min(rows, SAMPLED))) {
    const sample = sampleOf(source, rows, group);
    for (const [k, ...found] of await session.rows(`SELECT k, ${counts} FROM ${longForm(sample, group)} GROUP BY k`)) {
      const [values = 0, numbers = 0, dates = 0, leadingZeros = 0] = found.map(Number);
      looks.set(Number(k), { values, numbers, dates, leadingZeros });
    }
  }
  return looks;
}

function sampleOf(source: string, rows: number, columns: readonly LongColumn[]): string {
  if (rows <= SAMPLED) return source;
  const third = SAMPLED / 3;
  const names = columns.map(({ sql }) => sql).join(', ');
  const pieces = [0, Math.floor((rows - third) / 2), rows - third].map(
    (offset) => `(SELECT ${names} FROM ${source} LIMIT ${third} OFFSET ${offset})`,
  );
  return `(${pieces.join(' UNION ALL ')})`;
}

interface Facts {
  name: string;
  type: SqlType;
  rows: number;
  missing: number;
  distinct: number;
  distinctIsExact: boolean;
  longest: number | null;
  texts: TextLooks | undefined;
}

/** What is suspicious about a column by itself. */
export function noticesOn(facts: Facts): Notice[] {
  const { type, rows, missing, distinct, distinctIsExact, texts } = facts;
  const values = rows - missing;
  if (values === 0) return [notice('constant', 'Every value is missing.')];
  if (distinct === 1) {
    const same = missing === 0 ? 'Every row has the same value.' : 'All values that are there are the same.';
    return [notice('constant', same)];
  }
  const found: Notice[] = [];
  // That no two images are the same is as it should be.
  if (distinctIsExact && distinct === values && type !== 'BLOB') {
    found.push(notice('unique', 'Every value is different.'));
    if (isIdentifier(facts)) {
      found.push(notice('identifier', 'It is likely an identifier: it names rows and says nothing about them.'));
    }
  }
  if (texts && texts.values > 0) found.push(...textNotices(texts));
  return found;
}

function textNotices({ values, numbers, dates, leadingZeros }: TextLooks): Notice[] {
  if (leadingZeros > 0 && numbers >= values * 0.95) {
    return [notice('leading zeros', 'Digits with leading zeros: kept as text, because a number would lose them.')];
  }
  if (dates >= values * 0.95) return [notice('dates as text', 'Its texts look like dates.')];
  if (numbers >= values * 0.95) return [notice('numbers as text', 'Its texts look like numbers.')];
  const least = Math.max(1, values * 0.05);
  const others = values - numbers - dates;
  const kinds = [numbers, dates, others].filter((count) => count >= least).length;
  return kinds > 1 ? [notice('mixed types', 'It has values of several kinds: numbers or dates, and other text.')] : [];
}

const identifierName =
  /(^|[^a-z])(id|ids|uuid|guid|key|nr|no|number|index|rowid|row)([^a-z]|$)|[a-z](Id|ID|Key|Nr)$|^id|id$/;
const FEW_ROWS = 50;

/** Short texts or whole numbers that are all different; in a short table that is no wonder, so the name decides. */
function isIdentifier({ name, type, rows, missing, longest }: Facts): boolean {
  if (missing > 0 || (type !== 'BIGINT' && type !== 'VARCHAR')) return false;
  if (type === 'VARCHAR' && (longest ?? 0) > 64) return false;
  return rows >= FEW_ROWS || identifierName.test(name) || identifierName.test(name.toLowerCase());
}

function notice(kind: NoticeKind, message: string): Notice {
  return { kind, message };
}
