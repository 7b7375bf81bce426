/** A moment as a page shows it: in the workspace's time zone, with the exact one for machines and on hover. */
export interface Moment {
  iso: string;
  text: string;
  exact: string;
}

export interface Clock {
  nowMs: number;
  timeZone: string;
  /** Time of day today, with the day before that. */
  moment(atMs: number): Moment;
  /** Always with seconds, for log lines. */
  second(atMs: number): string;
  day(atMs: number): string;
}

export function clockAt(nowMs: number, timeZone: string): Clock {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...options });
  const time = format({ hour: '2-digit', minute: '2-digit' });
  const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const dayOfYear = format({ day: 'numeric', month: 'short' });
  const date = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const exact = format({ dateStyle: 'medium', timeStyle: 'long' });
  const today = date.format(nowMs);
  const thisYear = today.slice(-4);

  return {
    nowMs,
    timeZone,
    moment(atMs) {
      const day = date.format(atMs);
      let text = time.format(atMs);
      if (day !== today) text = day.endsWith(thisYear) ? `${dayOfYear.format(atMs)}, ${text}` : day;
      return { iso: new Date(atMs).toISOString(), text, exact: exact.format(atMs) };
    },
    second: (atMs) => seconds.format(atMs),
    day: (atMs) => date.format(atMs),
  };
}
