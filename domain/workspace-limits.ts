import { dollars, formatMoney, type Micros } from './money.ts';

/** Null where there is no limit. */
export interface WorkspaceLimits {
  /** Machines at once, over all clouds. */
  machines: number | null;
  /** What may be spent in a calendar month. */
  monthlyMicros: Micros | null;
}

/** What a workspace has used of its limits. */
export interface WorkspaceUse {
  machines: number;
  /** In this month, of what has ended. */
  spentMicros: Micros;
  /** What is open may still come to so much, what it has cost already included. */
  openMicros: Micros;
}

export function workspaceLimitsOf(settings: {
  workspaceMachines: number;
  workspaceMonthlyDollars: number;
}): WorkspaceLimits {
  const { workspaceMachines, workspaceMonthlyDollars } = settings;
  return {
    machines: workspaceMachines === 0 ? null : workspaceMachines,
    monthlyMicros: workspaceMonthlyDollars === 0 ? null : dollars(workspaceMonthlyDollars),
  };
}

/** Why one more that may cost so much is too much for this month; undefined where it is not, or costs nothing. */
export function tooMuchForMonth(
  { monthlyMicros }: WorkspaceLimits,
  { spentMicros, openMicros }: WorkspaceUse,
  worstMicros: Micros,
): string | undefined {
  if (monthlyMicros === null || worstMicros === 0) return undefined;
  const leftMicros = Math.max(0, monthlyMicros - spentMicros - openMicros);
  if (worstMicros <= leftMicros) return undefined;
  const used = `${formatMoney(spentMicros)} is spent and what is open may come to ${formatMoney(openMicros)}`;
  return `This workspace may spend ${formatMoney(monthlyMicros)} a month; ${used}, which leaves ${formatMoney(leftMicros)}, and this may come to ${formatMoney(worstMicros)}.`;
}

/** When the calendar month began in which a moment is, as a time zone has it. */
export function monthBegan(nowMs: number, timeZone: string): number {
  const parts = partsAt(nowMs, timeZone);
  const wanted = Date.UTC(parts.year, parts.month - 1, 1);
  // A zone's distance from UTC may change within the month, so it is asked for at the first moment itself.
  let atMs = wanted;
  for (let tries = 0; tries < 3; tries++) {
    const { year, month, day, hour, minute, second } = partsAt(atMs, timeZone);
    const shown = Date.UTC(year, month - 1, day, hour, minute, second);
    if (shown === wanted) return atMs;
    atMs += wanted - shown;
  }
  return atMs;
}

function partsAt(atMs: number, timeZone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const found = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? 0;
  return {
    ...{ year: of('year'), month: of('month'), day: of('day') },
    ...{ hour: of('hour'), minute: of('minute'), second: of('second') },
  };
}
