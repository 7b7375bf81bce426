import type { DatasetProfile } from '../../domain/dataset.ts';
import { type ContinuingWords, continuingWords, type Engine, type EngineSetting } from '../../domain/engine.ts';
import { checkTraining, likeIdentifiers, trainingNotes } from '../../domain/guess-task.ts';
import { metrics, metricTitle, type TaskKind, taskKinds, taskWords } from '../../domain/task.ts';
import type { Obstacle } from '../../infra/cloud.ts';
import type { FieldProblem } from '../services/views.ts';
import { type ColumnView, columnView } from './column-view.ts';
import { type FormValues, inputOf, settingText } from './job-form.ts';
import {
  type MachineGroup,
  machineGroups,
  type OfferedType,
  type SuggestedCap,
  suggestedCap,
} from './machine-options.ts';
import { cloudWords } from './machine-card.ts';
import { formatFit, formatMany } from './plain-words.ts';
import type { RecipeCard } from './recipes/recipe-card.ts';

export interface Option {
  value: string;
  word: string;
  note: string;
  selected: boolean;
}

/** One input with all that stands around it. */
export interface Field {
  name: string;
  id: string;
  label: string;
  value: string;
  hint: string;
  problem: string | null;
  /** Ids of hint and problem, for readers. */
  describedBy: string;
}

export interface NewJobPage {
  id: string;
  title: string;
  intro: string;
  dataset: { id: string; name: string; summary: string; href: string };
  columns: (ColumnView & { isNew: boolean })[];
  summary: { input: string; message: string }[];
  name: Field;
  label: Field & { options: Option[] };
  kind: Field & { options: Option[] };
  /** Beside the column to predict, where several are. */
  furtherLabels: { options: Option[]; isOpen: boolean };
  metric: Field & { groups: { word: string; options: Option[] }[]; anySelected: boolean; fitting: string };
  engines: EngineOption[];
  minutes: Field;
  machines: MachineGroup[];
  /** Null where there is no cloud whose machines can be logged in to. */
  ssh: { checked: boolean; problem: string | null } | null;
  /** Clouds of the settings that cannot be used now. */
  obstacles: (Obstacle & { cloud: string })[];
  machineProblem: string | null;
  budget: Field;
  ignored: Option[];
  /** Columns that a model would only learn its rows by heart from, each with what one click does. */
  likeIdentifiers: { column: string; sentence: string }[];
  /** With options, one of them is chosen; else it is written. */
  more: (Field & { options?: Option[] })[];
  moreIsOpen: boolean;
  continuesJobId: string;
  continued: { name: string; href: string; engine: string } | null;
  recipe: (RecipeCard & { id: string; version: string }) | null;
  settingsFile: Field & { isOpen: boolean; told: string[] };
}

/** What came of a file of settings: sentences on what was taken over and what was not, or why nothing was. */
export interface LoadedSettings {
  told: string[];
  problem: string | null;
}

export interface EngineOption {
  name: string;
  title: string;
  summary: string;
  note: string;
  /** What it does with the model of the job that this one continues; null for any other job. */
  continuing: ContinuingWords | null;
  selected: boolean;
  settings: (Field & {
    type: EngineSetting['type'];
    advanced: boolean;
    options: Option[];
    checked: boolean;
    min: string;
    max: string;
    step: string;
  })[];
}

export interface NewJobInput {
  id: string;
  dataset: { id: string; name: string };
  profile: DatasetProfile;
  values: FormValues;
  /** Why label and task are what they are; null once a person has chosen. */
  guessed: { label: string; kind: string } | null;
  problems: readonly FieldProblem[];
  engines: readonly (Engine & { ready?: boolean })[];
  machines: readonly OfferedType[];
  hasLogins: boolean;
  obstacles: readonly (Obstacle & { cloud: string })[];
  title: string;
  intro: string;
  continued: NewJobPage['continued'];
  recipe: RecipeCard | null;
  loaded?: LoadedSettings | null;
}

export function newJobPage(input: NewJobInput): NewJobPage {
  const { values, profile, guessed } = input;
  const engineName = valueOf(values, 'engine.name');
  const label = valueOf(values, 'task.labels');
  const kind = valueOf(values, 'task.kind');
  const refused = problemsByInput(input.problems, engineName);
  // What is wrong with the label is said at once, beside it; the summary is for a form that was sent.
  const problems = new Map([
    // What a recipe makes of the values is only known when it was carried out; the check before the start tries it.
    ...(input.recipe ? [] : problemsByInput(labelProblems(profile, values), engineName)),
    ...refused,
  ]);
  const field = fieldMaker(values, problems);
  const ignored = listOf(values, 'ignoredColumns');
  const more = moreFields(field, profile);
  return {
    id: input.id,
    title: input.title,
    intro: input.intro,
    dataset: {
      ...input.dataset,
      summary: `${formatMany(profile.rows, 'row')} · ${formatMany(profile.columns.length, 'column')}`,
      href: `/data/${input.dataset.id}`,
    },
    columns: profile.columns.map((column) => ({
      ...columnView(column, profile.rows),
      // Of what a recipe makes nothing is known but the type.
      isNew: input.recipe !== null && column.distinct === 0 && column.missing === 0,
    })),
    summary: [...refused].map(([name, message]) => ({ input: idOf(name), message })),
    name: field('name', 'Name', 'To find it again.'),
    label: {
      ...field(
        'task.labels',
        'Column to predict',
        [guessed?.label ?? '', ...(input.recipe ? [] : trainingNotes(profile, { labels: labelsOf(values) }))]
          .filter((each) => each !== '')
          .join(' '),
      ),
      options: profile.columns.map((column) => option(column.name, column.name, column.type, label)),
    },
    kind: {
      ...field('task.kind', 'What it is', guessed?.kind ?? ''),
      options: taskKinds.map((name) => option(name, taskWords[name], '', kind)),
    },
    furtherLabels: furtherLabels(input),
    metric: metricField(field, valueOf(values, 'task.metric'), kind),
    settingsFile: {
      ...field(
        'settingsFile',
        'What is in the file',
        'A hyperparams.json as you have it: {"lr": 0.01, "epochs": 20}. It is read for the engine that is chosen above.',
      ),
      problem: input.loaded?.problem ?? null,
      told: input.loaded?.told ?? [],
      isOpen: input.loaded !== null && input.loaded !== undefined,
    },
    // Only what made a model can continue it.
    engines: input.engines
      .filter(({ name }) => !input.continued || name === input.continued.engine)
      .map((engine) => ({
        ...engineOption(engine, input.continued?.engine ?? engineName, values, field),
        continuing: input.continued ? continuingWords(engine) : null,
      })),
    minutes: field(
      'minutes',
      'Time limit, in minutes',
      'Training time over all attempts; “90 s” is seconds. When it is up, the best so far is kept.',
    ),
    machines: machineGroups(input.machines, values),
    ssh: input.hasLogins
      ? { checked: valueOf(values, 'machine.ssh') === 'on', problem: problems.get('machine.ssh') ?? null }
      : null,
    obstacles: input.obstacles.map((each) => ({ ...each, cloud: cloudWords[each.cloud] ?? each.cloud })),
    machineProblem: problems.get('machine') ?? problems.get('machine.spot') ?? null,
    budget: budgetField(field, suggestedCap(input.machines, values)),
    ignored: profile.columns.map((column) => ({
      ...option(column.name, column.name, column.type, ''),
      selected: ignored.includes(column.name),
    })),
    likeIdentifiers: likeIdentifiers(profile)
      .filter((column) => !labelsOf(values).includes(column) && !ignored.includes(column))
      .map((column) => ({
        column,
        sentence: `“${column}” has a different value in every row and looks like an identifier: a model can only learn it by heart.`,
      })),
    more,
    moreIsOpen: more.some((each) => each.problem !== null || (each.options && each.value !== '')) || ignored.length > 0,
    continuesJobId: valueOf(values, 'continuesJobId'),
    continued: input.continued,
    recipe: input.recipe && {
      ...input.recipe,
      id: valueOf(values, 'recipeId'),
      version: valueOf(values, 'recipeVersion'),
    },
  };
}

function problemsByInput(problems: readonly FieldProblem[], engineName: string): Map<string, string> {
  return new Map(problems.map((problem) => [inputOf(problem, engineName), problem.message]));
}

function labelProblems(profile: DatasetProfile, values: FormValues): FieldProblem[] {
  const task = {
    kind: valueOf(values, 'task.kind') as TaskKind,
    labels: labelsOf(values),
    positiveClass: valueOf(values, 'task.positiveClass') || null,
  };
  const split = { holdoutFraction: 0.2, folds: 0, seed: 0, groupColumn: null, timeColumn: null };
  const found = checkTraining({ profile, task, split, ignoredColumns: listOf(values, 'ignoredColumns') });
  return found.filter(({ field }) => field.startsWith('task.'));
}

/** Each once, the chosen column first. */
function labelsOf(values: FormValues): string[] {
  const names = [valueOf(values, 'task.labels'), ...listOf(values, 'task.furtherLabels')];
  return [...new Set(names)].filter((name) => name !== '');
}

/** Only columns that may be yes or no; what was chosen stays, so that what is wrong with it can be mended. */
function furtherLabels({ profile, values, recipe }: NewJobInput): NewJobPage['furtherLabels'] {
  const [label, chosen] = [valueOf(values, 'task.labels'), listOf(values, 'task.furtherLabels')];
  const options = profile.columns
    .filter(({ distinct }) => distinct === 2 || (recipe !== null && distinct === 0))
    .map(({ name }) => name);
  return {
    options: profile.columns
      .filter(({ name }) => (options.includes(name) && name !== label) || chosen.includes(name))
      .map(({ name, type }) => ({ ...option(name, name, type, ''), selected: chosen.includes(name) })),
    isOpen: chosen.length > 0 || valueOf(values, 'task.kind') === 'multilabel',
  };
}

type FieldMaker = (name: string, label: string, hint: string) => Field;

function fieldMaker(values: FormValues, problems: ReadonlyMap<string, string>): FieldMaker {
  return (name, label, hint) => {
    const id = idOf(name);
    const problem = problems.get(name) ?? null;
    const describedBy = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ');
    return { name, id, label, value: valueOf(values, name), hint, problem, describedBy };
  };
}

function idOf(name: string): string {
  return `f-${name.replace(/[^a-zA-Z0-9]+/g, '-')}`;
}

function valueOf(values: FormValues, name: string): string {
  const value = values[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

function listOf(values: FormValues, name: string): string[] {
  const value = values[name] ?? [];
  return Array.isArray(value) ? value : [value];
}

function option(value: string, word: string, note: string, selected: string): Option {
  return { value, word, note, selected: value === selected };
}

function metricField(field: FieldMaker, selected: string, chosenKind: string): NewJobPage['metric'] {
  const fitting = taskKinds.find((name) => name === chosenKind);
  return {
    ...field('task.metric', 'Judge by', 'Models are chosen by it.'),
    groups: taskKinds
      .map((kind) => ({
        word: `To predict ${taskWords[kind]}`,
        options: metrics
          .filter((metric) => (metric.tasks as readonly string[]).includes(kind))
          .map((metric) =>
            option(metric.name, metric.title, metric.higherIsBetter ? 'higher is better' : 'lower is better', ''),
          ),
      }))
      .map((group, index, all) => markOnce(group, index, all, selected)),
    anySelected: selected !== '',
    fitting: fitting ? `what fits the task: ${metricTitle({ kind: fitting, metric: null })}` : 'what fits the task',
  };
}

/** A metric stands in several groups; only the first is marked, or the browser would take the last. */
function markOnce<G extends { options: Option[] }>(group: G, index: number, all: G[], selected: string): G {
  const before = all.slice(0, index).some((other) => other.options.some((each) => each.value === selected));
  return {
    ...group,
    options: group.options.map((each) => ({ ...each, selected: !before && each.value === selected })),
  };
}

/** Where a cap is needed it is filled in, in a number that covers the worst case; what was written stays. */
function budgetField(field: FieldMaker, cap: SuggestedCap | null): Field {
  const kept = 'Before it is reached, the best so far is kept.';
  const needed = cap?.needed ? 'Needed on this machine.' : 'Empty for none.';
  const made = field('budget', 'Cap, in dollars', [needed, cap?.sentence ?? '', kept].filter(Boolean).join(' '));
  return cap?.needed && made.value === '' ? { ...made, value: cap.dollars } : made;
}

function engineOption(
  engine: Engine & { ready?: boolean },
  selected: string,
  values: FormValues,
  field: FieldMaker,
): Omit<EngineOption, 'continuing'> {
  const { downloadMegabytes, installSeconds } = engine.environment;
  return {
    name: engine.name,
    title: engine.title,
    summary: engine.summary,
    note:
      engine.ready === false
        ? `Its parts are fetched at first use: about ${downloadMegabytes} MB, ${formatFit(installSeconds)}.`
        : '',
    selected: engine.name === selected,
    settings: engine.settings.map((setting) => settingField(engine, setting, values, field)),
  };
}

function settingField(
  engine: Engine,
  setting: EngineSetting,
  values: FormValues,
  field: FieldMaker,
): EngineOption['settings'][number] {
  const name = `${engine.name}.${setting.name}`;
  const given = values[name] ?? settingText(setting.default);
  const chosen = Array.isArray(given) ? given : [given];
  const bounds = setting.min !== null && setting.max !== null ? ` ${setting.min} to ${setting.max}.` : '';
  return {
    ...field(
      name,
      setting.title,
      `${setting.help}${setting.type === 'integer' || setting.type === 'number' ? bounds : ''}`,
    ),
    value: chosen[0] ?? '',
    type: setting.type,
    advanced: setting.advanced,
    options: setting.choices.map((choice) => ({
      value: choice.value,
      word: choice.title,
      note: '',
      selected: chosen.includes(choice.value),
    })),
    checked: (chosen[0] ?? '') !== '',
    min: setting.min === null ? '' : String(setting.min),
    max: setting.max === null ? '' : String(setting.max),
    step: setting.type === 'integer' ? '1' : 'any',
  };
}

function moreFields(field: FieldMaker, profile: DatasetProfile): NewJobPage['more'] {
  const among = (made: Field, columns: DatasetProfile['columns'], none: string) => ({
    ...made,
    options: [
      option('', none, '', made.value),
      ...columns.map(({ name, type }) => option(name, name, type, made.value)),
      // What was asked for comes back, also where it does not fit; the reason stands beside it.
      ...(made.value === '' || columns.some(({ name }) => name === made.value)
        ? []
        : [option(made.value, made.value, '', made.value)]),
    ],
  });
  const { columns } = profile;
  const numbers = columns.filter(({ type }) => type === 'number' || type === 'whole number');
  const inOrder = columns.filter((column) => numbers.includes(column) || column.type.startsWith('date'));
  return [
    field('holdoutPercent', 'Held out, in percent', 'Rows that no model sees until the winner is judged, once.'),
    field('split.folds', 'Folds', '0 lets the engine decide.'),
    field('task.positiveClass', 'Positive class', 'For one of two classes; empty takes the rarer one.'),
    field('split.seed', 'Seed', 'The same seed splits the rows the same way.'),
    among(
      field(
        'split.groupColumn',
        'Keep together by',
        'As of a customer: rows with the same value are never on both sides. It is not learned from.',
      ),
      columns,
      'nothing',
    ),
    among(
      field('split.timeColumn', 'Divide by time of', 'The latest rows are held out, and the past judges no future.'),
      inOrder,
      'nothing',
    ),
    among(
      field(
        'weightColumn',
        'Weigh rows by',
        'A column of numbers: how much each row counts where models learn. Scores, by which the best is chosen, count all rows the same. It is not learned from.',
      ),
      numbers,
      'nothing: all count the same',
    ),
    field('longestMinutes', 'Longest time, in minutes', 'The most it may be extended to; empty is twice the limit.'),
    field('limits.attempts', 'Attempts', 'How many machines may be lost before it fails, the last one included.'),
    field(
      'limits.spotAttempts',
      'Tries on spot',
      'How many spot machines are tried before one on demand, if the cap pays for that.',
    ),
    field(
      'limits.silenceSeconds',
      'Silence limit, in seconds',
      'How long a machine may say nothing before it counts as lost.',
    ),
  ];
}
