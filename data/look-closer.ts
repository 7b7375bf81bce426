import type {
  AgainstLabel,
  AgainstLabelInput,
  ColumnAgainstLabel,
  LookCloserInput,
  LookedCloser,
  Pair,
} from './look-calls.ts';
import { columnOf, type SampleColumn, takeSample } from './look-sample.ts';
import { strengthOf, strengthOfMissing } from './look-strength.ts';
import { describe } from './read-rows.ts';
import type { Session } from './session.ts';
import { plural, showValue } from './show-value.ts';

const MOST_COLUMNS = 60;
const MOST_AGAINST_LABEL = 600;
const AT_ONCE = 50;
/** From here on one column says nearly what the other says. */
const NEARLY_A_COPY = 0.98;

/** Every column against every other: correlations, and near copies. */
export async function lookCloser(session: Session, input: LookCloserInput): Promise<LookedCloser> {
  const { columns: all } = await describe(session, input.parquet);
  // Two images are hardly ever the same, and that they are tells nothing.
  const wanted = input.columns ?? all.filter(({ type }) => type !== 'BLOB').map(({ name }) => name);
  const names = wanted.slice(0, MOST_COLUMNS);
  const { rows, looked, columns } = await takeSample(session, input.parquet, names);
  const pairs: Pair[] = [];
  const notices: LookedCloser['notices'] = [];
  for (const [index, b] of columns.entries()) {
    session.signal.throwIfAborted();
    for (const a of columns.slice(0, index)) {
      const found = strengthOf(a, b);
      pairs.push({ a: a.name, b: b.name, ...found });
      if (isNearCopy(a, b, found.strength)) {
        const message = `Nearly a copy of ${showValue(a.name)}: one of the two is enough.`;
        notices.push({ kind: 'near copy', column: b.name, other: a.name, message });
      }
    }
  }
  const left = wanted.length - names.length;
  const remarks =
    left > 0
      ? [
          `Only the first ${plural(MOST_COLUMNS, 'column')} were looked at, not the other ${left.toLocaleString('en-US')}.`,
        ]
      : [];
  return { rows, looked, columns: names, pairs, notices, remarks: [...remarks, ...sampleRemarks(rows, looked)] };
}

function sampleRemarks(rows: number, looked: number): string[] {
  if (looked >= rows) return [];
  return [`By a sample of ${looked.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows.`];
}

/** A city tells its country, but is no copy of it: there must be as many of the one as of the other. */
function isNearCopy(a: SampleColumn, b: SampleColumn, strength: number | null): boolean {
  if (strength === null || strength < NEARLY_A_COPY) return false;
  const categories = a.type === 'category' && b.type === 'category';
  const [fewer = 0, more = 0] = [a.values.length, b.values.length].toSorted((one, other) => one - other);
  if (categories) return more <= fewer * 1.1;
  return (a.type === 'category') === (b.type === 'category');
}

/** What each column has to do with the label. */
export async function againstLabel(session: Session, input: AgainstLabelInput): Promise<AgainstLabel> {
  const { columns: all } = await describe(session, input.parquet);
  columnOf(all, input.label);
  const others = all.flatMap(({ name, type }) => (name === input.label || type === 'BLOB' ? [] : [name]));
  const names = others.slice(0, MOST_AGAINST_LABEL);
  const found: ColumnAgainstLabel[] = [];
  let counted = { rows: 0, looked: 0 };
  for (let from = 0; from < Math.max(1, names.length); from += AT_ONCE) {
    const group = names.slice(from, from + AT_ONCE);
    const { rows, looked, columns } = await takeSample(session, input.parquet, [input.label, ...group]);
    const [label, ...rest] = columns as [SampleColumn, ...SampleColumn[]];
    counted = { rows, looked };
    for (const column of rest) found.push(compare(column, label));
  }
  const left = others.length - names.length;
  const remarks =
    left > 0
      ? [
          `Only the first ${plural(names.length, 'column')} were looked at, not the other ${left.toLocaleString('en-US')}.`,
        ]
      : [];
  return {
    ...counted,
    label: input.label,
    columns: found.toSorted((a, b) => (b.strength ?? -1) - (a.strength ?? -1)),
    remarks: [...remarks, ...sampleRemarks(counted.rows, counted.looked)],
  };
}

function compare(column: SampleColumn, label: SampleColumn): ColumnAgainstLabel {
  const { measure, strength } = strengthOf(column, label);
  const missing = strengthOfMissing(column, label);
  if (missing !== null && missing > (strength ?? 0)) {
    const hint =
      missing >= NEARLY_A_COPY
        ? 'Whether it is missing nearly tells the label: is it known before the label is?'
        : null;
    return { column: column.name, measure: 'missing', strength: missing, hint };
  }
  return { column: column.name, measure, strength, hint: hintOn(column, strength) };
}

function hintOn(column: SampleColumn, strength: number | null): string | null {
  if (strength !== null && strength >= NEARLY_A_COPY) {
    return 'Almost a copy of the label: is it known before the label is? If not, ignore it.';
  }
  const values = column.codes.length - column.missing;
  if (column.type === 'category' && values > 20 && column.values.length === values) {
    return 'Every value is different: it says nothing about other rows.';
  }
  return null;
}
