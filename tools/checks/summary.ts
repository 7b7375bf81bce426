import type { Counts } from './counts.ts';

export interface SuiteResult extends Counts {
  name: string;
  seconds: number;
  budgetSeconds: number;
}

/** Slower than planned is said loudly; three times as slow is a failure. */
const intolerable = 3;

export function overBudget({ seconds, budgetSeconds }: SuiteResult): 'no' | 'over' | 'intolerable' {
  if (seconds <= budgetSeconds) return 'no';
  return seconds > budgetSeconds * intolerable ? 'intolerable' : 'over';
}

/** One suite as one line. */
export function suiteLine(result: SuiteResult): string {
  const over = overBudget(result);
  const failed = failuresOf(result);
  const verdict = failed > 0 ? 'FAILED' : over === 'no' ? 'ok' : 'SLOW';
  const time = `${result.seconds.toFixed(1)} s of ${result.budgetSeconds} s`;
  const note =
    over === 'no' ? '' : over === 'over' ? '  OVER ITS BUDGET' : `  MORE THAN ${intolerable} TIMES ITS BUDGET`;
  return `${verdict.padEnd(7)}${result.name.padEnd(12)}${countsInWords(result.passed, failed, result.skipped.length).padEnd(34)}${time}${note}`;
}

/** The last line of every run, exactly in this form. */
export function totalLine(results: readonly SuiteResult[]): string {
  return countsInWords(
    sum(results, ({ passed }) => passed),
    sum(results, failuresOf),
    sum(results, ({ skipped }) => skipped.length),
  );
}

export function failuresOf(result: SuiteResult): number {
  return result.failed + (overBudget(result) === 'intolerable' ? 1 : 0);
}

export function skippedLines(results: readonly SuiteResult[]): string[] {
  return results.flatMap(({ name, skipped }) => skipped.map((one) => `skipped: ${name}: ${one.name}: ${one.reason}`));
}

function countsInWords(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function sum(results: readonly SuiteResult[], count: (result: SuiteResult) => number): number {
  return results.reduce((total, result) => total + count(result), 0);
}
