import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { Sample } from '../services/services.ts';
import type { Clock, Moment } from './clock.ts';
import type { UploadForm } from './data-page.ts';
import { formatMany } from './plain-words.ts';

/** The first step of a new job: which data. */
export interface StartJobPage {
  datasets: { href: string; name: string; note: string; added: Moment }[];
  samples: Sample[];
  upload: UploadForm;
}

const shown = 20;

export function startJobPage(
  lines: readonly DatasetLine[],
  samples: Sample[],
  upload: UploadForm,
  clock: Clock,
): StartJobPage {
  return {
    datasets: lines.slice(0, shown).map((line) => ({
      href: `/jobs/new?dataset=${line.id}`,
      name: line.name,
      note: `${formatMany(line.row_count, 'row')}, ${formatMany(line.column_count, 'column')}`,
      added: clock.moment(line.created_at_ms),
    })),
    samples,
    upload,
  };
}
