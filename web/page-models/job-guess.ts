import type { DatasetProfile } from '../../domain/dataset.ts';
import type { Engine } from '../../domain/engine.ts';
import type { TaskKind } from '../../domain/task.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { type FormValues, settingText } from './job-form.ts';

export interface Guess {
  label: string;
  labelBecause: string;
  kind: TaskKind;
  kindBecause: string;
}

export function guessFor(profile: DatasetProfile, label = profile.columns.at(-1)?.name ?? ''): Guess {
  const column = profile.columns.find((each) => each.name === label);
  const kind: TaskKind = column?.distinct === 2 ? 'binary' : column?.type === 'number' ? 'regression' : 'multiclass';
  return {
    label,
    labelBecause: 'guessed: it is the last column',
    kind,
    kindBecause: `guessed, because ${label} has ${column?.distinct ?? 0} different values`,
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
  // The first model should not wait for a download.
  const engine = engines.find((each) => each.ready !== false) ?? engines[0];
  const machine = machines[0];
  const values: FormValues = {
    datasetId: dataset.id,
    name: `${dataset.name.replace(/\.[a-z]+$/i, '')}: ${guess.label}`.slice(0, 80),
    'task.labels': guess.label,
    'task.kind': guess.kind,
    'task.metric': '',
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
