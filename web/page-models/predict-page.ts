import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { ModelFacts } from '../../db/read-models/model-pages.ts';
import type { Clock } from './clock.ts';
import type { UploadForm } from './data-page.ts';
import { capSchema } from '../../domain/job-spec.ts';
import type { Allow } from '../../domain/prediction-spec.ts';
import { inputColumns } from './models-page.ts';
import { formatMoney, MICROS_PER_DOLLAR } from '../../domain/money.ts';
import type { PredictionMoney } from '../services/prediction-money.ts';
import type { Field, Option } from './new-job-page.ts';
import { formatMany } from './plain-words.ts';

export interface PredictPage {
  id: string;
  name: string;
  href: string;
  action: string;
  needs: { name: string; type: string }[];
  needsText: string;
  datasets: Option[];
  upload: UploadForm;
  allow: AllowChoice[];
  /** Why none can run with this model. */
  obstacle: string | null;
  /** Null where its machine costs nothing. */
  cap: Cap | null;
  /** Why the chosen dataset was not taken. */
  problem: { title: string; message: string; whatToDo: string } | null;
}

export interface Cap {
  field: Pick<Field, 'name' | 'label' | 'value' | 'hint' | 'problem'>;
  sentence: string;
  parts: { title: string; text: string; amount: string }[];
  prices: string;
}

export interface AllowChoice {
  name: string;
  label: string;
  hint: string;
  checked: boolean;
}

export function predictPage(
  { model }: ModelFacts,
  input: {
    id: string;
    datasets: readonly DatasetLine[];
    chosen: string;
    upload: UploadForm;
    allow: Allow;
    money: PredictionMoney;
    /** As it was sent; undefined where nothing was. */
    budget: string | undefined;
    problem: PredictPage['problem'];
    clock: Clock;
  },
): PredictPage {
  const needs = inputColumns(model.input_schema_json).filter((column) => column.role === 'seen by the model');
  return {
    id: input.id,
    name: model.name,
    href: `/models/${model.id}`,
    action: `/models/${model.id}/predict`,
    needs: needs.map(({ name, type }) => ({ name, type })),
    needsText: `The file needs ${formatMany(needs.length, 'column')}.`,
    datasets: input.datasets.map((line) => ({
      value: line.id,
      word: line.name,
      note: `${formatMany(line.row_count, 'row')}, added ${input.clock.moment(line.created_at_ms).text}`,
      selected: line.id === input.chosen,
    })),
    upload: input.upload,
    allow: allowChoices(input.allow),
    obstacle: input.money.problems.find(({ field }) => field === 'machine')?.message ?? null,
    cap: capOf(input.money, input.budget),
    problem: input.problem,
  };
}

/** Filled in with what covers the worst case where there must be one. */
function capOf({ worst, needsBudget }: PredictionMoney, given: string | undefined): Cap | null {
  if (!worst || worst.sensibleBudgetMicros === 0) return null;
  const hint = `${needsBudget ? 'It is billed, so it needs one. ' : ''}${formatMoney(worst.sensibleBudgetMicros)} covers the worst case.`;
  const usual = needsBudget ? String(worst.sensibleBudgetMicros / MICROS_PER_DOLLAR) : '';
  return {
    field: { name: 'budget', label: 'Cap, in dollars', value: given ?? usual, hint, problem: null },
    sentence: worst.sentence,
    parts: worst.parts.map(({ title, text, micros }) => ({ title, text, amount: formatMoney(micros) })),
    prices: `Prices of ${worst.priceListDate}.`,
  };
}

/** What was written as a cap: an empty one is none, and one that is no amount above nothing is undefined. */
export function budgetFrom(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const dollars = Number(text.trim().replace(',', '.').replace(/^\$/, ''));
  return capSchema.safeParse(Math.round(dollars * MICROS_PER_DOLLAR)).data;
}

function allowChoices({ extraColumns, castTypes }: Allow): AllowChoice[] {
  return [
    {
      name: 'extraColumns',
      label: 'Ignore extra columns',
      hint: 'They stay in the output, and the model does not look at them. Otherwise such data is refused.',
      checked: extraColumns,
    },
    {
      name: 'castTypes',
      label: 'Cast columns of another type',
      hint: 'They are brought to the type of the training, if every value allows it. Otherwise such data is refused.',
      checked: castTypes,
    },
  ];
}
