import type { DatasetProfile } from '../../domain/dataset.ts';
import { besideImages } from '../../domain/check-images.ts';
import type { Engine } from '../../domain/engine.ts';
import { guessLabel, guessTask } from '../../domain/guess-task.ts';
import type { TaskKind } from '../../domain/task.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { type FormValues, settingText } from './job-form.ts';

export interface Guess {
  label: string;
  labelBecause: string;
  kind: TaskKind;
  kindBecause: string;
  positiveClass: string;
}

/** Label and task by the data alone; with a label given, only the task is guessed. Several labels leave nothing to guess. */
export function guessFor(profile: DatasetProfile, givenLabel = '', further: readonly string[] = []): Guess {
  const guessed = guessLabel(profile);
  const given = profile.columns.find((column) => column.name === givenLabel);
  const column = given ?? profile.columns.find((each) => each.name === guessed?.column) ?? profile.columns.at(-1);
  const task = column && guessTask(column);
  const label = {
    label: column?.name ?? '',
    labelBecause: guessed && guessed.column === column?.name ? `Guessed. ${guessed.why}` : '',
  };
  if (further.length > 0) {
    return { ...label, kind: 'multilabel', kindBecause: 'More than one column is chosen.', positiveClass: '' };
  }
  return {
    ...label,
    kind: task?.kind ?? 'regression',
    kindBecause: task ? `Guessed, because ${task.why}` : '',
    positiveClass: task?.positiveClass ?? '',
  };
}

const firstMinutes = '10';

/** What the form holds when it is opened: guesses and defaults, all of which can be changed. */
export function firstValues(input: {
  dataset: { id: string; name: string };
  profile: DatasetProfile;
  engines: readonly (Engine & { ready?: boolean })[];
  machines: readonly (MachineType & { cloud: string })[];
}): FormValues {
  const { dataset, profile, engines, machines } = input;
  const guess = guessFor(profile);
  // The first model should not wait for a download, nor for the start of something large.
  const ready = engines.filter((each) => each.ready !== false);
  const hasImages = profile.columns.some(({ sqlType }) => sqlType === 'BLOB');
  const ofImages = hasImages ? engines.find(({ takes }) => takes.includes('image')) : undefined;
  const engine = ofImages ?? ready.find((each) => each.environment.preparedAtStart) ?? ready[0] ?? engines[0];
  const machine = machines[0];
  const values: FormValues = {
    datasetId: dataset.id,
    ...(ofImages ? { ignoredColumns: besideImages(profile.columns) } : {}),
    name: `${dataset.name.replace(/\.[a-z]+$/i, '')}: ${guess.label}`.slice(0, 80),
    'task.labels': guess.label,
    'task.kind': guess.kind,
    'task.metric': '',
    'task.positiveClass': guess.positiveClass,
    'engine.name': engine?.name ?? '',
    minutes: firstMinutes,
    'limits.attempts': '3',
    'limits.silenceSeconds': '120',
    holdoutPercent: '20',
    'split.folds': '0',
    'split.seed': '0',
    machine: machine ? `${machine.cloud}/${machine.name}` : 'local/local',
  };
  for (const setting of engine?.settings ?? [])
    values[`${engine?.name}.${setting.name}`] = settingText(setting.default);
  return values;
}
