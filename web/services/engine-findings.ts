import type { DatasetProfile } from '../../domain/dataset.ts';
import type { KnownColumn } from '../../domain/check-images.ts';
import { familyOf, isFailureType } from '../../domain/failures.ts';
import { type JobSpec, sideColumns } from '../../domain/job-spec.ts';
import { sizeOfData } from '../../domain/preflight.ts';
import { trainerSpec } from '../../domain/trainer-spec.ts';
import type { MachineType } from '../../infra/cloud.ts';
import type { EngineFinding, TrainingTime } from '../../infra/engine-check.ts';
import type { ServiceOptions } from './options.ts';
import type { FieldProblem } from './views.ts';

export interface AskedOfItsEngine {
  spec: JobSpec;
  /** What will be learned from, the label among it. */
  columns: readonly KnownColumn[];
  /** Of the dataset as it came. */
  profile: DatasetProfile | undefined;
  machine: MachineType;
  /** Complete settings, in place of those of the spec. */
  trials: readonly JobSpec['engine']['settings'][];
}

/** One for each of the settings. */
export interface EngineFindings {
  problems: (FieldProblem | null)[];
  /** Of the one that takes longest; undefined where nobody knows. */
  time: TrainingTime | undefined;
}

/**
 * What the engine itself has against each of the settings, and how long it will probably take. Where it cannot be asked,
 * nothing: the same code asks again on the machine.
 */
export async function engineFindings(
  { engines, onError }: Pick<ServiceOptions, 'engines' | 'onError'>,
  asked: AskedOfItsEngine,
): Promise<EngineFindings> {
  const { spec, columns, machine, trials } = asked;
  const nothing: EngineFindings = { problems: trials.map(() => null), time: undefined };
  if (!engines.check || trials.length === 0) return nothing;
  try {
    const { found, times } = await engines.check({
      ...trainerSpec(spec, columns),
      settings: {},
      trials,
      machine: { memoryGib: machine.memoryGib },
      rows: fewestRowsToLearnFrom(asked),
      size: sizeToLearnFrom(asked),
    });
    return {
      problems: found.map((finding) => finding && problemOf(finding, spec, onError)),
      time: times
        .filter((time) => time !== null)
        .toSorted((one, other) => (other.seconds ?? 0) - (one.seconds ?? 0))[0],
    };
  } catch (error) {
    onError(new Error(`${spec.engine.name} could not be asked about a job's settings.`, { cause: error }));
    return nothing;
  }
}

function problemOf(
  { type, message, field }: EngineFinding,
  spec: JobSpec,
  onError: (error: unknown) => void,
): FieldProblem | null {
  const family = isFailureType(type) ? familyOf(type) : 'bug';
  if (family === 'user') return { field: field ?? '', message };
  if (family === 'bug') onError(new Error(`${spec.engine.name} failed over a job's settings: ${message}`));
  // What is missing here is missing on this computer's machines; what those of a cloud have, they have to say.
  return family === 'platform' && spec.machine.cloud === 'local' ? { field: 'engine.name', message } : null;
}

/** For an estimate: of what a recipe, or a division by groups or time, makes of the data, the data itself is the best guess. */
function sizeToLearnFrom({ spec, profile, machine }: AskedOfItsEngine): object | null {
  if (!profile) return null;
  const { task, split } = spec;
  const { rows, cells, pixels } = sizeOfData(profile, [...spec.ignoredColumns, ...sideColumns(spec), ...task.labels]);
  const label = profile.columns.find(({ name }) => name === task.labels[0]);
  const classes = { binary: 2, multiclass: label?.distinct ?? 2, multilabel: task.labels.length, regression: 0 };
  return {
    rows: Math.round(rows * (1 - split.holdoutFraction)),
    cells: cells / Math.max(1, rows),
    ...{ pixels, classes: classes[task.kind], cpus: machine.cpus, gpus: machine.gpus.length },
  };
}

/** Null where something that is not known yet leaves rows out, or divides them. */
function fewestRowsToLearnFrom({ spec, profile }: AskedOfItsEngine): number | null {
  const { split, task, recipeId } = spec;
  if (!profile || recipeId !== null || split.groupColumn !== null || split.timeColumn !== null) return null;
  const labels = profile.columns.filter(({ name }) => task.labels.includes(name));
  const known = profile.rows - labels.reduce((total, { missing }) => total + missing, 0);
  // Each class is divided by itself, and so rounded.
  const rounded = task.kind === 'regression' ? 0 : labels.reduce((total, { distinct }) => total + distinct, 0);
  return Math.max(0, known - Math.ceil(known * split.holdoutFraction) - rounded);
}
