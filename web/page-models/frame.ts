import { formatMoney } from '../../domain/money.ts';
import { formatMany } from './plain-words.ts';

export type Section = 'yard' | 'jobs' | 'data' | 'models' | 'predictions' | 'machines' | 'none';

/** What surrounds every page. */
export interface Frame {
  title: string;
  nav: { href: string; word: string; current: boolean }[];
  machines: string;
  csrfToken: string;
  timeZone: string;
  requestId: string;
  /** Modules of our own that this page starts. */
  scripts: string[];
  /** Without a script, an open page asks again by itself after so many seconds; null when nothing will change. */
  refreshSeconds: number | null;
}

const sections: [Section, string, string][] = [
  ['yard', '/', 'Yard'],
  ['jobs', '/jobs', 'Jobs'],
  ['data', '/data', 'Data'],
  ['models', '/models', 'Models'],
  ['predictions', '/predictions', 'Predictions'],
  ['machines', '/machines', 'Machines'],
];

export function navOf(current: Section): Frame['nav'] {
  return sections.map(([section, href, word]) => ({ href, word, current: section === current }));
}

export function machinesLine(running: { count: number; pricePerHourMicros: number }): string {
  if (running.count === 0) return 'no machines';
  return `${formatMany(running.count, 'machine')} · ${formatMoney(running.pricePerHourMicros)} / h`;
}
