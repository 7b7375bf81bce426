import type { DatasetLine } from '../../../db/read-models/data-pages.ts';
import type { Clock } from '../clock.ts';
import type { UploadProblem } from '../data-page.ts';
import type { Option } from '../new-job-page.ts';
import { formatMany } from '../plain-words.ts';

export interface NewRecipePage {
  datasets: Option[];
  name: string;
  problem: { message: string; details: string[]; whatToDo: string | null } | null;
}

export function newRecipePage(
  lines: readonly DatasetLine[],
  input: { chosen: string; name: string; refused: UploadProblem | null; clock: Clock },
): NewRecipePage {
  const { refused } = input;
  return {
    datasets: datasetOptions(lines, input.chosen, input.clock),
    name: input.name,
    problem: refused && {
      message: refused.message,
      details: refused.problems.map(({ message }) => message).filter((message) => message !== refused.message),
      whatToDo: refused.hint ?? null,
    },
  };
}

export function datasetOptions(lines: readonly DatasetLine[], chosen: string, clock: Clock): Option[] {
  return lines.map((line) => ({
    value: line.id,
    word: line.name,
    note: `${formatMany(line.row_count, 'row')}, added ${clock.moment(line.created_at_ms).text}`,
    selected: line.id === chosen,
  }));
}
