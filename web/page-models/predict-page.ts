import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { ModelFacts } from '../../db/read-models/model-pages.ts';
import type { Clock } from './clock.ts';
import type { UploadForm } from './data-page.ts';
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
}

export function predictPage(
  { model }: ModelFacts,
  input: { id: string; datasets: readonly DatasetLine[]; chosen: string; upload: UploadForm; clock: Clock },
): PredictPage {
  const needs = inputColumns(model.input_schema_json).filter((column) => column.role === 'seen by the model');
  return {
    id: input.id,
    name: model.name,
    href: `/models/${model.id}`,
    action: `/models/${model.id}/predict`,
    needs: needs.map(({ name, type }) => ({ name, type })),
    needsText: `The file needs ${formatMany(needs.length, 'column')}; others are kept and not looked at.`,
    datasets: input.datasets.map((line) => ({
      value: line.id,
      word: line.name,
      note: `${formatMany(line.row_count, 'row')}, added ${input.clock.moment(line.created_at_ms).text}`,
      selected: line.id === input.chosen,
    })),
    upload: input.upload,
  };
}
