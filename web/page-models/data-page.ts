import type { DatasetLine } from '../../db/read-models/data-pages.ts';
import type { FieldProblem } from '../services/views.ts';
import type { Sample } from '../services/services.ts';
import type { PreparationView } from '../services/recipe-views.ts';
import { type Chip } from './chip.ts';
import type { Clock, Moment } from './clock.ts';
import { formatBytes, formatCount, formatMany } from './plain-words.ts';
import { preparationChip } from './recipes/preparation-page.ts';

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
    recipeHref: string;
    badge: string | null;
  }[];
  /** What is being made now, or just became ready. */
  runs: { href: string; name: string; chip: Chip; isNew: boolean }[];
  samples: Sample[];
  upload: UploadForm;
  mayFetch: boolean;
  fetching: { url: string; problem: string | null };
}

/** The form that takes a file; says before and after what went wrong. */
export interface UploadForm {
  action: string;
  /** Pressed twice, it is one request; where nothing but the file is made, its bytes say so already. */
  id: string | null;
  /** Where one goes with the dataset that it becomes; null where it becomes more than that. */
  then: string | null;
  button: string;
  limit: string;
  problem: { title: string; message: string; whatToDo: string; readHref: string | null } | null;
}

export interface UploadProblem {
  message: string;
  hint: string | undefined;
  problems: FieldProblem[];
  /** Where the file itself is there, to be read in another way. */
  uploadId?: string | undefined;
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
    then: action === '/data' ? '/data/' : action === '/jobs/new/upload' ? '/jobs/new?dataset=' : null,
    button,
    limit: `CSV, TSV, JSON lines, Excel or Parquet, also packed (gzip, zstd, ZIP); images as a zip with a folder for each label, .npz or IDX; at most ${limitMb.toLocaleString('en-US')} MB.`,
    problem: refused && {
      title: 'The file was not taken',
      message: [refused.message, ...details].join(' '),
      whatToDo: refused.hint ?? 'Mend the file and choose it again.',
      readHref: refused.uploadId === undefined ? null : `/data/uploads/${refused.uploadId}`,
    },
  };
}

export function dataPage(
  lines: readonly DatasetLine[],
  around: {
    samples: Sample[];
    upload: UploadForm;
    preparations: readonly PreparationView[];
    mayFetch: boolean;
    fetching: DataPage['fetching'];
  },
  clock: Clock,
): DataPage {
  const { samples, upload, preparations, mayFetch, fetching } = around;
  return {
    runs: preparations
      .filter((run) => run.phase !== 'done' || run.seenAtMs === null)
      .map((run) => ({
        href: `/preparations/${run.id}`,
        name: run.name,
        chip: preparationChip(run),
        isNew: run.phase === 'done',
      })),
    mayFetch,
    fetching,
    rows: lines.map((line) => ({
      href: `/data/${line.id}`,
      name: line.version > 1 ? `${line.name} v${line.version}` : line.name,
      badge: line.made_by_preparation_id === null ? null : 'prepared',
      recipeHref: `/recipes/new?dataset=${line.id}`,
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
