import { labelNames } from '../../domain/recipe/label-names.ts';
import { broughtColumns } from '../../domain/recipe/label-looked-up.ts';
import type { MappedStep } from '../../domain/recipe/replayed.ts';
import { quoteName } from '../../domain/recipe/sql-text.ts';
import { chain, type Stage } from '../../domain/recipe/stages.ts';
import { leftOutBy } from '../../domain/recipe/step-kind.ts';
import type { Session } from '../session.ts';

/** Fewer rows than this may be equal by chance. */
const FEWEST_ROWS = 10;

/** Warns of columns that a look-up brings and that say the same as the label, in every row that was looked at. */
export async function copiesOfLabel(
  session: Session,
  relation: string,
  { steps, stages, labels }: { steps: readonly MappedStep[]; stages: readonly Stage[]; labels: readonly string[] },
): Promise<string[]> {
  const names = [...labelNames(steps, labels).before, labels];
  const warnings: string[] = [];
  for (const { stepId, place, sentence, name } of broughtColumns(steps)) {
    const at = steps.findIndex(({ id }) => id === stepId) + 1;
    for (const label of names[at] ?? []) {
      const [mine, theirs] = [label, name].map((each) => `CAST(${quoteName(each)} AS VARCHAR)`);
      const both = `${mine} IS NOT NULL AND ${theirs} IS NOT NULL`;
      const select = `SELECT count(*) FILTER (${both}), count(*) FILTER (${mine} = ${theirs}), count(DISTINCT ${mine})`;
      const [compared, equal, different] = await session.row(
        chain(stages.slice(0, at), relation, (table) => `${select} FROM ${table} WHERE ${leftOutBy} IS NULL`),
      );
      if (Number(compared) < FEWEST_ROWS || Number(equal) < Number(compared) || Number(different) < 2) continue;
      const rows = Number(compared).toLocaleString('en-US');
      warnings.push(
        `Step ${place} (${sentence}) brings “${name}”, which is the same as “${label}” in each of ${rows} rows: the model may only learn to read off what it is to predict. Take the column out, or ignore it.`,
      );
    }
  }
  return warnings;
}
