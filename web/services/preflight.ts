import type { DatasetProfile } from '../../domain/dataset.ts';
import type { Engine } from '../../domain/engine.ts';
import { type JobRequest, sideColumns } from '../../domain/job-spec.ts';
import { bytesPerGib } from '../../domain/machine-sizes.ts';
import { formatMoney } from '../../domain/money.ts';
import {
  type DataSize,
  type Estimate,
  estimateNeeds,
  fitOf,
  sizeOfData,
  suggestedFor,
} from '../../domain/preflight.ts';
import type { MachineType } from '../../infra/cloud.ts';
import type { TrainingTime } from '../../infra/engine-check.ts';
import { durationInWords } from './sizes.ts';
import type { FieldProblem, JobEstimate } from './views.ts';

interface Asked {
  request: JobRequest;
  profile: DatasetProfile;
  engine: Engine;
  machine: MachineType;
  /** All that the cloud of this machine offers. */
  types: readonly MachineType[];
  /** What the engine makes of these settings; undefined where it cannot tell, or was not asked yet. */
  time?: TrainingTime | undefined;
}

interface Preflight {
  problems: FieldProblem[];
  warnings: string[];
  estimate?: JobEstimate;
}

const nothing: Preflight = { problems: [], warnings: [] };

/** Whether data and engine will probably fit into the machine and its time, before it is started. */
export function preflight({ request, profile, engine, machine, types, time }: Asked): Preflight {
  if (!engine.needs) return nothing;
  const size = sizeOfData(profile, [...request.ignoredColumns, ...sideColumns(request)]);
  const needs = estimateNeeds(engine.needs, size);
  const estimate = { ...needs, firstModelSeconds: time?.firstSeconds ?? needs.firstModelSeconds };
  const fit = fitOf(estimate, machine);
  const larger = suggestedFor(estimate, machine, types);
  // What a recipe leaves of the data is not known yet.
  const mayRefuse = request.recipeId === null;
  if (fit === 'cannot fit' && mayRefuse) {
    const needed = `The data alone is about ${gib(estimate.dataBytes)} GiB in memory (${shape(size)})`;
    const message = `${needed}, and ${machine.title} has ${gib(machine.memoryGib * bytesPerGib)}: it cannot fit. ${wayOut(larger)}`;
    return { problems: [{ field: 'machine.type', message }], warnings: [] };
  }
  return {
    problems: [],
    warnings: [
      ...(fit === 'fits' ? [] : [memoryWarning(estimate, { size, engine, machine, larger, prepared: !mayRefuse })]),
      ...timeWarnings(estimate, engine, request.limits.trainingSeconds, time?.seconds ?? null),
    ],
    estimate: {
      memoryBytes: estimate.memoryBytes,
      machineMemoryBytes: Math.round(machine.memoryGib * bytesPerGib),
      firstModelSeconds: Math.ceil(estimate.firstModelSeconds),
      trainingSeconds: typeof time?.seconds === 'number' ? Math.ceil(time.seconds) : null,
      fillsTime: time?.fillsTime ?? false,
      fits: fit === 'fits',
      suggestedType: larger?.name ?? null,
    },
  };
}

function memoryWarning(
  { memoryBytes }: Estimate,
  {
    size,
    engine,
    machine,
    larger,
    prepared,
  }: Pick<Asked, 'engine' | 'machine'> & { size: DataSize; larger: MachineType | undefined; prepared: boolean },
): string {
  const before = prepared ? ', before its recipe' : '';
  const needs = `${engine.title} probably needs about ${gib(memoryBytes)} GiB of memory for ${shape(size)}${before}`;
  return `${needs}, and ${machine.title} has ${gib(machine.memoryGib * bytesPerGib)}: it may run out. ${wayOut(larger)}`;
}

function wayOut(larger: MachineType | undefined): string {
  const less = 'Take less data, or ignore columns that say little.';
  if (!larger) return less;
  const { name, memoryGib, pricePerHourMicros } = larger;
  return `The machine “${name}” would do (${memoryGib} GiB, ${formatMoney(pricePerHourMicros)} an hour). Or take less data.`;
}

function timeWarnings(
  { firstModelSeconds }: Estimate,
  engine: Engine,
  limitSeconds: number,
  trainingSeconds: number | null,
): string[] {
  const limit = durationInWords(limitSeconds);
  if (firstModelSeconds > limitSeconds) {
    return [
      `The first model of ${engine.title} will probably take about ${durationInWords(firstModelSeconds)}, and the time limit is ${limit}: it may end without a model. Give it more time, or less data.`,
    ];
  }
  if (trainingSeconds === null || trainingSeconds <= limitSeconds) return [];
  return [
    `${engine.title} will probably take about ${durationInWords(trainingSeconds)} with these settings, and the time limit is ${limit}: it is stopped there, and the best until then is kept.`,
  ];
}

function shape({ rows, columns }: DataSize): string {
  return `${rows.toLocaleString('en-US')} rows × ${columns.toLocaleString('en-US')} columns`;
}

/** Small ones in full, so that nobody reads that nothing is needed. */
export function gib(bytes: number): string {
  const amount = bytes / bytesPerGib;
  return amount < 10 ? amount.toFixed(1) : Math.round(amount).toLocaleString('en-US');
}
