import type { StepField, StepKind } from '../../../domain/recipe/step-kind.ts';
import type { Step } from '../../../domain/recipe/recipe.ts';

export type Posted = Record<string, unknown>;
type Settings = Step['settings'];
type Condition = { column: string; is: string; value?: string; values?: string[] };

/**
 * The settings of a step as its form sent them. What is half written stays as it is: the kind's own check says what is
 * wrong with it, beside the field.
 */
export function settingsFromForm(kind: StepKind<unknown>, posted: Posted): Settings {
  const settings: Settings = {};
  for (const field of kind.fields) {
    const value = valueOf(field, posted);
    if (value !== undefined) settings[field.name] = value;
  }
  return settings;
}

function valueOf(field: StepField, posted: Posted): Settings[string] | undefined {
  const name = `s.${field.name}`;
  switch (field.input) {
    case 'yes/no':
      return all(posted, name).includes('on');
    case 'columns':
      return all(posted, name).filter((text) => text !== '');
    case 'texts':
      return all(posted, name)
        .flatMap((text) => text.split(/\r?\n/))
        .map((text) => text.trim())
        .filter((text) => text !== '');
    case 'numbers':
      return one(posted, name)
        .split(/[,;\s]+/)
        .filter((text) => text !== '')
        .map(numberIn);
    case 'number': {
      const text = one(posted, name);
      return text === '' ? undefined : numberIn(text);
    }
    case 'pairs':
      return together(all(posted, `${name}.from`), all(posted, `${name}.to`)).filter(
        ({ from, to }) => from !== '' || to !== '',
      );
    case 'conditions':
      return conditionsIn(posted, name);
    default: {
      const text = one(posted, name);
      return text === '' && (field.optional || field.input === 'choice') ? undefined : text;
    }
  }
}

function together(from: readonly string[], to: readonly string[]): { from: string; to: string }[] {
  return from.map((each, n) => ({ from: each, to: to[n] ?? '' }));
}

function conditionsIn(posted: Posted, name: string): Condition[] {
  const [signs, values] = [all(posted, `${name}.is`), all(posted, `${name}.value`)];
  return all(posted, `${name}.column`).flatMap((column, n): Condition[] => {
    const [is, text] = [signs[n] ?? '=', values[n] ?? ''];
    if (column === '') return [];
    if (is !== 'is one of' && is !== 'is not one of') return [{ column, is, value: text }];
    const listed = text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
    return [{ column, is, values: listed }];
  });
}

/** A comma is a point here; what is no number stays text, and is refused as such. */
function numberIn(text: string): number | string {
  const number = Number(text.trim().replace(',', '.').replace('−', '-'));
  return Number.isFinite(number) ? number : text;
}

function all(posted: Posted, name: string): string[] {
  const value = posted[name];
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}

function one(posted: Posted, name: string): string {
  return all(posted, name).at(-1) ?? '';
}
