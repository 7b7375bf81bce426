import { formatMoney } from '../../domain/money.ts';
import { formatMany } from './plain-words.ts';

export type Section = 'yard' | 'jobs' | 'data' | 'models' | 'predictions' | 'machines';

/** What surrounds every page. */
export interface Frame {
  title: string;
  nav: { href: string; word: string; current: boolean; ready: number }[];
  machines: string;
  timeZone: string;
  /** Static files that this page needs beside the ones every page has. */
  styles: string[];
  scripts: string[];
  /** Ready-made scripts that are no modules: they run before ours. */
  vendor: string[];
  /** Without a script, an open page asks again by itself after so many seconds; null when nothing will change. */
  refreshSeconds: number | null;
  narrow: boolean;
  /** A table and a list beside it need more than the usual width. */
  wide: boolean;
}

export interface FrameChoice {
  section: Section;
  title: string;
  styles?: string[];
  scripts?: string[];
  vendor?: string[];
  refreshSeconds?: number | null;
  narrow?: boolean;
  wide?: boolean;
}

const sections: [Section, string, string][] = [
  ['yard', '/', 'Yard'],
  ['jobs', '/jobs', 'Jobs'],
  ['data', '/data', 'Data'],
  ['models', '/models', 'Models'],
  ['predictions', '/predictions', 'Predictions'],
  ['machines', '/machines', 'Machines'],
];

export function frameOf(
  choice: FrameChoice,
  facts: { timeZone: string; machines: { count: number; pricePerHourMicros: number }; ready: number },
): Frame {
  const {
    section,
    title,
    styles = [],
    scripts = [],
    vendor = [],
    refreshSeconds = null,
    narrow = false,
    wide = false,
  } = choice;
  return {
    title,
    nav: sections.map(([name, href, word]) => ({
      href,
      word,
      current: name === section,
      ready: name === 'data' ? facts.ready : 0,
    })),
    machines: machinesLine(facts.machines),
    timeZone: facts.timeZone,
    styles,
    scripts,
    vendor,
    refreshSeconds,
    narrow,
    wide,
  };
}

/** All machines that run now and what they cost together, in the header of every page. */
export function machinesLine({ count, pricePerHourMicros }: { count: number; pricePerHourMicros: number }): string {
  return count === 0 ? 'no machines' : `${formatMany(count, 'machine')} · ${formatMoney(pricePerHourMicros)} / h`;
}
