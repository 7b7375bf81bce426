import { walk, type Walked, type WalkedStep } from '../../domain/recipe/walk.ts';
import type { Session } from '../session.ts';
import { Fits, learnFrom } from './learn.ts';
import { lookAtTraining } from './look-at-training.ts';
import type { LookupPlaces } from './kept-lookups.ts';
import { Lookups } from './lookups.ts';
import type { PreviewedStep, RecipePreview, RecipePreviewInput } from './recipe-calls.ts';
import { openOthers, openTable } from './recipe-table.ts';
import type { Head, RowHeads } from './row-heads.ts';
import { seenStep } from './seen-step.ts';
import { showStep } from './show-step.ts';

const intoItself =
  'It looks into this same data, or another version of it. Do not take what is to be predicted: a model would only read it off.';

/** What a step makes of a few rows: at once from the first rows of the file, or (`exact`) from all of it. */
export async function previewRecipe(
  session: Session,
  input: RecipePreviewInput,
  heads: RowHeads,
  places: LookupPlaces,
): Promise<RecipePreview> {
  const source = input.exact ? await wholeFile(session, input.parquet) : await heads.head(session, input.parquet);
  const others = await openOthers(session, input.others);
  const lookups = new Lookups(session, others, { places });
  const learned = [...source.fits.values(), ...(input.learned ?? [])];
  const fits = new Fits(source, { ...input, learned });
  const learn = fits.learn(learnFrom(session, source.relation, lookups));
  const walked = await walk({ steps: input.steps, schema: source.schema, others, learn });
  const isPart = source.rows < source.total;
  const known = new Set(input.learned?.map(({ key }) => key));
  const fitted = fits.toKnown(walked.steps);
  const sampled = new Set(
    fitted.filter(({ key, all }) => isPart && all !== null && !known.has(key)).map(({ stepId }) => stepId),
  );
  source.fits.clear();
  for (const fit of fitted) if (!known.has(fit.key)) source.fits.set(fit.key, fit);
  const at = placeOf(walked, input.at);
  const shownIds = new Set(walked.steps.slice(0, at + 1).map(({ step }) => step.id));
  const stages = walked.stages.filter(({ stepId }) => shownIds.has(stepId));
  await lookups.make(stages);
  const { isChosen, ...rest } = await showStep(session, source, stages, walked.steps[at], input);
  const restsOnSample = stages.some(({ stepId, isRowwise }) => !isRowwise || sampled.has(stepId));
  const same = new Set(input.others?.filter(({ isSame }) => isSame).map(({ datasetId }) => datasetId));
  const looksIntoItself = new Set(
    walked.stages.filter(({ lookup }) => lookup && same.has(lookup.datasetId)).map(({ stepId }) => stepId),
  );
  const steps = walked.steps.map((seen) => {
    const rests = sampled.size > 0 && seen.mayFitMoreRows === true;
    const step = previewedStep(seen, { sample: sampled.has(seen.step.id), rests, sampleRows: source.rows });
    return looksIntoItself.has(seen.step.id) ? { ...step, warning: intoItself } : step;
  });
  const tried = { relation: source.relation, schema: source.schema, others, walked, fits: fitted, isSample: isPart };
  const isSeen = steps.every(({ notInSample }) => notInSample === undefined);
  return {
    steps,
    ...rest,
    total: source.total,
    sample: isPart && (restsOnSample || (input.rows !== 'first' && !isChosen)),
    sampleRows: source.rows,
    learned: input.exact ? fitted : [],
    training: isSeen ? await lookAtTraining(session, input, tried) : undefined,
  };
}

/** What is not among the first rows may be further down: the step says so, and nothing is wrong with it yet. */
function previewedStep(
  seen: WalkedStep,
  { sample, rests, sampleRows }: { sample: boolean; rests: boolean; sampleRows: number },
): PreviewedStep {
  const [problem] = seen.problems;
  const step = { ...seenStep(seen), sample };
  if (!problem || !rests) return step;
  const notInSample = `Not seen in the first ${sampleRows.toLocaleString('en-US')} rows: ${problem.message} The pass over the whole file will tell.`;
  return { ...step, problems: [], notInSample };
}

function placeOf({ steps }: Walked, at: number | undefined): number {
  return Math.min(at ?? steps.length, steps.length) - (at === undefined || at >= steps.length ? 1 : 0);
}

async function wholeFile(session: Session, parquet: string): Promise<Head> {
  const table = await openTable(session, parquet);
  return { ...table, rows: table.total, fits: new Map(), whole: table.relation };
}
