import { sizeInWords } from '../services/sizes.ts';
/** Numbers, sizes and spans in the words of a page. Everything that a template prints has passed through here. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** "1 job", "3 jobs". */
export function formatMany(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A score with as many digits as tell models apart: four after the point, or four that count. */
export function formatScore(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) >= 1000) return whole.format(value);
  const size = Math.abs(value);
  if (size >= 1000) return new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 }).format(value);
  if (size >= 10) return value.toFixed(2);
  if (size !== 0 && size < 0.001) return value.toPrecision(3);
  return value.toFixed(4);
}

/** The spread over seeds, no finer than the mean beside it: 0.9412 ± 0.006, 53.10 ± 2.20. */
export function formatSpread(spread: number | null | undefined, mean: number | null | undefined): string {
  if (spread === null || spread === undefined) return '–';
  const digits = formatScore(mean).split('.')[1]?.length ?? 0;
  const shown = spread.toFixed(Math.min(3, digits));
  return Number(shown) === 0 && spread > 0 ? spread.toPrecision(1) : shown;
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  return sizeInWords(bytes);
}

/** "21 of 30 GiB": what a machine has is counted in powers of two. */
export function formatGib(used: number | null, total: number | null): string {
  if (used === null || total === null) return '–';
  const gib = 1024 ** 3;
  const digits = total / gib >= 10 ? 0 : 1;
  return `${(used / gib).toFixed(digits)} of ${(total / gib).toFixed(digits)} GiB`;
}

export function formatPercent(percent: number | null): string {
  return percent === null ? '–' : `${percent.toFixed(0)} %`;
}

/** A stopwatch: 0:12, 12:40, 1:02:03. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** How long a fit took: 1.9 s below a minute, a stopwatch above. */
export function formatFit(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 59.95) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
  return formatDuration(seconds * 1000);
}

/** A span in words: "40 s", "7 min", "2 h 5 min", "3 days". */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return formatMany(Math.round(hours / 24), 'day');
}

/** What a person asked for is said back as it was: 90 s are not 2 min. */
export function formatLimit(seconds: number): string {
  const rest = seconds % 60;
  if (seconds < 60 || rest === 0) return formatSpan(seconds * 1000);
  return `${Math.floor(seconds / 60)} min ${rest} s`;
}

export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** "a", "a and b", "a, b and c". */
export function listing(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
