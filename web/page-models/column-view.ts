import type { ColumnProfile, ImagesProfile } from '../../domain/dataset.ts';
import { formatBytes, formatCount, formatScore, shorten } from './plain-words.ts';

/** A column as pages show it, with its small histogram as one path. */
export interface ColumnView {
  name: string;
  type: string;
  missing: string;
  hasMissing: boolean;
  distinct: string;
  range: string;
  remarks: string[];
  spark: Spark | null;
  /** What is known beyond a glance: quantiles, lengths, the most frequent values. */
  more: string[];
  isNumber: boolean;
}

export interface Spark {
  path: string;
  kind: 'numbers' | 'words';
  spoken: string;
}

export function columnView(column: ColumnProfile, rows: number): ColumnView {
  return {
    name: column.name,
    type: column.type,
    missing: column.missing === 0 ? '0' : `${formatCount(column.missing)} (${share(column.missing, rows)})`,
    hasMissing: column.missing > 0,
    distinct: formatCount(column.distinct),
    range: rangeOf(column, rows),
    remarks: column.remarks,
    spark: sparkOf(column),
    more: moreOf(column, rows),
    isNumber: isNumeric(column),
  };
}

export function isNumeric(column: Pick<ColumnProfile, 'type'>): boolean {
  return column.type === 'number' || column.type === 'whole number';
}

function moreOf(column: ColumnProfile, rows: number): string[] {
  const more: string[] = [];
  const { quantiles = [], textLength, top, images } = column;
  if (images) more.push(...imageLines(images));
  if (quantiles.length > 0) {
    const listed = quantiles.map(({ share: part, value }) => `${Math.round(part * 100)} %: ${tidy(value)}`).join(' · ');
    more.push(`Not above, by share of rows${column.quantilesAreApproximate ? ' (about)' : ''}: ${listed}`);
  }
  if (typeof column.standardDeviation === 'number')
    more.push(`Standard deviation ${formatScore(column.standardDeviation)}`);
  if (textLength)
    more.push(`Letters: ${textLength.min} to ${textLength.max}, ${formatScore(textLength.mean)} on average`);
  const repeated = top.filter(({ count }) => count > 1);
  if (repeated.length > 0) {
    const listed = repeated
      .slice(0, 10)
      .map(({ value, count }) => `${shorten(value, 24)} ${share(count, rows - column.missing)}`);
    more.push(`Most frequent: ${listed.join(', ')}`);
  }
  return more;
}

/** “8 × 8”, or “8 × 8 97 %, 10 × 12 3 %”. */
function sizesOf({ sizes, sizeCount, types }: ImagesProfile): string {
  const all = types.reduce((sum, { count }) => sum + count, 0);
  const sides = sizes.slice(0, 3).map((size) => {
    const part = sizeCount === 1 ? '' : ` ${share(size.count, all)}`;
    return `${size.width} × ${size.height}${part}`;
  });
  return `${sides.join(', ')}${sizeCount > 3 ? ` and ${formatCount(sizeCount - 3)} more sizes` : ''}`;
}

function imageLines({ bytes, types }: ImagesProfile): string[] {
  const kinds = types.map(({ type, count }) => `${type.toUpperCase()} ${formatCount(count)}`).join(', ');
  const sizes = [bytes.min, bytes.max].map(formatBytes).join(' to ');
  return [`Files: ${kinds}`, `Size of a file: ${sizes}, ${formatBytes(bytes.mean)} on average`];
}

function tidy(value: string): string {
  return /^-?\d+\.\d{5,}$/.test(value) ? formatScore(Number(value)) : value;
}

/** "yes 26.5 %, no 73.5 %" for few values, "18.25 to 118.75" for numbers. */
function rangeOf(column: ColumnProfile, rows: number): string {
  if (column.images) return sizesOf(column.images);
  if (isNumeric(column) && column.min !== null && column.max !== null) {
    const mean = column.mean === null ? '' : `, mean ${formatScore(column.mean).replace(/\.?0+$/, '')}`;
    return `${column.min} to ${column.max}${mean}`;
  }
  if (column.min !== null && column.max !== null && column.type.startsWith('date'))
    return `${column.min} to ${column.max}`;
  if (column.top.every((top) => top.count === 1)) {
    return column.top
      .slice(0, 3)
      .map((top) => shorten(top.value, 24))
      .join(', ');
  }
  const shown = column.top
    .slice(0, 3)
    .map((top) => `${shorten(top.value, 24)} ${share(top.count, rows - column.missing)}`);
  const more = column.distinct > 3 ? ` and ${formatCount(column.distinct - 3)} more` : '';
  return shown.join(', ') + more;
}

function share(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

const box = { width: 88, height: 24 };
const shownValues = 8;

export function sparkOf(column: ColumnProfile): Spark | null {
  const isHistogram = column.histogram.length > 0;
  const counts = isHistogram ? column.histogram : column.top.slice(0, shownValues).map((top) => top.count);
  const most = Math.max(0, ...counts);
  // Where every value is different there is nothing to see.
  if (most === 0 || (!isHistogram && most === 1)) return null;
  return {
    path: sparkPath(counts, isHistogram ? 0 : 4),
    kind: isHistogram ? 'numbers' : 'words',
    spoken: isHistogram ? 'histogram' : 'most frequent values',
  };
}

/** Bars of these heights beside each other, the tallest as high as the box. */
export function sparkPath(counts: readonly number[], gap: number): string {
  const most = Math.max(1, ...counts);
  const step = box.width / counts.length;
  const bars = counts.map((count, index) => {
    const top = Math.round((1 - count / most) * (box.height - 2)) + (count > 0 ? 0 : 2);
    const left = Math.round(index * step * 10) / 10;
    const right = Math.round((index * step + step - gap) * 10) / 10;
    return `M${left} ${box.height}V${top}H${right}V${box.height}z`;
  });
  return bars.join('');
}
