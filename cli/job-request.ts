import type { DatasetDetail } from '../web/services/views.ts';
import { type ApiClient, Refusal } from './client.ts';
import type { settingsFrom } from './engine-settings.ts';
import { Usage } from './exit-codes.ts';
import { machineOf } from './machine-choice.ts';
import type { RecipeAt } from './recipe-of.ts';
import type { SplitOptions, splitOf } from './split-of.ts';

const api = '/api/v1';

export interface TrainOptions extends SplitOptions {
  /** More than one are columns of yes or no. */
  label: string[];
  engine: string;
  time?: string;
  name?: string;
  task?: string;
  metric?: string;
  /** Of two classes, the one that is looked for. */
  positive?: string;
  /** A job, by its id, the beginning of it, or its name. */
  continue?: string;
  budget?: string;
  machine?: string;
  spot?: boolean;
  ssh?: boolean;
  ignore?: string[];
  weight?: string;
  set?: string[];
  settings?: string;
  recipe?: string;
  follow?: boolean;
}

interface Guess {
  kind: string;
}

/** What the options of a command ask for, as the API takes it. */
export async function jobRequestOn(
  client: ApiClient,
  dataset: DatasetDetail,
  options: TrainOptions,
  asked: {
    settings: ReturnType<typeof settingsFrom>;
    trainingSeconds: number | undefined;
    recipe: RecipeAt | object;
    split: ReturnType<typeof splitOf>;
    continuesJobId: string | null;
  },
) {
  const { settings, trainingSeconds, recipe, split, continuesJobId } = asked;
  const kind = options.task ?? (await guessKind(client, dataset, options));
  return {
    name: options.name ?? dataset.name.replace(/\.[^.]+$/, ''),
    datasetId: dataset.id,
    task: { kind, labels: options.label, metric: options.metric ?? null, positiveClass: options.positive ?? null },
    engine: { name: options.engine, settings },
    ignoredColumns: options.ignore ?? [],
    split,
    weightColumn: options.weight ?? null,
    continuesJobId,
    ...recipe,
    ...machineOf(options),
    limits: {
      ...(trainingSeconds === undefined ? {} : { trainingSeconds }),
      ...(options.budget === undefined ? {} : { budgetMicros: microsOf(options.budget) }),
    },
  };
}

async function guessKind(
  client: ApiClient,
  dataset: DatasetDetail,
  { label: labels, recipe }: TrainOptions,
): Promise<string> {
  const [label = '', ...further] = labels;
  if (further.length > 0) return 'multilabel';
  try {
    return (await client.get<Guess>(`${api}/datasets/${dataset.id}/guess`, { label })).kind;
  } catch (error) {
    if (recipe === undefined || !(error instanceof Refusal) || error.problem.status !== 422) throw error;
    throw new Usage(`“${label}” is not a column of the file itself. Say by --task what the recipe makes of it.`);
  }
}

export function microsOf(text: string): number {
  const dollars = Number(text.replace(/^\$/, ''));
  if (!Number.isFinite(dollars) || dollars < 0) throw new Usage(`“${text}” is not an amount of dollars.`);
  const micros = Math.round(dollars * 1_000_000);
  if (micros === 0) throw new Usage('A budget of $0 pays for nothing. Leave --budget out for no limit.');
  return micros;
}

export function asUsage<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}
