export interface Verdict {
  bench: string;
  ratio: number;
  limit: number;
  ok: boolean;
}

/** The last line of every bench, for programs; exit 0 only when it holds. */
export function conclude(verdict: Verdict): never {
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  process.exit(verdict.ok ? 0 : 1);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
