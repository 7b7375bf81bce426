import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { ModelFacts } from '../../db/read-models/model-pages.ts';
import type { Clock } from './clock.ts';
import type { UploadForm } from './data-page.ts';
import type { Allow } from '../../domain/prediction-spec.ts';
import { inputColumns } from './models-page.ts';
import type { Option } from './new-job-page.ts';
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
  /** Why the chosen dataset was not taken. */
  problem: { title: string; message: string; whatToDo: string } | null;
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
    problem: input.problem,
  };
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
