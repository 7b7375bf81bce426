import { outcomeMarks } from '../../../domain/outcomes.ts';
import type { PreparationDetail, PreparationView } from '../../services/recipe-views.ts';
import type { Chip } from '../chip.ts';
import type { Clock, Moment } from '../clock.ts';
import { formatCount, formatMany, formatSpan } from '../plain-words.ts';
import type { Bar } from '../progress-bar.ts';
import { type StepCard, wordsOf } from './step-card.ts';

export interface PreparationPage {
  id: string;
  href: string;
  name: string;
  chip: Chip;
  isOpen: boolean;
  mayCancel: boolean;
  sentence: string;
  failed: boolean;
  bar: Bar | null;
  rows: string;
  from: { name: string; value: string; href?: string }[];
  steps: { number: number; words: StepCard['words']; learned: string | null; counts: string[]; problems: string[] }[];
  output: { href: string; trainHref: string; downloads: { word: string; href: string }[]; text: string } | null;
  accepted: Moment;
}

type State = Pick<PreparationView, 'phase' | 'outcome' | 'cancelAskedAtMs' | 'rowsDone' | 'rowsTotal'>;

export function preparationChip(run: State): Chip {
  if (run.phase === 'done') {
    const { icon, word, tone } = outcomeMarks[run.outcome ?? 'failed'];
    return run.outcome === 'succeeded' ? { icon, word: 'Ready', tone } : { icon, word, tone };
  }
  if (run.cancelAskedAtMs !== null) return { icon: '◼', word: 'Cancelling', tone: 'wait' };
  if (run.phase === 'queued') return { icon: '◷', word: 'Waiting', tone: 'wait' };
  const share = shareOf(run);
  return { icon: '▷', word: share === null ? 'being prepared' : `being prepared ${share} %`, tone: 'run' };
}

function shareOf({ rowsDone, rowsTotal }: State): number | null {
  if (rowsTotal === null || rowsTotal === 0) return null;
  return Math.min(99, Math.floor((rowsDone / rowsTotal) * 100));
}

export function preparationPage(run: PreparationDetail, clock: Clock): PreparationPage {
  const isOpen = run.phase !== 'done';
  const share = shareOf(run);
  const took = run.doneAtMs === null ? null : formatSpan(run.doneAtMs - (run.startedAtMs ?? run.acceptedAtMs));
  return {
    id: run.id,
    href: `/preparations/${run.id}`,
    name: run.name,
    chip: preparationChip(run),
    isOpen,
    mayCancel: isOpen && run.cancelAskedAtMs === null,
    sentence: run.reason ?? run.sentence,
    failed: run.phase === 'done' && run.outcome === 'failed',
    bar:
      run.phase === 'preparing'
        ? {
            value: share,
            label: 'Rows prepared',
            text: run.secondsLeft === null ? '' : `about ${formatSpan(run.secondsLeft * 1000)} left`,
            aboutUntilMs: null,
            mostUntilMs: null,
          }
        : null,
    rows:
      run.rowsTotal === null
        ? formatMany(run.rowsDone, 'row')
        : `${formatCount(run.rowsDone)} of ${formatMany(run.rowsTotal, 'row')}`,
    from: [
      { name: 'Recipe', value: `${run.recipeName}, version ${run.recipeVersion}`, href: `/recipes/${run.recipeId}` },
      { name: 'Data', value: run.datasetName, href: `/data/${run.datasetId}` },
      { name: 'Asked by', value: run.owner },
      { name: 'Asked', value: clock.moment(run.acceptedAtMs).text },
      ...(took === null ? [] : [{ name: 'Took', value: took }]),
    ],
    steps: (run.result?.steps ?? []).map((step, n) => ({
      number: n + 1,
      words: wordsOf(step.sentence),
      learned: step.learnedSentence ?? null,
      counts: [
        ...(step.rowsIn === null ? ['passed over'] : []),
        ...(step.leftOut > 0 ? [`${formatMany(step.leftOut, 'row')} left out`] : []),
        ...(step.rowsOut !== null && step.rowsOut !== (step.rowsIn ?? 0)
          ? [`${formatMany(step.rowsOut, 'row')} after it`]
          : []),
      ],
      problems: step.problems.map(({ message }) => message),
    })),
    output: outputOf(run),
    accepted: clock.moment(run.acceptedAtMs),
  };
}

function outputOf({ outputDatasetId, result }: PreparationDetail): PreparationPage['output'] {
  if (outputDatasetId === null) return null;
  const href = `/data/${outputDatasetId}`;
  return {
    href,
    trainHref: `/jobs/new?dataset=${outputDatasetId}`,
    downloads: [
      { word: 'Parquet', href: `${href}/file.parquet` },
      { word: 'CSV', href: `${href}/file.csv` },
    ],
    text: result ? `${formatCount(result.rowsIn)} rows in, ${formatCount(result.rowsOut)} out.` : '',
  };
}
