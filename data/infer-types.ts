import { castFromText, hasValue, isMissingWord, missingWords, reads, type SqlType, trimmed } from './column-kinds.ts';
import { groupsOf, type LongColumn, longForm } from './long-form.ts';
import { asPlainNumber, detectNumberForm, isNumberIn, isPlain, type NumberForm, plainForm } from './number-forms.ts';
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

/** One way to read the values of a column. */
interface Reading {
  type: SqlType;
  /** SQL: the trimmed text is such a value. */
  reads(text: string): string;
  /** SQL: the value of a column, all of whose values are such. */
  cast(column: string): string;
  remark?: string;
}

function plainReading(type: SqlType): Reading {
  return { type, reads: (text) => reads(type, text), cast: (column) => castFromText(type, column) };
}

const asText = plainReading('VARCHAR');

/** Numbers that the file writes in a form of its own. */
function formReading(type: 'BIGINT' | 'DOUBLE', form: NumberForm): Reading {
  const number = (text: string) => asPlainNumber(form, text);
  const words = [
    ...(form.decimal === ',' ? ['the comma as the decimal sign'] : []),
    ...(form.thousands === 'none' ? [] : [`“${form.thousands}” as the sign between thousands`]),
  ];
  return {
    type,
    reads: (text) => `(${isNumberIn(form, text)} AND ${reads(type, number(text))})`,
    cast: (column) => castFromText(type, number(trimmed(column))),
    remark: `Its numbers were read with ${words.join(' and ')}.`,
  };
}

/** What a column may be, each narrower than the next; a column takes the first that all its values are. */
function ladderOf(form: NumberForm): Reading[] {
  const [yesNo, whole, number, ...dates] = (['BOOLEAN', 'BIGINT', 'DOUBLE', 'DATE', 'TIMESTAMP'] as const).map(
    plainReading,
  ) as [Reading, Reading, Reading, ...Reading[]];
  if (isPlain(form)) return [yesNo, whole, number, ...dates];
  const grouped = form.thousands === 'none' ? [] : [formReading('BIGINT', form)];
  const own = formReading('DOUBLE', form);
  if (form.decimal === '.') return [yesNo, whole, ...grouped, number, own, ...dates];
  const remark = 'Its numbers have decimal points, where others of the file have decimal commas.';
  return [yesNo, whole, ...grouped, own, { ...number, remark }, ...dates];
}

const SAMPLE_ROWS = 5000;

interface Candidate {
  index: number;
  readings: Reading[];
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
export async function inferTypes(
  session: Session,
  staged: Staged,
  form: NumberForm = plainForm,
): Promise<InferredColumn[]> {
  const found: InferredColumn[] = [];
  const settle = ({ index, remarks }: Candidate, { type, cast, remark }: Reading, more: string[] = []) => {
    const name = staged.names[index] as string;
    const own = remark === undefined ? [] : [remark];
    found[index] = { name, type, sql: cast(`c${index}`), remarks: [...remarks, ...own, ...more] };
  };
  const candidates = await sampleTypes(session, staged, ladderOf(form));
  const isSettled = ({ readings }: Candidate) => readings[0] === asText;
  for (const candidate of candidates) if (isSettled(candidate)) settle(candidate, asText);
  let open = candidates.filter((candidate) => !isSettled(candidate));
  while (open.length > 0) {
    const still: Candidate[] = [];
    for (const [candidate, counted] of await countTypes(session, staged, open)) {
      const [reading = asText, ...others] = candidate.readings;
      if (counted.values === 0) {
        settle(candidate, asText);
      } else if (counted.fitting === counted.values) {
        settle(candidate, reading, wordRemarks(counted));
      } else if (others.length > 0) {
        still.push({ ...candidate, readings: others });
      } else {
        settle(candidate, asText, await almostRemarks(session, staged, candidate.index, reading, counted));
      }
    }
    open = still;
  }
  return found;
}

/** How the file writes its numbers, by its beginning. */
export function numberFormOf(
  session: Session,
  staged: Staged,
  wanted: Parameters<typeof detectNumberForm>[4],
): Promise<NumberForm> {
  return detectNumberForm(session, sampleOf(staged), staged.names.length, Math.min(staged.rows, SAMPLE_ROWS), wanted);
}

function sampleOf(staged: Staged): string {
  return `(SELECT * FROM read_parquet(${quoteText(staged.path)}) LIMIT ${SAMPLE_ROWS})`;
}

async function sampleTypes(session: Session, staged: Staged, ladder: readonly Reading[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const text = trimmed('v');
  const value = hasValue(text);
  const asked = [
    'true',
    ...ladder.map((reading) => reading.reads(text)),
    ...patterns.map(({ regexp }) => `regexp_full_match(${text}, ${quoteText(regexp)})`),
  ];
  const counts = asked.map((condition) => `count(*) FILTER (${value} AND ${condition})`).join(', ');
  const source = sampleOf(staged);
  for (const group of groupsOf(stagedColumns(staged), Math.min(staged.rows, SAMPLE_ROWS))) {
    for (const [k, ...counted] of await session.rows(
      `SELECT k, ${counts} FROM ${longForm(source, group)} GROUP BY k`,
    )) {
      const index = Number(k);
      const candidate = judgeSample(index, counted.map(Number), ladder);
      candidates[index] = staged.allText[index] ? onlyDates(candidate) : candidate;
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
    // Said by its profile, of data from every kind of file.
    remark: undefined,
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

/** Of what is text in the file itself, only dates are taken out of it: many formats have no other way to write them. */
function onlyDates({ index, readings }: Candidate): Candidate {
  const dates = readings.filter(({ type }) => type === 'DATE' || type === 'TIMESTAMP');
  return { index, readings: dates.length > 0 ? dates : [asText], remarks: [] };
}

function judgeSample(index: number, [values = 0, ...counts]: number[], ladder: readonly Reading[]): Candidate {
  const fitting = ladder.filter((_, n) => counts[n] === values);
  if (fitting.length > 0) return { index, readings: fitting, remarks: [] };
  const numbers = counts[ladder.findIndex(({ type }) => type === 'BIGINT')] as number;
  const like = patterns.find(({ amongNumbers }, n) => {
    const count = counts[ladder.length + n] as number;
    return count > 0 && count + (amongNumbers ? numbers : 0) >= values * 0.9;
  });
  if (like) return { index, readings: [asText], remarks: like.remark === undefined ? [] : [like.remark] };
  // Nearly all fit: it is text, but the person wants to know which values make it so.
  const nearly = ladder.findLast((_, n) => (counts[n] as number) >= values * 0.9);
  return { index, readings: [nearly ?? asText], remarks: [] };
}

async function countTypes(session: Session, staged: Staged, open: Candidate[]): Promise<[Candidate, Counted][]> {
  const source = `read_parquet(${quoteText(staged.path)})`;
  const counted: [Candidate, Counted][] = [];
  for (const reading of new Set(open.flatMap(({ readings }) => readings.slice(0, 1)))) {
    const alike = open.filter((candidate) => candidate.readings[0] === reading);
    for (const group of groupsOf(alike, staged.rows)) {
      const columns = group.map(({ index }) => ({ index, sql: `c${index}` }));
      const found = await session.rows(`SELECT k, ${countsOf(reading)} FROM ${longForm(source, columns)} GROUP BY k`);
      for (const [k, ...counts] of found) {
        const candidate = group.find(({ index }) => index === Number(k));
        const [values = 0, words = 0, fitting = 0] = counts.map(Number);
        if (candidate) counted.push([candidate, { values, words, fitting }]);
      }
    }
  }
  return counted;
}

function countsOf(reading: Reading): string {
  const text = trimmed('v');
  const value = hasValue(text);
  return `count(*) FILTER (${value}), count(*) FILTER (${isMissingWord(text)}), count(*) FILTER (${value} AND ${reading.reads(text)})`;
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
  reading: Reading,
  counted: Counted,
): Promise<string[]> {
  const others = counted.values - counted.fitting;
  if (counted.fitting === 0 || others > counted.values / 10) return [];
  const text = trimmed(`c${index}`);
  const [first] = await session.rows(
    `SELECT file_row_number + 1, c${index} FROM read_parquet(${quoteText(staged.path)}, file_row_number = true)
     WHERE ${hasValue(text)} AND NOT coalesce(${reading.reads(text)}, false) ORDER BY file_row_number LIMIT 1`,
  );
  if (!first) return [];
  const kind = {
    BIGINT: 'numbers',
    DOUBLE: 'numbers',
    BOOLEAN: 'yes/no',
    DATE: 'dates',
    TIMESTAMP: 'dates and times',
    VARCHAR: 'text',
    BLOB: 'images',
  }[reading.type];
  return [
    `All but ${plural(others, 'value')} are ${kind}; the first other is ${showValue(cellText(first[1]))} in row ${cellText(first[0])}. Kept as text.`,
  ];
}
