import { findKind } from '../../../domain/recipe/kinds.ts';
import { onFailureWays, type OnFailure, type Step } from '../../../domain/recipe/recipe.ts';
import type { StepField, StepKind, StepProblem } from '../../../domain/recipe/step-kind.ts';
import { findColumn, sameName, type TableSchema } from '../../../domain/recipe/table-schema.ts';
import { typeInWords } from '../../../domain/recipe/words.ts';
import { formulaFunctions } from '../../../domain/recipe/formula/compile-formula.ts';
import { conditionSigns } from './condition-signs.ts';

export interface FormOption {
  value: string;
  word: string;
  selected: boolean;
  id: string;
}

/** One setting of a step as its input. Which template draws it follows from `draw`. */
export interface FormField {
  id: string;
  name: string;
  label: string;
  hint: string | null;
  problem: string | null;
  describedBy: string;
  draw: 'select' | 'checks' | 'text' | 'number' | 'lines' | 'check' | 'formula' | 'pairs' | 'conditions';
  value: string;
  checked: boolean;
  options: FormOption[];
  /** Shown only while another setting has one of these values. */
  when: { name: string; is: string } | null;
  isShown: boolean;
  rows: FormRow[];
  /** What can be chosen in the second place of a row; none: it is written. */
  toOptions: string[];
}

export interface FormRow {
  id: string;
  from: FormOption[];
  fromText: string;
  is: FormOption[];
  to: FormOption[];
  toText: string;
}

export interface StepForm {
  stepId: string;
  title: string;
  help: string;
  fields: FormField[];
  onFailure: { options: FormOption[] } | null;
  functions: { usage: string; help: string }[];
}

export interface Around {
  /** The table as it comes to the step. */
  schema: TableSchema;
  problems: readonly StepProblem[];
  datasets: readonly { id: string; name: string; schema: TableSchema }[];
}

const emptyRows = 1;
const onFailureWords: Record<OnFailure, string> = {
  empty: 'leave the cell empty',
  drop: 'leave the row out',
  stop: 'stop, and say which row it is',
};

/** The form of a step, made of what its kind says of its settings. Undefined for a kind that is not known. */
export function stepForm(step: Step, around: Around): StepForm | undefined {
  const kind = findKind(step.kind);
  if (!kind) return undefined;
  const values = valuesOf(kind, step);
  // One that was only just added has nothing in it that could be wrong; its card says what it needs.
  const isFresh = Object.keys(step.settings).length === 0;
  const form = new Fields(kind, values, isFresh ? { ...around, problems: [] } : around);
  return {
    stepId: step.id,
    title: kind.title,
    help: kind.help,
    fields: kind.fields.map((field) => form.field(field)),
    onFailure: kind.canFail
      ? {
          options: onFailureWays.map((value) => ({
            value,
            word: onFailureWords[value],
            selected: value === step.onFailure,
            id: `on-failure-${value}`,
          })),
        }
      : null,
    functions: kind.fields.some(({ input }) => input === 'formula')
      ? formulaFunctions.map(({ usage, help }) => ({ usage, help }))
      : [],
  };
}

/** As they were given, completed by what the kind takes when nothing is said. */
export function valuesOf(kind: StepKind<unknown>, step: Pick<Step, 'settings'>): Record<string, unknown> {
  const read = kind.settings.safeParse(step.settings);
  if (read.success) return read.data as Record<string, unknown>;
  const shape = (kind.settings as unknown as { shape?: Record<string, { safeParse(value: unknown): Read }> }).shape;
  const defaults = Object.entries(shape ?? {}).flatMap(([name, schema]) => {
    const made = schema.safeParse(undefined);
    return made.success && made.data !== undefined ? [[name, made.data] as const] : [];
  });
  return { ...Object.fromEntries(defaults), ...step.settings };
}

type Read = { success: boolean; data?: unknown };

class Fields {
  readonly #values: Record<string, unknown>;
  readonly #around: Around;
  readonly #other: { name: string; schema: TableSchema } | undefined;

  constructor(kind: StepKind<unknown>, values: Record<string, unknown>, around: Around) {
    this.#values = values;
    this.#around = around;
    const named = kind.fields.find(({ input }) => input === 'dataset')?.name;
    this.#other = named === undefined ? undefined : around.datasets.find(({ id }) => id === values[named]);
  }

  field(field: StepField): FormField {
    const id = `s-${field.name}`;
    const value = this.#values[field.name];
    const problem = this.#problemOf(field);
    const { when } = field;
    const hint = field.help ?? null;
    return {
      id,
      name: `s.${field.name}`,
      label: field.optional ? `${field.title} (if you like)` : field.title,
      hint,
      problem,
      describedBy: [hint ? `${id}-hint` : '', problem ? `${id}-problem` : ''].filter(Boolean).join(' '),
      ...this.#input(field, id, value),
      when: when ? { name: `s.${when.field}`, is: when.is.join('|') } : null,
      isShown: !when || when.is.includes(textIn(this.#values[when.field])),
    };
  }

  #problemOf({ name, title }: StepField): string | null {
    const found = this.#around.problems.find(({ field }) => field === name);
    return found ? messageOf(found, title) : null;
  }

  #input(
    field: StepField,
    id: string,
    value: unknown,
  ): Pick<FormField, 'draw' | 'value' | 'checked' | 'options' | 'rows' | 'toOptions'> {
    const plain = { value: '', checked: false, options: [], rows: [], toOptions: [] };
    switch (field.input) {
      case 'column':
        return { ...plain, draw: 'select', options: this.#oneColumn(field, id, textIn(value)) };
      case 'columns':
        return { ...plain, draw: 'checks', options: this.#columns(field, id, listIn(value)) };
      case 'choice':
        return { ...plain, draw: 'select', options: options(field.choices ?? [], [textIn(value)], id) };
      case 'dataset':
        return { ...plain, draw: 'select', options: this.#datasets(id, textIn(value)) };
      case 'texts': {
        const choices = field.choices ?? this.#other?.schema.map(({ name }) => ({ value: name, title: name }));
        if (choices) return { ...plain, draw: 'checks', options: options(choices, listIn(value), id) };
        return { ...plain, draw: 'lines', value: listIn(value).join('\n') };
      }
      case 'numbers':
        return { ...plain, draw: 'text', value: listIn(value).join(', ') };
      case 'yes/no':
        return { ...plain, draw: 'check', checked: value === true };
      case 'number':
        return { ...plain, draw: 'number', value: textIn(value) };
      case 'formula':
        return { ...plain, draw: 'formula', value: textIn(value) };
      case 'pairs':
        return { ...plain, draw: 'pairs', ...this.#pairs(field, id, value) };
      case 'conditions':
        return { ...plain, draw: 'conditions', rows: this.#conditions(id, value) };
      default:
        return { ...plain, draw: 'text', value: textIn(value) };
    }
  }

  /** Columns of the right type, and what is chosen though it is not there. */
  #fitting({ types }: Pick<StepField, 'types'>, chosen: readonly string[]): { value: string; title: string }[] {
    const { schema } = this.#around;
    const there = schema
      .filter((column) => !types || types.includes(column.type) || chosen.some((name) => sameName(name, column.name)))
      .map((column) => ({
        value: column.name,
        title: !types || types.includes(column.type) ? column.name : `${column.name} (${typeInWords(column)})`,
      }));
    const gone = chosen.filter((name) => name !== '' && !findColumn(schema, name));
    return [...there, ...gone.map((value) => ({ value, title: `${value} (not there)` }))];
  }

  #columns(field: StepField, id: string, chosen: readonly string[]): FormOption[] {
    return options(this.#fitting(field, chosen), chosen, id);
  }

  #oneColumn(field: Pick<StepField, 'types' | 'optional'>, id: string, chosen: string): FormOption[] {
    const none = { value: '', title: field.optional ? 'none' : 'choose a column' };
    return options([none, ...this.#fitting(field, [chosen])], [chosen], id);
  }

  #datasets(id: string, chosen: string): FormOption[] {
    const there = this.#around.datasets.map(({ id: value, name }) => ({ value, title: name }));
    const gone = chosen !== '' && !there.some(({ value }) => value === chosen);
    const listed = [{ value: '', title: 'choose a dataset' }, ...there];
    return options(gone ? [...listed, { value: chosen, title: 'a dataset that is not there' }] : listed, [chosen], id);
  }

  #pairs(field: StepField, id: string, value: unknown): Pick<FormField, 'rows' | 'toOptions'> {
    const pairs = rowsIn(value).map((pair) => ({ from: textIn(pair['from']), to: textIn(pair['to']) }));
    const toChoices = field.choices ?? this.#other?.schema.map(({ name }) => ({ value: name, title: name }));
    const rows = [...pairs, ...Array.from({ length: emptyRows }, () => ({ from: '', to: '' }))].map((pair, n) => ({
      id: `${id}-${n}`,
      from: field.fromColumn ? this.#oneColumn({}, `${id}-${n}-from`, pair.from) : [],
      fromText: pair.from,
      is: [],
      to: toChoices ? options(withNone(toChoices, pair.to), [pair.to], `${id}-${n}-to`) : [],
      toText: pair.to,
    }));
    return { rows, toOptions: toChoices?.map(({ value: each }) => each) ?? [] };
  }

  #conditions(id: string, value: unknown): FormRow[] {
    const empty: Record<string, unknown>[] = Array.from({ length: emptyRows }, () => ({}));
    return [...rowsIn(value), ...empty].map((row, n) => {
      const sign = textIn(row['is']) || '=';
      const isList = sign === 'is one of' || sign === 'is not one of';
      return {
        id: `${id}-${n}`,
        from: this.#oneColumn({}, `${id}-${n}-column`, textIn(row['column'])),
        fromText: '',
        is: options(
          conditionSigns.map((each) => ({ value: each, title: each })),
          [sign],
          `${id}-${n}-is`,
        ),
        to: [],
        toText: isList ? listIn(row['values']).join(', ') : textIn(row['value']),
      };
    });
  }
}

/** What a person reads beside the field; what only the reader of the settings understands is said again. */
export function messageOf({ message }: Pick<StepProblem, 'message'>, title: string): string {
  return /^(Invalid|Too (small|big)|Unrecognized)/.test(message) ? `“${title}” is not complete yet.` : message;
}

function withNone(
  choices: readonly { value: string; title: string }[],
  chosen: string,
): { value: string; title: string }[] {
  const known = chosen === '' || choices.some(({ value }) => value === chosen);
  return [{ value: '', title: 'choose' }, ...choices, ...(known ? [] : [{ value: chosen, title: chosen }])];
}

function options(
  choices: readonly { value: string; title: string }[],
  chosen: readonly string[],
  id: string,
): FormOption[] {
  return choices.map(({ value, title }, n) => ({
    value,
    word: title,
    selected: chosen.some((each) => sameName(each, value)),
    id: `${id}-${n}`,
  }));
}

function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function listIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textIn) : [];
}

function rowsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((row) => row !== null && typeof row === 'object') : [];
}
