import { type JobRequestInput, usualLongestSeconds, usualSpotAttempts } from '../../domain/job-spec.ts';
import type { EngineSetting } from '../../domain/engine.ts';
import type { FieldProblem } from '../services/views.ts';

/**
 * The new-job form as text, field by field, under the names that its inputs have. A rejected form is shown again from
 * this, so nothing that was typed is lost, however wrong it is.
 */
export type FormValues = Record<string, string | string[]>;

type SettingValue = EngineSetting['default'];

/** Fields that a person sees in another unit than the request has, and which problem belongs to which input. */
const inputFor: Record<string, string> = {
  'limits.trainingSeconds': 'minutes',
  'limits.longestSeconds': 'longestMinutes',
  'limits.budgetMicros': 'budget',
  'split.holdoutFraction': 'holdoutPercent',
  'machine.type': 'machine',
  'machine.cloud': 'machine',
};

/** Which input a problem of the request stands beside. */
export function inputOf(problem: FieldProblem, engine: string): string {
  const known = inputFor[problem.field];
  if (known) return known;
  if (problem.field.startsWith('engine.settings.'))
    return `${engine}.${problem.field.slice('engine.settings.'.length)}`;
  if (problem.field.startsWith('task.labels')) return 'task.labels';
  return problem.field;
}

export function valuesOf(request: JobRequestInput): FormValues {
  const { task, limits = {}, split = {}, machine = {} } = request;
  const { trainingSeconds = 600, longestSeconds } = limits;
  // What follows from the time limit goes on following it when that is changed.
  const saysLongest = longestSeconds && longestSeconds !== usualLongestSeconds(trainingSeconds);
  const values: FormValues = {
    datasetId: request.datasetId,
    name: request.name,
    'task.kind': task.kind,
    'task.labels': task.labels.slice(0, 1),
    'task.furtherLabels': task.labels.slice(1),
    'task.metric': task.metric ?? '',
    'task.positiveClass': task.positiveClass ?? '',
    ignoredColumns: request.ignoredColumns ?? [],
    'engine.name': request.engine.name,
    minutes: minutesText(trainingSeconds),
    longestMinutes: saysLongest ? minutesText(longestSeconds) : '',
    'limits.attempts': text(limits.attempts ?? 3),
    'limits.spotAttempts': text(limits.spotAttempts ?? usualSpotAttempts),
    'limits.silenceSeconds': text(limits.silenceSeconds ?? 120),
    budget: limits.budgetMicros === null || limits.budgetMicros === undefined ? '' : text(limits.budgetMicros / 1e6),
    holdoutPercent: text((split.holdoutFraction ?? 0.2) * 100),
    'split.folds': text(split.folds ?? 0),
    'split.seed': text(split.seed ?? 0),
    'split.groupColumn': split.groupColumn ?? '',
    'split.timeColumn': split.timeColumn ?? '',
    weightColumn: request.weightColumn ?? '',
    machine: `${machine.cloud ?? 'local'}/${machine.type ?? 'local'}`,
    // Beside each machine there is such a mark; it says which it belongs to.
    'machine.spot': machine.spot ? [`${machine.cloud ?? 'local'}/${machine.type ?? 'local'}`] : [],
    'machine.ssh': machine.ssh ? 'on' : '',
    continuesJobId: request.continuesJobId ?? '',
    recipeId: request.recipeId ?? '',
    recipeVersion: request.recipeVersion ? text(request.recipeVersion) : '',
  };
  return { ...values, ...settingValues(request.engine.name, request.engine.settings ?? {}) };
}

/** The settings of an engine under the names of their inputs. */
export function settingValues(engine: string, settings: Record<string, SettingValue>): FormValues {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${engine}.${name}`, settingText(value)]));
}

export function settingText(value: SettingValue): string | string[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'boolean') return value ? 'on' : '';
  return value === null ? '' : String(value);
}

/** Minutes, but no 0.333333 of one: what is no round part of a minute stays in seconds. */
function minutesText(seconds: number): string {
  return seconds % 6 === 0 ? text(seconds / 60) : `${seconds} s`;
}

function text(value: number): string {
  return String(Number(value.toFixed(6)));
}

/** Numbers that are none are found here, in the words of the form; all else is for the one schema to say. */
export function requestFrom(
  id: string,
  values: FormValues,
  settings: readonly EngineSetting[],
): { request: Record<string, unknown>; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const one = (name: string): string => {
    const value = values[name];
    return (Array.isArray(value) ? (value[0] ?? '') : (value ?? '')).trim();
  };
  const many = (name: string): string[] => {
    const value = values[name] ?? [];
    return (Array.isArray(value) ? value : [value]).filter((item) => item !== '');
  };
  const number = (name: string, title: string, factor = 1): number | undefined => {
    const given = one(name).replace(',', '.');
    if (given === '') return undefined;
    const value = Number(given);
    if (Number.isFinite(value)) return factor === 1 ? value : Math.round(value * factor * 1e6) / 1e6;
    problems.push({ field: name, message: `${title} is a number; “${one(name)}” is none.` });
    return undefined;
  };
  const seconds = (name: string, title: string) => {
    const inSeconds = /^(\d+)\s*s$/.exec(one(name));
    if (inSeconds) return Number(inSeconds[1]);
    const value = number(name, title, 60);
    return value === undefined ? undefined : Math.round(value);
  };
  const engine = one('engine.name');
  const [cloud, ...type] = one('machine').split('/');
  const budget = number('budget', 'The cap');
  const request = {
    id,
    name: one('name'),
    datasetId: one('datasetId'),
    task: {
      kind: one('task.kind'),
      labels: [...new Set([...many('task.labels'), ...many('task.furtherLabels')])],
      metric: one('task.metric') || null,
      positiveClass: one('task.positiveClass') || null,
    },
    ignoredColumns: many('ignoredColumns'),
    weightColumn: one('weightColumn') || null,
    engine: { name: engine, settings: settingsFrom(engine, settings, { one, many, number }) },
    split: defined({
      holdoutFraction: number('holdoutPercent', 'The held-out part', 0.01),
      folds: number('split.folds', 'The number of folds'),
      seed: number('split.seed', 'The seed'),
      groupColumn: one('split.groupColumn') || undefined,
      timeColumn: one('split.timeColumn') || undefined,
    }),
    machine: defined({
      cloud: cloud || undefined,
      type: type.join('/') || undefined,
      spot: many('machine.spot').some((each) => each === 'on' || each === one('machine')),
      ssh: one('machine.ssh') === 'on' || undefined,
    }),
    limits: defined({
      trainingSeconds: seconds('minutes', 'The time limit'),
      longestSeconds: seconds('longestMinutes', 'The longest time') ?? null,
      attempts: number('limits.attempts', 'The number of attempts'),
      spotAttempts: number('limits.spotAttempts', 'The number of tries on spot'),
      silenceSeconds: number('limits.silenceSeconds', 'The silence limit'),
      budgetMicros: budget === undefined ? null : Math.round(budget * 1e6),
    }),
    continuesJobId: one('continuesJobId') || null,
    recipeId: one('recipeId') || null,
    recipeVersion: Number(one('recipeVersion')) || null,
  };
  return { request, problems };
}

interface Reading {
  one(name: string): string;
  many(name: string): string[];
  number(name: string, title: string): number | undefined;
}

function settingsFrom(
  engine: string,
  settings: readonly EngineSetting[],
  { one, many, number }: Reading,
): Record<string, SettingValue> {
  const chosen: Record<string, SettingValue> = {};
  for (const setting of settings) {
    const name = `${engine}.${setting.name}`;
    if (setting.type === 'boolean') chosen[setting.name] = one(name) !== '';
    else if (setting.type === 'choices') chosen[setting.name] = many(name);
    else if (setting.type === 'choice' || setting.type === 'text') {
      if (one(name) !== '') chosen[setting.name] = one(name);
    } else {
      const value = number(name, setting.title);
      if (value !== undefined) chosen[setting.name] = value;
    }
  }
  return chosen;
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>;
}
