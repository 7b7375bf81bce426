import type { EngineSetting } from './engine.ts';
import type { Search, SettingValue } from './sweep.ts';

type Setting = Pick<EngineSetting, 'type' | 'title'>;
export type Tried = Extract<Search, { kind: 'random' }>['ranges'][string];

const rangePattern = /^(\S+?)\s*\.\.\s*(\S+?)(?:[:\s]\s*(log|linear))?$/;

/**
 * What a person writes of a setting that is to be tried: values with commas between them (`2, 4, 8`; what takes several
 * at once joins them by +), or a range (`0.001..0.1`, with `:log` evenly over the decades). Of what cannot be read it
 * says why.
 */
export function triedFrom(text: string, setting: Setting | undefined): Tried | { problem: string } {
  const range = rangePattern.exec(text.trim());
  if (range) {
    const [min, max] = [Number(range[1]), Number(range[2])];
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      return { problem: `“${text.trim()}” is no range of numbers. Write it as 0.001..0.1, or 0.001..0.1:log.` };
    }
    return { min, max, scale: range[3] === 'log' ? 'log' : 'linear', integer: setting?.type === 'integer' };
  }
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) return { problem: 'Give at least one value.' };
  return { values: parts.map((part) => valueFrom(part, setting)) };
}

/** Of the type that the engine declares; what does not fit stays text, and is refused with a sentence. */
function valueFrom(text: string, setting: Setting | undefined): SettingValue {
  const type = setting?.type;
  if (type === 'boolean') {
    if (['true', 'yes', '1', 'on'].includes(text)) return true;
    return ['false', 'no', '0', 'off'].includes(text) ? false : text;
  }
  if (type === 'choices') return text.split('+').map((item) => item.trim());
  if ((type === 'number' || type === 'integer') && !Number.isNaN(Number(text))) return Number(text);
  return text;
}

/** A grid of what was given for each setting; a range has no end of values, and stands only where they are drawn. */
export function gridFrom(
  tried: Record<string, Tried>,
): { values: Record<string, SettingValue[]> } | { setting: string; problem: string } {
  const values: Record<string, SettingValue[]> = {};
  for (const [name, one] of Object.entries(tried)) {
    if ('min' in one)
      return { setting: name, problem: 'A range can only be tried at random. Give values, or search at random.' };
    values[name] = one.values;
  }
  return { values };
}

export function settingWords(value: SettingValue | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return Array.isArray(value) ? value.join(' + ') : String(value);
}
