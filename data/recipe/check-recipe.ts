import { performance } from 'node:perf_hooks';
import { walk } from '../../domain/recipe/walk.ts';
import type { Session } from '../session.ts';
import { Fits } from './learn.ts';
import type { LookupPlaces } from './kept-lookups.ts';
import { Lookups } from './lookups.ts';
import { Passes } from './passes.ts';
import type { RecipeCheck, RecipeCheckInput, StepCounts } from './recipe-calls.ts';
import { openOthers, openTable } from './recipe-table.ts';
import { seenStep } from './seen-step.ts';
import { NAMED_ROWS } from './tracked-rows.ts';

/** Goes through the whole file behind a preview: what each step does to how many rows, and to which. */
export async function checkRecipe(
  session: Session,
  input: RecipeCheckInput,
  places: LookupPlaces,
): Promise<RecipeCheck> {
  const began = performance.now();
  const table = await openTable(session, input.parquet);
  const others = await openOthers(session, input.others);
  const fits = new Fits(table, input);
  const passes = new Passes(session, table, {
    lookups: new Lookups(session, others, { places }),
    watch: true,
    named: NAMED_ROWS,
    ofPasses: input.steps.filter(({ on }) => on).length,
    nameOf: (stepId) => stepId,
  });
  const learn = fits.learn((question) => passes.learn(question));
  const walked = await walk({ steps: input.steps, schema: table.schema, others, learn });
  await passes.finish(walked.stages);
  passes.settle(walked.stages, await passes.countRows(walked.stages));
  const none = { count: 0, numbers: [] };
  const missing = { rowsIn: null, rowsOut: null, changedCells: 0, changed: none, failing: none, leftOut: none };
  const steps = walked.steps.map((seen): StepCounts => {
    return { ...seenStep(seen), ...(passes.counted.get(seen.step.id) ?? missing) };
  });
  return {
    steps,
    rowsIn: table.total,
    rowsOut: steps.findLast(({ rowsOut }) => rowsOut !== null)?.rowsOut ?? table.total,
    schema: walked.schema,
    learned: fits.toKnown(walked.steps),
    milliseconds: Math.round(performance.now() - began),
  };
}
