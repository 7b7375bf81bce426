import type { TimelineRow } from '../../db/tables.ts';
import type { Clock, Moment } from './clock.ts';

export interface TimelineCard {
  /** The day, or the days, when that is not today. */
  days: string;
  entries: { when: Moment; kind: string; text: string }[];
}

export function timelineCard(timeline: readonly TimelineRow[], clock: Clock, owner: string): TimelineCard {
  const days = [...new Set(timeline.map((row) => clock.day(row.at_ms)))];
  const isToday = days.length === 1 && days[0] === clock.day(clock.nowMs);
  return {
    days: isToday ? '' : [days[0], ...(days.length > 1 ? [days.at(-1)] : [])].join(' to '),
    entries: timeline.map((row) => ({
      when: { ...clock.moment(row.at_ms), text: clock.second(row.at_ms) },
      kind: row.kind,
      // Who looks is “you” everywhere, and not the name that the system has for them.
      text: row.kind === 'asked' ? row.text.replace(`(${owner})`, '(by you)') : row.text,
    })),
  };
}
