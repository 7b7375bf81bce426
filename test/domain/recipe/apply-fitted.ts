import { type FittedRecipe, fittedRecipeSchema, inputTable } from '../../../domain/recipe/fitted-recipe.ts';
import { fitForPredicting, type PredictingInput } from '../../../domain/recipe/predicting.ts';
import { withConnection } from './data-engine.ts';
import { type Cell, cellOf, makeOthers, makeTable, otherName, type Run, schemaOf, type Table } from './run-recipe.ts';

export interface Applied {
  /** The step that left each row out, or null; then its values. */
  rows: Cell[][];
  columns: string[];
}

type Options = Pick<PredictingInput, 'labels' | 'features'>;

/** What a model would keep of a recipe that was run. */
export function fittedFrom(run: Run, table: Table, options: Options, others: Others = {}): FittedRecipe {
  const known = new Map(Object.entries(others).map(([id, each]) => [id, { name: each.name, schema: schemaOf(each) }]));
  const made = fitForPredicting({
    walked: run.walked,
    schema: schemaOf(table),
    others: known,
    duckdb: '1.5.6',
    ...options,
  });
  if ('problems' in made) throw new Error(made.problems.map(({ message }) => message).join('\n'));
  return fittedRecipeSchema.parse(JSON.parse(JSON.stringify(made.fitted)));
}

type Others = Record<string, Table & { name: string }>;

/** Carries a fitted recipe out as a model would: from its JSON, in a data engine that knows nothing else. */
export function applyFitted(
  fitted: FittedRecipe,
  input: Table,
  around: { run?: Run; others?: Others; threads?: number } = {},
): Promise<Applied> {
  return withConnection(around.threads ?? 1, async (connection) => {
    await makeTable(connection, inputTable, input);
    await makeOthers(connection, around.others ?? {});
    for (const { lookup } of around.run?.walked.stages ?? []) {
      if (!lookup || !fitted.lookups.some(({ name }) => name === lookup.name)) continue;
      await connection.run(`CREATE TEMP TABLE ${lookup.name} AS ${lookup.sql(otherName(lookup.datasetId))}`);
    }
    const result = await connection.runAndReadAll(fitted.applySql);
    const types = result.columnTypes().map(String);
    return {
      columns: result.columnNames().slice(2),
      rows: result.getRowsJson().map((row) => row.slice(1).map((cell, n) => cellOf(cell, types[n + 1]))),
    };
  });
}
