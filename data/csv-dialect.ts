/** How a file writes its table. */
export interface CsvDialect {
  delimiter: string;
  /** Empty when quotes are signs like any other. */
  quote: '"' | "'" | '';
  /** How a quote inside of quotes is written: twice, or after a backslash. */
  escape: 'twice' | 'backslash';
}

export interface SampleRecord {
  fields: string[];
  /** Whether something followed a closing quote: this dialect is probably not the file's. */
  odd: boolean;
}

const delimiters = [',', ';', '\t', '|'];

/**
 * Chooses the dialect in which the sample is most of a table: where most records have as many fields as the first.
 * What is `known` is not chosen.
 */
export function detectDialect(
  sample: string,
  isWhole: boolean,
  known: Partial<Pick<CsvDialect, 'delimiter' | 'quote'>> = {},
): CsvDialect {
  let best: CsvDialect = { delimiter: known.delimiter ?? ',', quote: known.quote ?? '"', escape: 'twice' };
  let bestScore = -1;
  const escapes: CsvDialect['escape'][] =
    sample.includes('\\"') || sample.includes("\\'") ? ['twice', 'backslash'] : ['twice'];
  const quotes: CsvDialect['quote'][] = sample.includes("'") ? ['"', "'"] : ['"'];
  for (const quote of known.quote === undefined ? quotes : [known.quote]) {
    for (const escape of quote === '' ? (['twice'] as const) : escapes) {
      for (const delimiter of known.delimiter === undefined ? delimiters : [known.delimiter]) {
        if (known.delimiter === undefined && !sample.includes(delimiter) && delimiter !== ',') continue;
        const score = scoreOf(parseSample(sample, { delimiter, quote, escape }, isWhole), quote);
        // By a clear margin only: the plainer dialects come first.
        if (score > bestScore + 0.001) {
          best = { delimiter, quote, escape };
          bestScore = score;
        }
      }
    }
  }
  return best;
}

function scoreOf(records: SampleRecord[], quote: string): number {
  const first = records[0];
  if (!first) return 0;
  const width = first.fields.length;
  const like = records.filter((record) => !record.odd && record.fields.length === width).length;
  const share = like / records.length;
  // One column is what every wrong delimiter finds.
  const wide = width > 1 ? 1 : 0.2;
  const widthBonus = Math.min(width, 1000) / 100_000;
  // `'a','b'` is as regular without as with the quotes taken for quotes; values all in apostrophes decide it.
  const wrapped = quote === '"' && first.fields.every((field) => /^'.*'$/s.test(field)) ? 0.5 : 1;
  return share * share * wide * wrapped + widthBonus;
}

/** A small and forgiving parser for the beginning of a file. Without `isWhole` the last record may be cut and is dropped. */
export function parseSample(text: string, dialect: CsvDialect, isWhole: boolean, most = 1000): SampleRecord[] {
  const records: SampleRecord[] = [];
  const { delimiter, quote } = dialect;
  let at = 0;
  while (at < text.length && records.length < most) {
    const fields: string[] = [];
    let odd = false;
    let ended = false;
    while (!ended) {
      let value = '';
      if (text[at] === quote) {
        const quoted = readQuoted(text, at, dialect);
        value = quoted.value;
        at = quoted.end;
        if (!quoted.closed) odd = true;
      } else if (text[at] === '"' && quote !== '') {
        // Where values begin with these, apostrophes are not what values are quoted with.
        odd = true;
      }
      const end = endOfField(text, at, delimiter);
      if (quote !== '' && text[at - 1] === quote && end > at && value !== '') odd = true;
      value += text.slice(at, end);
      fields.push(value);
      at = end + 1;
      if (text[end] !== delimiter) {
        ended = true;
        if (text[end] === '\r' && text[end + 1] === '\n') at++;
        if (end >= text.length && !isWhole) return records;
      }
    }
    if (fields.length > 1 || fields[0] !== '') records.push({ fields, odd });
  }
  return records;
}

function readQuoted(text: string, start: number, dialect: CsvDialect): { value: string; end: number; closed: boolean } {
  let value = '';
  let at = start + 1;
  while (at < text.length) {
    const char = text[at] as string;
    const next = text[at + 1];
    if (char === '\\' && dialect.escape === 'backslash' && (next === dialect.quote || next === '\\')) {
      value += next;
      at += 2;
    } else if (char !== dialect.quote) {
      value += char;
      at++;
    } else if (next === dialect.quote && dialect.escape === 'twice') {
      value += char;
      at += 2;
    } else {
      return { value, end: at + 1, closed: true };
    }
  }
  return { value, end: at, closed: false };
}

function endOfField(text: string, from: number, delimiter: string): number {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

const number = /^\s*-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;

/**
 * Whether the first record names the columns. It does unless it looks like one more record: where all others have
 * numbers it has numbers too. Names like 0, 1, 2 … or 2019, 2020, 2021 are names: they count up by one.
 */
export function hasHeader(records: SampleRecord[]): boolean {
  const first = records[0]?.fields ?? [];
  const others = records.slice(1).filter((record) => record.fields.length === first.length);
  if (others.length === 0) return true;
  const numeric = first.map((_, column) => {
    const values = others.map((record) => record.fields[column] as string).filter((value) => value.trim() !== '');
    return values.length > 0 && values.every((value) => number.test(value));
  });
  const cells = first.filter((_, column) => numeric[column]);
  if (cells.length === 0 || !cells.every((cell) => number.test(cell))) return true;
  const counting = cells.every(
    (cell, index) => /^\d+$/.test(cell) && (index === 0 || Number(cell) === Number(cells[index - 1]) + 1),
  );
  return counting && cells.length > 1;
}
