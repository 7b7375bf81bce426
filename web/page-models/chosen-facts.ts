import type { Engine, EngineSetting } from '../../domain/engine.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import { listing, shorten } from './plain-words.ts';

interface Fact {
  name: string;
  value: string;
  href: string | null;
}

const longestValue = 120;

/** What a person chose beyond label, engine and time: how rows are divided and weighed, and settings unlike their defaults. */
export function chosenFacts(
  { split, weightColumn, ignoredColumns, engine }: JobSpec,
  told: Engine | undefined,
): Fact[] {
  const plain = (name: string, value: string): Fact => ({ name, value: shorten(value, longestValue), href: null });
  const settings = Object.entries(engine.settings).flatMap(([name, value]) => {
    const setting = told?.settings.find((each) => each.name === name);
    if (setting && JSON.stringify(setting.default) === JSON.stringify(value)) return [];
    return [plain(setting?.title ?? name, chosenWords(value, setting))];
  });
  return [
    ...settings,
    ...(split.groupColumn || split.timeColumn ? [plain('Held out', heldOut(split))] : []),
    ...(weightColumn ? [plain('Weighed by', weightColumn)] : []),
    ...(ignoredColumns.length > 0 ? [plain('Not shown to the model', listing(ignoredColumns))] : []),
  ];
}

export function heldOut({ holdoutFraction, groupColumn, timeColumn }: JobSpec['split']): string {
  const share = `${Math.round(holdoutFraction * 100)} % of the rows`;
  if (groupColumn) return `${share}, whole groups of “${groupColumn}”`;
  return timeColumn ? `${share}, the latest by “${timeColumn}”` : share;
}

export function chosenWords(value: EngineSetting['default'], setting: EngineSetting | undefined): string {
  const titled = (one: string) => setting?.choices.find((choice) => choice.value === one)?.title ?? one;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) {
    // “Only these …” with nothing chosen narrows nothing down.
    if (value.length === 0) return setting?.title.startsWith('Only') ? 'all' : 'none';
    return value.map(titled).join(', ');
  }
  return value === null ? '–' : titled(String(value));
}
