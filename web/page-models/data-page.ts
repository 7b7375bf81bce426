import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { FieldProblem } from '../services/views.ts';
import type { Sample } from '../services/services.ts';
import type { Clock, Moment } from './clock.ts';
import { formatBytes, formatCount, formatMany } from './plain-words.ts';

export interface DataPage {
  rows: {
    href: string;
    name: string;
    rows: string;
    columns: string;
    size: string;
    added: Moment;
    jobs: string;
    trainHref: string;
  }[];
  samples: Sample[];
  upload: UploadForm;
}

/** The form that takes a CSV; says before and after what went wrong. */
export interface UploadForm {
  action: string;
  /** Pressed twice, it is one request; where nothing but the file is made, its bytes say so already. */
  id: string | null;
  button: string;
  limit: string;
  problem: { title: string; message: string; whatToDo: string } | null;
}

export interface UploadProblem {
  message: string;
  hint: string | undefined;
  problems: FieldProblem[];
}

export function uploadForm(
  action: string,
  button: string,
  limitMb: number,
  refused: UploadProblem | null,
  id: string | null = null,
): UploadForm {
  // A problem that is the message again, with what to do behind it, says nothing new here.
  const details =
    refused?.problems.map((problem) => problem.message).filter((text) => !text.startsWith(refused.message)) ?? [];
  return {
    action,
    id,
    button,
    limit: `CSV with a header line, at most ${formatBytes(limitMb * 1_000_000)}.`,
    problem: refused && {
      title: 'The file was not taken',
      message: [refused.message, ...details].join(' '),
      whatToDo: refused.hint ?? 'Mend the file and choose it again.',
    },
  };
}

export function dataPage(lines: readonly DatasetLine[], samples: Sample[], upload: UploadForm, clock: Clock): DataPage {
  return {
    rows: lines.map((line) => ({
      href: `/data/${line.id}`,
      name: line.name,
      rows: formatCount(line.row_count),
      columns: formatCount(line.column_count),
      size: formatBytes(line.bytes),
      added: clock.moment(line.created_at_ms),
      jobs: line.jobs === 0 ? 'no jobs' : formatMany(line.jobs, 'job'),
      trainHref: `/jobs/new?dataset=${line.id}`,
    })),
    samples,
    upload,
  };
}
