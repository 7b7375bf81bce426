import {
  castFromText,
  hasValue,
  isMissingWord,
  missingWords,
  reads,
  type SqlType,
  sqlTypes,
  trimmed,
} from './column-kinds.ts';
import { groupsOf, type LongColumn, longForm } from './long-form.ts';
import { cellText, type Session } from './session.ts';
import { plural, showValue } from './show-value.ts';
import { quoteText } from './sql-text.ts';
import type { Staged } from './stage-csv.ts';

export interface InferredColumn {
  name: string;
  type: SqlType;
  /** SQL for its value, from the staged columns. */
  sql: string;
  remarks: string[];
}

/** What a column may be, each narrower than the next; a column takes the first that all its values are. */
const ladder: readonly SqlType[] = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP'];

const SAMPLE_ROWS = 5000;

interface Candidate {
  index: number;
  types: SqlType[];
  remarks: string[];
}

interface Counted {
  values: number;
  words: number;
  /** Values that read as the type asked for. */
  fitting: number;
}

/**
 * The types of all columns by all their values. A sample only says which types are worth trying: one text value in the
 * last of a million rows makes the column text.
 */
export async function inferTypes(session: Session, staged: Staged): Promise<InferredColumn[]> {
  const found: InferredColumn[] = [];
  const settle = ({ index, remarks }: Candidate, type: SqlType, more: string[] = []) => {
    const name = staged.names[index] as string;
    found[index] = { name, type, sql: castFromText(type, `c${index}`), remarks: [...remarks, ...more] };
  };
  const candidates = await sampleTypes(session, staged);
  for (const candidate of candidates) if (candidate.types[0] === 'VARCHAR') settle(candidate, 'VARCHAR');
  let open = candidates.filter(({ types }) => types[0] !== 'VARCHAR');
  while (open.length > 0) {
    const still: Candidate[] = [];
    for (const [candidate, counted] of await countTypes(session, staged, open)) {
      const [type = 'VARCHAR', ...others] = candidate.types;
      if (counted.values === 0) {
        settle(candidate, 'VARCHAR');
      } else if (counted.fitting === counted.values) {
        settle(candidate, type, wordRemarks(counted));
      } else if (others.length > 0) {
        still.push({ ...candidate, types: others });
      } else {
        settle(candidate, 'VARCHAR', await almostRemarks(session, staged, candidate.index, type, counted));
      }
    }
    open = still;
  }
  return found;
}

async function sampleTypes(session: Session, staged: Staged): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const text = trimmed('v');
  const value = hasValue(text);
  const asked = [
    'true',
    ...ladder.map((type) => reads(type, text)),
    ...patterns.map(({ regexp }) => `regexp_full_match(${text}, ${quoteText(regexp)})`),
  ];
  const counts = asked.map((condition) => `count(*) FILTER (${value} AND ${condition})`).join(', ');
  const source = `(SELECT * FROM read_parquet(${quoteText(staged.path)}) LIMIT ${SAMPLE_ROWS})`;
  for (const group of groupsOf(stagedColumns(staged), Math.min(staged.rows, SAMPLE_ROWS))) {
    for (const [k, ...counted] of await session.rows(
      `SELECT k, ${counts} FROM ${longForm(source, group)} GROUP BY k`,
    )) {
      candidates[Number(k)] = judgeSample(Number(k), counted.map(Number));
    }
  }
  return candidates;
}

function stagedColumns(staged: Staged): LongColumn[] {
  return staged.names.map((_, index) => ({ index, sql: `c${index}` }));
}

/** Texts that a person may take for something else, and why they are kept as text. */
const patterns = [
  {
    regexp: '[-+]?0[0-9]+',
    amongNumbers: true,
    remark: 'Digits with leading zeros: kept as text, because a number would lose them.',
  },
  {
    regexp: '-?[0-9]{19,}',
    amongNumbers: true,
    remark: 'Whole numbers too long to be kept exactly as numbers: kept as text.',
  },
  {
    regexp: '-?[0-9]{1,3}(\\.[0-9]{3})*,[0-9]+',
    amongNumbers: true,
    remark: 'Looks like numbers with a decimal comma: kept as text.',
  },
  {
    regexp: '[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}',
    amongNumbers: false,
    remark: 'Looks like dates that do not begin with the year: kept as text.',
  },
];

function judgeSample(index: number, [values = 0, ...counts]: number[]): Candidate {
  const fitting = ladder.filter((_, n) => counts[n] === values);
  if (fitting.length > 0) return { index, types: fitting, remarks: [] };
  const numbers = counts[ladder.indexOf('BIGINT')] as number;
  const like = patterns.find(({ amongNumbers }, n) => {
    const count = counts[ladder.length + n] as number;
    return count > 0 && count + (amongNumbers ? numbers : 0) >= values * 0.9;
  });
  if (like) return { index, types: ['VARCHAR'], remarks: [like.remark] };
  // Nearly all fit: it is text, but the person wants to know which values make it so.
  const nearly = ladder.findLast((_, n) => (counts[n] as number) >= values * 0.9);
  return { index, types: [nearly ?? 'VARCHAR'], remarks: [] };
}

async function countTypes(session: Session, staged: Staged, open: Candidate[]): Promise<[Candidate, Counted][]> {
  const source = `read_parquet(${quoteText(staged.path)})`;
  const counted: [Candidate, Counted][] = [];
  for (const type of sqlTypes) {
    const alike = open.filter((candidate) => candidate.types[0] === type);
    for (const group of groupsOf(alike, staged.rows)) {
      const columns = group.map(({ index }) => ({ index, sql: `c${index}` }));
      const found = await session.rows(`SELECT k, ${countsOf(type)} FROM ${longForm(source, columns)} GROUP BY k`);
      for (const [k, ...counts] of found) {
        const candidate = group.find(({ index }) => index === Number(k));
        const [values = 0, words = 0, fitting = 0] = counts.map(Number);
        if (candidate) counted.push([candidate, { values, words, fitting }]);
      }
    }
  }
  return counted;
}

function countsOf(type: SqlType): string {
  const text = trimmed('v');
  const value = hasValue(text);
  return `count(*) FILTER (${value}), count(*) FILTER (${isMissingWord(text)}), count(*) FILTER (${value} AND ${reads(type, text)})`;
}

function wordRemarks({ words }: Counted): string[] {
  if (words === 0) return [];
  const kinds = missingWords.slice(0, 3).join(', ');
  return [
    `${plural(words, 'value')} that said “${kinds}” or the like ${words === 1 ? 'was' : 'were'} taken for missing.`,
  ];
}

/** A column that is nearly of a type but for a few values is mostly a mistake in the file: say where it is. */
async function almostRemarks(
  session: Session,
  staged: Staged,
  index: number,
  type: SqlType,
  counted: Counted,
): Promise<string[]> {
  const others = counted.values - counted.fitting;
  if (counted.fitting === 0 || others > counted.values / 10) return [];
  const text = trimmed(`c${index}`);
  const [first] = await session.rows(
    `SELECT file_row_number + 1, c${index} FROM read_parquet(${quoteText(staged.path)}, file_row_number = true)
     WHERE ${hasValue(text)} AND NOT coalesce(${reads(type, text)}, false) ORDER BY file_row_number LIMIT 1`,
  );
  if (!first) return [];
  const kind = {
    BIGINT: 'numbers',
    DOUBLE: 'numbers',
    BOOLEAN: 'yes/no',
    DATE: 'dates',
    TIMESTAMP: 'dates and times',
    VARCHAR: 'text',
  }[type];
  return [
    `All but ${plural(others, 'value')} are ${kind}; the first other is ${showValue(cellText(first[1]))} in row ${cellText(first[0])}. Kept as text.`,
  ];
}
