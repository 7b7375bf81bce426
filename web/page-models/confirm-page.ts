import { stringify } from 'yaml';
import type { DatasetRow } from '../../db/tables.ts';
import type { RecipeOfJob } from '../../db/read-models/recipe-lines.ts';
import type { Engine } from '../../domain/engine.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import { formatMoney, MICROS_PER_DOLLAR } from '../../domain/money.ts';
import { priceOf } from '../../domain/prices.ts';
import { metricTitle, taskWords } from '../../domain/task.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { gib } from '../services/preflight.ts';
import type { JobCheck } from '../services/services.ts';
import type { JobEstimate } from '../services/views.ts';
import { chosenWords, heldOut } from './chosen-facts.ts';
import { formatLimit, formatMany, formatSpan } from './plain-words.ts';

/** Everything that will be created and what it may cost, beside the button that does it. */
export interface ConfirmPage {
  name: string;
  requestJson: string;
  facts: { name: string; value: string; href: string | null }[];
  settings: { name: string; value: string }[];
  creates: string[];
  warnings: string[];
  perHour: string;
  /** How else the same machine is sold, or what of its price is what; empty where there is nothing to add. */
  prices: string[];
  worst: {
    amount: string;
    /** Null where extending costs no more. */
    extended: string | null;
    sentence: string;
    /** Empty where there is nothing to count. */
    parts: { title: string; text: string; amount: string }[];
    prices: string;
  };
  copies: { id: string; title: string; text: string }[];
}

interface Input {
  spec: JobSpec;
  check: JobCheck;
  dataset: Pick<DatasetRow, 'id' | 'name' | 'row_count'>;
  recipe: RecipeOfJob | undefined;
  engine: Engine | undefined;
  machine: (MachineType & { cloud: string }) | undefined;
  host: string;
}

export function confirmPage({ spec, check, dataset, recipe, engine, machine, host }: Input): ConfirmPage {
  const { workspaceId: _workspace, owner: _owner, ...request } = spec;
  const { task, limits, split } = spec;
  return {
    name: spec.name,
    requestJson: JSON.stringify(request),
    facts: [
      { name: 'Data', value: `${dataset.name}, ${formatMany(dataset.row_count, 'row')}`, href: `/data/${dataset.id}` },
      ...(recipe
        ? [
            {
              name: 'Prepared by',
              value: `${recipe.name}, version ${recipe.version}`,
              href: recipe.isRemoved ? null : `/recipes/${recipe.id}/versions/${recipe.version}`,
            },
          ]
        : []),
      { name: 'Predicts', value: `${task.labels.join(', ')} (${taskWords[task.kind]})`, href: null },
      {
        name: 'Judged by',
        value: metricTitle(task),
        href: null,
      },
      { name: 'Engine', value: engine?.title ?? spec.engine.name, href: null },
      { name: 'Time limit', value: `${formatLimit(limits.trainingSeconds)} of training`, href: null },
      { name: 'Held out', value: heldOut(split), href: null },
      ...(spec.weightColumn ? [{ name: 'Weighed by', value: spec.weightColumn, href: null }] : []),
      {
        name: 'Machine',
        value: machine ? `${machine.title}${spec.machine.spot ? ', spot' : ''}` : spec.machine.type,
        href: null,
      },
      ...(spec.machine.ssh ? [{ name: 'SSH access', value: 'for people with a role for it', href: null }] : []),
      ...estimateFacts(check),
      { name: 'Attempts', value: attemptsOf(spec), href: null },
      { name: 'Cap', value: limits.budgetMicros === null ? 'none' : formatMoney(limits.budgetMicros), href: null },
      ...(spec.ignoredColumns.length > 0
        ? [{ name: 'Not shown to the model', value: spec.ignoredColumns.join(', '), href: null }]
        : []),
    ],
    settings: Object.entries(spec.engine.settings).map(([name, value]) => {
      const setting = engine?.settings.find((each) => each.name === name);
      return { name: setting?.title ?? name, value: chosenWords(value, setting) };
    }),
    creates: check.creates,
    warnings: check.warnings,
    perHour: machine ? formatMoney(priceOf(machine, spec.machine.spot)) : '–',
    prices: machine ? pricesOf(machine, spec.machine.spot) : [],
    worst: worstOf(check),
    copies: copiesOf(request, { file: dataset.name, recipe, host }),
  };
}

function attemptsOf({ limits, machine }: JobSpec): string {
  const { attempts, spotAttempts } = limits;
  const spot = machine.spot && spotAttempts !== undefined ? `; on demand after ${spotAttempts} on spot` : '';
  return `up to ${attempts}${spot}`;
}

function pricesOf(machine: MachineType, spot: boolean): string[] {
  const { pricePerHourMicros, spotPricePerHourMicros = null, diskPricePerHourMicros = 0 } = machine;
  const other = spot
    ? `On demand it costs ${formatMoney(pricePerHourMicros)} an hour.`
    : spotPricePerHourMicros !== null &&
      `As a spot machine it would cost ${formatMoney(spotPricePerHourMicros)} an hour.`;
  const disk = diskPricePerHourMicros > 0 && `${formatMoney(diskPricePerHourMicros)} of it is for its disk.`;
  const least =
    machine.billedAtLeastSeconds && `At least ${formatSpan(machine.billedAtLeastSeconds * 1000)} is billed.`;
  return [other, disk, least].filter((each) => typeof each === 'string');
}

/** Roughly: from the profile of the data and what runs of the engine on made tables needed. */
function estimateFacts({ estimate, spec }: JobCheck): ConfirmPage['facts'] {
  if (!estimate) return [];
  const { memoryBytes, machineMemoryBytes, firstModelSeconds } = estimate;
  return [
    { name: 'Memory', value: `probably about ${gib(memoryBytes)} of ${gib(machineMemoryBytes)} GiB`, href: null },
    { name: 'First model', value: `probably after about ${formatSpan(firstModelSeconds * 1000)}`, href: null },
    ...trainingFacts(estimate, spec?.limits.trainingSeconds ?? null),
  ];
}

function trainingFacts({ trainingSeconds, fillsTime }: JobEstimate, limitSeconds: number | null): ConfirmPage['facts'] {
  const limit = limitSeconds === null ? '' : formatSpan(limitSeconds * 1000);
  if (fillsTime) return [{ name: 'Training', value: `uses up to all of the time given: ${limit}`, href: null }];
  if (trainingSeconds === null) return [];
  const about = `probably about ${formatSpan(trainingSeconds * 1000)} in all`;
  const isCut = limitSeconds !== null && trainingSeconds > limitSeconds;
  return [{ name: 'Training', value: isCut ? `${about}, of which the limit allows ${limit}` : about, href: null }];
}

function worstOf({ worstCase }: JobCheck): ConfirmPage['worst'] {
  if (!worstCase) return { amount: formatMoney(0), extended: null, sentence: '', parts: [], prices: '' };
  const { micros, extendedMicros, sentence, parts, priceListDate } = worstCase;
  return {
    amount: formatMoney(micros),
    extended: extendedMicros > micros ? formatMoney(extendedMicros) : null,
    sentence,
    parts: micros === 0 ? [] : parts.map((part) => ({ ...part, amount: formatMoney(part.micros) })),
    prices: micros === 0 ? '' : `Estimated by the prices of ${priceListDate}.`,
  };
}

/** A setting as its form says it. */
function copiesOf(
  { id, ...request }: Omit<JobSpec, 'workspaceId' | 'owner'>,
  { file, recipe, host }: { file: string; recipe: Input['recipe']; host: string },
): ConfirmPage['copies'] {
  return [
    { id: 'cli', title: 'CLI', text: cliFor(request, file, recipe) },
    {
      id: 'curl',
      title: 'curl',
      text: [
        `curl -X POST ${host}/api/v1/jobs`,
        `  -H 'Content-Type: application/json'`,
        `  -H 'Idempotency-Key: ${id}'`,
        `  -d ${quoted(JSON.stringify(request))}`,
      ].join(' \\\n'),
    },
    { id: 'yaml', title: 'YAML', text: stringify(request) },
  ];
}

function cliFor(request: Omit<JobSpec, 'id' | 'workspaceId' | 'owner'>, file: string, recipe: Input['recipe']): string {
  const { task, engine, limits } = request;
  const options = [
    ...task.labels.map((label) => `--label ${quoted(label)}`),
    `--task ${task.kind}`,
    ...(task.metric ? [`--metric ${task.metric}`] : []),
    `--engine ${engine.name}`,
    `--time ${limits.trainingSeconds}s`,
    `--name ${quoted(request.name)}`,
    ...(request.machine.cloud === 'local'
      ? []
      : [`--machine ${quoted(`${request.machine.cloud}/${request.machine.type}`)}`]),
    ...(request.machine.spot ? ['--spot'] : []),
    ...(request.machine.ssh ? ['--ssh'] : []),
    ...(limits.budgetMicros === null ? [] : [`--budget ${limits.budgetMicros / MICROS_PER_DOLLAR}`]),
    // By its id: several recipes may have one name.
    ...(recipe ? [`--recipe ${recipe.id}@${recipe.version}`] : []),
    ...request.ignoredColumns.map((column) => `--ignore ${quoted(column)}`),
    ...(request.split.groupColumn ? [`--group ${quoted(request.split.groupColumn)}`] : []),
    ...(request.split.timeColumn ? [`--by-time ${quoted(request.split.timeColumn)}`] : []),
    ...(request.weightColumn ? [`--weight ${quoted(request.weightColumn)}`] : []),
    ...Object.entries(engine.settings)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `--set ${quoted(`${name}=${Array.isArray(value) ? value.join(',') : String(value)}`)}`),
    '--follow',
  ];
  return [`./x trainyard train ${quoted(file)}`, ...options.map((option) => `  ${option}`)].join(' \\\n');
}

/** For a shell, whatever is in a name. */
function quoted(text: string): string {
  return /^[\w./=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
