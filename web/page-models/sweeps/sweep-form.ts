import type { Engine } from '../../../domain/engine.ts';
import type { SweepRequestInput } from '../../../domain/sweep.ts';
import { gridFrom, settingWords, triedFrom, type Tried } from '../../../domain/sweep-words.ts';
import type { FieldProblem } from '../../services/views.ts';
import type { FormValues } from '../job-form.ts';
import type { Field, Option } from '../new-job-page.ts';

/** The job that all trials are like, as the form carries it along. */
export type Base = SweepRequestInput['base'];

export interface SweepFormPage {
  id: string;
  baseJson: string;
  engine: string;
  summary: { input: string; message: string }[];
  name: Field;
  kinds: Option[];
  settings: Field[];
  more: Field[];
}

const tryPrefix = 'try.';
const kinds = [
  ['grid', 'Every combination', 'of the values that you give'],
  ['random', 'At random', 'so many trials, drawn from values and ranges'],
] as const;

export function firstSweepValues(name: string): FormValues {
  return {
    name: `${name.slice(0, 52)}, tried`,
    kind: 'grid',
    count: '10',
    seeds: '1',
    parallel: '2',
    budget: '',
    minutes: '',
  };
}

export function sweepFormPage(input: {
  id: string;
  base: Base;
  engine: Engine;
  values: FormValues;
  problems: readonly FieldProblem[];
}): SweepFormPage {
  const { id, base, engine, values, problems } = input;
  const found = new Map(problems.map((problem) => [inputOf(problem), problem.message]));
  const field = (name: string, label: string, hint: string): Field => {
    const problem = found.get(name) ?? null;
    const fieldId = `f-${name.replace(/[^a-zA-Z0-9]+/g, '-')}`;
    const describedBy = [hint && `${fieldId}-hint`, problem && `${fieldId}-problem`].filter(Boolean).join(' ');
    return { name, id: fieldId, label, value: textOf(values, name), hint, problem, describedBy };
  };
  return {
    id,
    baseJson: JSON.stringify(base),
    engine: engine.title,
    summary: [...found].map(([name, message]) => ({ input: `f-${name.replace(/[^a-zA-Z0-9]+/g, '-')}`, message })),
    name: field('name', 'Name', 'Each trial is a job of this name and its number.'),
    kinds: kinds.map(([value, word, note]) => ({ value, word, note, selected: value === textOf(values, 'kind') })),
    settings: engine.settings.map((setting) => {
      const now = base.engine.settings?.[setting.name] ?? setting.default;
      const bounds = setting.min !== null && setting.max !== null ? ` ${setting.min} to ${setting.max}.` : '';
      const choices = setting.choices.map(({ value }) => value).join(', ');
      const what = choices === '' ? bounds : ` Of: ${choices}.`;
      return field(`${tryPrefix}${setting.name}`, setting.title, `Now ${settingWords(now)}.${what}`);
    }),
    more: [
      field('count', 'Trials at random', 'How many combinations are drawn. Only for “at random”.'),
      field('seeds', 'Seeds for each', 'More than one says how much of a difference is luck: mean ± spread.'),
      field('parallel', 'At once', 'The most trials that are open at once.'),
      field(
        'budget',
        'Shared budget, in dollars',
        'Empty for none. No trial is begun whose worst case it does not cover.',
      ),
      field('minutes', 'Shared training time, in minutes', 'Empty for none; of all trials together.'),
    ],
  };
}

/** Which input a problem of the request stands beside. */
function inputOf({ field }: FieldProblem): string {
  const setting = /^search\.(?:values|ranges)\.([^.]+)/.exec(field)?.[1];
  if (setting !== undefined) return `${tryPrefix}${setting}`;
  if (field === 'limits.budgetMicros') return 'budget';
  if (field === 'limits.totalSeconds') return 'minutes';
  return field === 'search.count' ? 'count' : field;
}

/** What the form says, as a request; what cannot be read at all, the form itself says. */
export function sweepRequestFrom(
  id: string,
  base: Base,
  engine: Engine,
  values: FormValues,
): { request: SweepRequestInput; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const number = (name: string): number | undefined => {
    const text = textOf(values, name).replace(',', '.').trim();
    if (text === '') return undefined;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    problems.push({ field: name, message: `“${text}” is no number.` });
    return undefined;
  };
  const tried: Record<string, Tried> = {};
  for (const setting of engine.settings) {
    const text = textOf(values, `${tryPrefix}${setting.name}`);
    if (text.trim() === '') continue;
    const one = triedFrom(text, setting);
    if ('problem' in one) problems.push({ field: `search.values.${setting.name}`, message: one.problem });
    else tried[setting.name] = one;
  }
  const [seeds, parallel, count, budget, minutes] = ['seeds', 'parallel', 'count', 'budget', 'minutes'].map(number);
  const request: SweepRequestInput = {
    id,
    name: textOf(values, 'name'),
    base,
    search: searchFrom(textOf(values, 'kind'), { tried, count: count ?? 10, problems }),
    ...(seeds === undefined ? {} : { seeds }),
    ...(parallel === undefined ? {} : { parallel }),
    limits: {
      budgetMicros: budget === undefined ? null : Math.round(budget * 1e6),
      totalSeconds: minutes === undefined ? null : Math.round(minutes * 60),
    },
  };
  return { request, problems };
}

function searchFrom(
  kind: string,
  { tried, count, problems }: { tried: Record<string, Tried>; count: number; problems: FieldProblem[] },
): SweepRequestInput['search'] {
  if (kind === 'random') return { kind: 'random', count, ranges: tried };
  const grid = gridFrom(tried);
  if ('values' in grid) return { kind: 'grid', values: grid.values };
  problems.push({ field: `search.values.${grid.setting}`, message: grid.problem });
  return { kind: 'grid', values: {} };
}

function textOf(values: FormValues, name: string): string {
  const value = values[name];
  return Array.isArray(value) ? (value.at(-1) ?? '') : (value ?? '');
}
