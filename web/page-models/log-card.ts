import type { LogLine } from '../services/views.ts';
import type { Clock } from './clock.ts';
import { formatCount, formatMany } from './plain-words.ts';

export interface LogLineShown {
  line: number;
  iso: string;
  time: string;
  source: LogLine['source'];
  sourceWord: string;
  attempt: number;
  text: string;
}

export interface LogCard {
  lines: LogLineShown[];
  count: number;
  countText: string;
  first: number;
  last: number;
  hasEarlier: boolean;
  base: string;
  events: string | null;
  /** Why there is nothing to read. */
  empty: string;
}

const sourceWords: Record<LogLine['source'], string> = {
  out: 'trainer',
  err: 'trainer, error stream',
  machine: 'machine',
  platform: 'platform',
};

export function shownLine(line: LogLine, clock: Clock): LogLineShown {
  return {
    line: line.line,
    iso: new Date(line.atMs).toISOString(),
    time: clock.second(line.atMs),
    source: line.source,
    sourceWord: sourceWords[line.source],
    attempt: line.attempt,
    text: line.text,
  };
}

export function logCard(
  lines: readonly LogLine[],
  facts: { count: number; isDone: boolean; base: string; events: string | null; deletedAtMs: number | null },
  clock: Clock,
): LogCard {
  const first = lines[0]?.line ?? 1;
  return {
    lines: lines.map((line) => shownLine(line, clock)),
    count: facts.count,
    countText: formatMany(facts.count, 'line'),
    first,
    last: lines.at(-1)?.line ?? 0,
    hasEarlier: first > 1,
    base: facts.base,
    events: facts.events,
    empty: emptyText(facts, clock),
  };
}

function emptyText(facts: { isDone: boolean; deletedAtMs: number | null }, clock: Clock): string {
  if (facts.deletedAtMs !== null) return `The log was removed at ${clock.moment(facts.deletedAtMs).text}.`;
  if (facts.isDone) return 'It ended before its first line.';
  return 'No line yet. The first ones come when the machine is up.';
}

/** A page of a long log, with the way to its neighbours and what a search found. */
export interface LogPage {
  name: string;
  backHref: string;
  base: string;
  lines: LogLineShown[];
  range: string;
  earlier: string | null;
  later: string | null;
  search: { text: string; total: string; matches: (LogLineShown & { href: string })[]; more: string } | null;
}

export const logLinesPerPage = 1000;

export function logPage(
  input: {
    name: string;
    backHref: string;
    lines: readonly LogLine[];
    count: number;
    search: { text: string; total: number; matches: readonly LogLine[] } | null;
  },
  clock: Clock,
): LogPage {
  const base = `${input.backHref}/log`;
  const first = input.lines[0]?.line ?? 0;
  const last = input.lines.at(-1)?.line ?? 0;
  return {
    name: input.name,
    backHref: input.backHref,
    base,
    lines: input.lines.map((line) => shownLine(line, clock)),
    range:
      first === 0 ? 'No lines.' : `Lines ${formatCount(first)} to ${formatCount(last)} of ${formatCount(input.count)}`,
    earlier: first > 1 ? `${base}?from=${Math.max(1, first - logLinesPerPage)}` : null,
    later: last > 0 && last < input.count ? `${base}?from=${last + 1}` : null,
    search: input.search && {
      text: input.search.text,
      total: formatMany(input.search.total, 'line'),
      matches: input.search.matches.map((line) => ({
        ...shownLine(line, clock),
        href: `${base}?from=${Math.max(1, line.line - 100)}#L${line.line}`,
      })),
      more:
        input.search.total > input.search.matches.length
          ? `The first ${formatCount(input.search.matches.length)} are shown.`
          : '',
    },
  };
}
