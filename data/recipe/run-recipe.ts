import { TrainyardError } from '../../domain/failures.ts';
import { quoteName } from '../../domain/recipe/sql-text.ts';
import { foldNumber } from '../../domain/recipe/step-kind.ts';
import { lastRegrouping, type Walked, type WalkedStep, walk } from '../../domain/recipe/walk.ts';
import { writeCsv } from '../export-rows.ts';
import type { Session } from '../session.ts';
import { quoteText } from '../sql-text.ts';
import { assignByKey } from './assign-by-key.ts';
import { assignFolds, OWN_FOLDS } from './assign-folds.ts';
import { findLabel, withLabel } from './label-at-split.ts';
import { Fits, learnFrom } from './learn.ts';
import { keptAt, Lookups } from './lookups.ts';
import { Passes } from './passes.ts';
import type { RecipeRun, RunRecipeInput, RunStep } from './recipe-calls.ts';
import { nameOf, seenStep } from './seen-step.ts';
import { openOthers, openTable } from './recipe-table.ts';

/** Rows on which a recipe is tried before the whole file is touched. */
const TRIED_ROWS = 2000;

/** Carries a recipe out on the whole file. Each fitted step is fitted once, on training rows only. */
export async function runRecipe(session: Session, input: RunRecipeInput, parts: string[]): Promise<RecipeRun> {
  const table = await openTable(session, input.parquet);
  const others = await openOthers(session, input.others);
  const lookups = new Lookups(session, others, { keep: keptAt(input, parts) });
  // What is wrong comes to light at once, and so does which step regroups the rows for the last time.
  const few = `(SELECT * FROM ${table.relation} LIMIT ${TRIED_ROWS})`;
  const tryOut = learnFrom(session, few, lookups);
  const tried = await walk({ steps: input.steps, schema: table.schema, others, learn: tryOut });
  // What these rows do not show may be in the others: it is refused only after all of them were learned from.
  const isPart = table.total > TRIED_ROWS;
  refuseProblems(tried, (seen) => isPart && seen.mayFitMoreRows === true);
  const fits = new Fits(table, input);
  const { split } = input;
  const regrouped = input.steps[lastRegrouping(input.steps)]?.id;
  const key = split?.key;
  const label = split && findLabel(tried, others, key?.column ?? split.label, regrouped);
  const passes = new Passes(session, table, {
    lookups,
    watch: false,
    named: 1,
    ofPasses: passesOf(tried, split?.folds || OWN_FOLDS),
    folds: split &&
      label && {
        after: regrouped,
        assign: (relation, schema) => {
          const rows = withLabel(relation, schema, label);
          if (key && !rows.hasLabel) throw unknownKey(key.column);
          return key ? assignByKey(session, rows, split, key) : assignFolds(session, rows, split);
        },
      },
    nameOf: (stepId) => nameOf(tried, stepId),
  });
  await passes.begin();
  const learn = fits.learn((question) => passes.learn(question));
  const folds = split ? split.folds || OWN_FOLDS : 0;
  const walked = await walk({ steps: input.steps, schema: table.schema, others, learn, folds });
  refuseProblems(walked);
  await passes.finish(walked.stages);
  const rowsOut = await writeResult(session, passes, walked, input, parts);
  passes.settle(walked.stages, rowsOut);
  return {
    steps: walked.steps.map((seen): RunStep => {
      const counted = passes.counted.get(seen.step.id);
      const { rowsIn, rowsOut: out } = counted ?? { rowsIn: null, rowsOut: null };
      return { ...seenStep(seen), rowsIn, rowsOut: out, leftOut: (rowsIn ?? 0) - (out ?? 0) };
    }),
    rowsIn: table.total,
    rowsOut,
    schema: walked.schema,
    learned: fits.toKnown(walked.steps),
    lookups: lookups.kept,
    folds: split?.keepFold ? await foldsIn(session, parts[0] as string) : [],
    stratified: split?.stratify === true && !key && label?.name !== undefined,
  };
}

function unknownKey(column: string): TrainyardError {
  return new TrainyardError(
    'BadSettings',
    `“${column}”, by which rows are to be divided, is made after a step that learns from training rows, or is not there.`,
    'Divide by a column that is there before that step.',
  );
}

async function writeResult(
  session: Session,
  passes: Passes,
  { stages, schema }: Walked,
  { split, toCsv }: RunRecipeInput,
  [parquet = '', csv = '']: string[],
): Promise<number> {
  const names = schema.map(({ name }) => quoteName(name));
  if (split?.keepFold) names.push(foldNumber);
  const rows = await passes.write(passes.result(stages, names.join(', ')), schema, parquet);
  if (rows === 0) {
    const hint = 'Look at the steps that leave rows out: one of them takes every row.';
    throw new TrainyardError('BadData', 'No row is left after the last step.', hint);
  }
  if (toCsv !== undefined) await writeCsv(session, { parquet, path: toCsv }, csv);
  return rows;
}

/** About how many times the file is gone through: for each fit, for what leaves rows out, to write. */
function passesOf({ steps, stages }: Walked, folds: number): number {
  const fits = steps.reduce(
    (sum, { learned }) => sum + (learned && learned.all !== null ? 1 + learned.folds.length : 0),
    0,
  );
  const perFold = steps.some(({ learned }) => (learned?.folds.length ?? 0) > 0) ? folds : 0;
  const tables = stages.filter(({ isRowwise }) => !isRowwise).length;
  return fits + perFold + tables + (stages.some(({ leaves }) => leaves) ? 1 : 0) + 1;
}

async function foldsIn(session: Session, parquet: string): Promise<{ fold: number; rows: number }[]> {
  const found = await session.rows(
    `SELECT ${foldNumber}, count(*) FROM read_parquet(${quoteText(parquet)}) GROUP BY 1 ORDER BY 1`,
  );
  return found.map(([fold, rows]) => ({ fold: Number(fold), rows: Number(rows) }));
}

function refuseProblems({ steps }: Walked, mayFit: (seen: WalkedStep) => boolean = () => false): void {
  for (const [n, seen] of steps.entries()) {
    const { problems, sentence } = seen;
    const [problem] = problems;
    if (problem && !mayFit(seen))
      throw new TrainyardError('BadSettings', `Step ${n + 1} (${sentence}): ${problem.message}`, problem.instead);
  }
}
