import {
  calibrationDrawing,
  type Drawing,
  dependenceDrawing,
  errorsDrawing,
  learningDrawings,
} from './closer-plots.ts';
import { formatCount, formatScore } from './plain-words.ts';
import type { Report } from './report.ts';

/** What a report says beyond scores: empty where the trainer was older or the task has no such part. */
export interface CloserLook {
  hints: string[];
  classes: PlainTable | null;
  labels: PlainTable | null;
  thresholds: PlainTable | null;
  calibration: { drawing: Drawing; sentence: string; table: PlainTable } | null;
  errors: { drawing: Drawing | null; table: PlainTable | null } | null;
  learning: Drawing[];
  dependence: ({ name: string; drawing: Drawing; table: null } | { name: string; drawing: null; table: PlainTable })[];
  worst: PlainTable | null;
  leftOut: string[];
}

export interface PlainTable {
  heads: { text: string; isNumber: boolean }[];
  /** A short text stays whole on a phone; a long one may break anywhere. */
  rows: { cells: { text: string; kind: 'num' | 'nowrap' | 'break' }[]; isChosen: boolean }[];
  sentence: string;
}

export function closerLook(report: Report): CloserLook {
  return {
    hints: (report.leakage ?? []).map(({ sentence }) => sentence),
    classes: classTable(report.perClass),
    labels: labelTable(report.perLabel),
    thresholds: thresholdTable(report.thresholds),
    calibration: calibrationOf(report.calibration),
    errors: errorsOf(report.residuals),
    learning: report.learning ? learningDrawings(report.learning) : [],
    dependence: (report.dependence ?? []).map(dependenceOf),
    worst: worstTable(report),
    leftOut: (report.budget?.leftOut ?? []).map(({ part, reason }) => `${part}: ${reason}`),
  };
}

function tableOf(
  heads: [string, boolean][],
  rows: { cells: string[]; isChosen?: boolean }[],
  sentence = '',
): PlainTable {
  return {
    heads: heads.map(([text, isNumber]) => ({ text, isNumber })),
    rows: rows.map(({ cells, isChosen = false }) => ({
      cells: cells.map((text, index) => ({
        text,
        kind: heads[index]?.[1] ? 'num' : text.length > 24 ? 'break' : 'nowrap',
      })),
      isChosen,
    })),
    sentence,
  };
}

function classTable(found: Report['perClass']): PlainTable | null {
  if (!found || found.rows.length === 0) return null;
  const rest = found.leftOut > 0 ? ` The commonest classes; ${formatCount(found.leftOut)} more are left out.` : '';
  return tableOf(
    [
      ['Class', false],
      ['Precision', true],
      ['Recall', true],
      ['F1', true],
      ['Rows', true],
      ['Said', true],
    ],
    found.rows.map((row) => ({
      cells: [
        row.label,
        formatScore(row.precision),
        formatScore(row.recall),
        formatScore(row.f1),
        formatCount(row.support),
        formatCount(row.predicted),
      ],
    })),
    `Precision: how often it is right when it says so. Recall: the share of the class that it finds.${rest}`,
  );
}

/** Each tenth and the ends, as on the page of the report: all of them are longer than what they say. */
function isShown(threshold: number): boolean {
  const percent = Math.round(threshold * 100);
  return percent % 10 === 0 || percent <= 5 || percent >= 95;
}

function thresholdTable(found: Report['thresholds']): PlainTable | null {
  if (!found || found.length === 0) return null;
  const best = found.reduce((one, other) => ((other.f1 ?? 0) > (one.f1 ?? 0) ? other : one));
  return tableOf(
    [
      ['From', false],
      ['Said yes', true],
      ['Precision', true],
      ['Recall', true],
      ['F1', true],
      ['Accuracy', true],
    ],
    found
      .filter((row) => row === best || isShown(row.threshold))
      .map((row) => ({
        cells: [
          row.threshold.toFixed(2),
          formatCount(row.said),
          formatScore(row.precision),
          formatScore(row.recall),
          formatScore(row.f1),
          formatScore(row.accuracy),
        ],
        isChosen: row === best,
      })),
    'What it would say if “yes” began at another probability. The best F1 is bold; chosen by these rows, it will be a little worse on new ones.',
  );
}

function calibrationOf(found: Report['calibration']): CloserLook['calibration'] {
  if (!found || found.bins.length === 0) return null;
  const what = found.of === null ? 'the class it names' : `“${found.of}”`;
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return {
    drawing: calibrationDrawing(found.bins),
    sentence: `When it gives ${what} a probability, how often it is so; on the dashed line both are equal. Brier score ${formatScore(found.brier)}, expected calibration error ${formatScore(found.expectedError)}; lower is better.`,
    table: tableOf(
      [
        ['Said', false],
        ['Rows', true],
        ['On average', true],
        ['So it was', true],
      ],
      found.bins.map((bin) => ({
        cells: [
          `${(bin.from * 100).toFixed(0)} to ${(bin.to * 100).toFixed(0)} %`,
          formatCount(bin.count),
          percent(bin.mean),
          percent(bin.share),
        ],
      })),
    ),
  };
}

function errorsOf(found: Report['residuals']): CloserLook['errors'] {
  const groups = found?.byPredicted ?? [];
  const quantiles = found?.quantiles ?? [];
  if (groups.length < 2 && quantiles.length === 0) return null;
  return {
    drawing: groups.length < 2 ? null : errorsDrawing(groups),
    table:
      quantiles.length === 0
        ? null
        : tableOf(
            [
              ['Of the rows', false],
              ['Actual − predicted at most', true],
              ['Off by at most', true],
            ],
            quantiles.map((row) => ({
              cells: [`${row.percent} %`, formatScore(row.error), formatScore(row.size)],
            })),
          ),
  };
}

function dependenceOf(one: NonNullable<Report['dependence']>[number]): CloserLook['dependence'][number] {
  const drawing = one.kind === 'category' ? null : dependenceDrawing(one);
  if (drawing) return { name: one.column, drawing, table: null };
  const names = one.series.map(({ name }) => name ?? 'Prediction');
  return {
    name: one.column,
    drawing: null,
    table: tableOf(
      [['Value', false], ...names.map((name): [string, boolean] => [name, true])],
      one.values.map((value, index) => ({
        cells: [cellWords(value), ...one.series.map(({ mean }) => formatScore(mean[index]))],
      })),
    ),
  };
}

function labelTable(found: Report['perLabel']): PlainTable | null {
  if (!found || found.length === 0) return null;
  return tableOf(
    [
      ['Label', false],
      ['ROC AUC', true],
      ['Log loss', true],
      ['Precision', true],
      ['Recall', true],
      ['F1', true],
      ['Rows', true],
      ['Said', true],
    ],
    found.map((row) => ({
      cells: [
        row.label,
        ...[row.rocAuc, row.logLoss, row.precision, row.recall, row.f1].map((value) => formatScore(value)),
        formatCount(row.support),
        formatCount(row.predicted),
      ],
    })),
    'Each label by itself; “yes” is said from a probability of 0.5. Rows: how many have it. Precision: how often it is right when it says so. Recall: the share of these rows that it finds.',
  );
}

function worstTable({ worst, confusion, perLabel }: Report): PlainTable | null {
  if (!worst || worst.rows.length === 0) return null;
  const isNumber = !confusion && !perLabel;
  const rest =
    worst.columnsLeftOut > 0 ? ` ${formatCount(worst.columnsLeftOut)} columns that matter less are left out.` : '';
  return tableOf(
    [
      ['Actual', isNumber],
      ['Predicted', isNumber],
      [isNumber ? 'Off by' : 'How sure', true],
      ...worst.columns.map((name): [string, boolean] => [name, false]),
    ],
    worst.rows.map(({ truth, predicted, size, values }) => ({
      cells: [
        cellWords(truth),
        cellWords(predicted),
        size !== null && !isNumber ? `${(size * 100).toFixed(0)} %` : formatScore(size),
        ...values.map(cellWords),
      ],
    })),
    `The held-out rows that it missed most, as they are in the data; long texts are cut.${rest}`,
  );
}

function cellWords(value: string | number | boolean | null): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  // A whole number may be a year or a key: it stays as it is.
  return typeof value === 'string' || Number.isInteger(value) ? String(value) : formatScore(value);
}
