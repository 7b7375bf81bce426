import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Arbitrary, array, oneof, tuple } from 'fast-check';
import { type DataWorker, openDataWorker } from '../../../data/open-data-worker.ts';
import type { OtherDataset, RecipePreview, StepCounts } from '../../../data/recipe/recipe-calls.ts';
import { TrainyardError } from '../../../domain/failures.ts';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import { type Step, stepsSchema } from '../../../domain/recipe/recipe.ts';
import { quoteName, quoteText } from '../../../domain/recipe/sql-text.ts';
import type { TableSchema } from '../../../domain/recipe/table-schema.ts';
import { stepOf } from './any-step.ts';
import { others } from './any-table.ts';
import { withConnection } from './data-engine.ts';
import { makeTable, type StepDraft, type Table } from './run-recipe.ts';

const seed = Number(process.env['RECIPE_SEED'] ?? 5);
const kindNames = stepKinds.map(({ name }) => name);

/**
 * The same recipes each time, others for each kind; with what failed the seed is printed, and RECIPE_SEED tries another.
 * To find the smallest recipe that fails takes many runs, and ends in time to be told.
 */
export const seeded = (numRuns: number, kind = '', round = 0) => ({
  numRuns,
  seed: seed * 1000 + round * kindNames.length + kindNames.indexOf(kind) + 1,
  interruptAfterTimeLimit: 20_000,
  markInterruptAsFailure: true,
});

/** Recipes with one step of a kind among others, which prepare for it or rest on it. */
export function recipeWith(name: string, around = kindNames): Arbitrary<StepDraft[]> {
  const any = oneof(...around.map((each) => stepFor(each)));
  const few = array(any, { maxLength: 2 });
  return tuple(few, stepFor(name), few).map(([before, step, after]) =>
    [...before, step, ...after].map((draft, n) => ({ ...draft, id: draft === step ? 'it' : `s${n}` })),
  );
}

export function stepFor(kind: string): Arbitrary<StepDraft> {
  const made = stepOf[kind];
  if (!made) throw new Error(`test/domain/recipe/any-step.ts has no settings for steps of the kind “${kind}”.`);
  return made;
}

/** The child processes in which recipes are really carried out, and a folder of files. */
export interface RealRecipes {
  worker: DataWorker;
  folder: string;
  given: OtherDataset[];
  /** A path that nothing has yet. */
  path(ending: string): string;
  write(table: Table): Promise<string>;
  /** Steps of which nothing is wrong on this table, and what they make of its first thousand rows. */
  fitting(parquet: string, drafts: readonly StepDraft[]): Promise<{ steps: Step[]; preview: RecipePreview }>;
  close(): Promise<void>;
}

export async function openRealRecipes(): Promise<RealRecipes> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-recipes-'));
  const worker = openDataWorker({ memoryMb: 512, tempFolder: join(folder, 'tmp'), threads: 2 });
  let files = 0;
  const path = (ending: string) => join(folder, `${(files += 1)}${ending}`);
  const write = async (table: Table) => {
    const to = path('.parquet');
    await inEngine(async (connection) => {
      await makeTable(connection, 'written', table);
      const names = Object.keys(table.columns).map(quoteName).join(', ');
      await connection.run(`COPY (SELECT ${names} FROM written) TO ${quoteText(to)} (FORMAT parquet)`);
    });
    return to;
  };
  const given: OtherDataset[] = [];
  for (const [datasetId, other] of Object.entries(others)) {
    given.push({ datasetId, name: other.name, parquet: await write(other) });
  }
  return {
    worker,
    folder,
    given,
    path,
    write,
    fitting: async (parquet, drafts) => {
      const all = stepsSchema.parse(drafts);
      const ask = { parquet, steps: all, others: given, rows: 'first' as const, limit: 1000 };
      const preview = await worker.recipePreview({ ...ask, exact: true });
      return { steps: all.filter((_, n) => preview.steps[n]?.problems.length === 0), preview };
    },
    close: async () => {
      await worker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const inEngine = <Made>(work: (connection: DuckDBConnection) => Promise<Made>) => withConnection(1, work);

/** Every cell as it is shown, row by row. */
export function cellsIn(parquet: string, { schema }: { schema: TableSchema }): Promise<(string | null)[][]> {
  const cells = schema.map(({ name }) => `CAST(${quoteName(name)} AS VARCHAR)`).join(', ');
  return inEngine(async (connection) => {
    const read = await connection.runAndReadAll(`SELECT ${cells} FROM read_parquet(${quoteText(parquet)})`);
    return (read.getRowsJson() as (string | null)[][]).map(cellsOf);
  });
}

/** The engine's files take 0 and −0 for one value, and have either: nothing is said of which. */
const cellsOf = (row: readonly (string | null)[]) => row.map((cell) => (cell === '-0.0' ? '0.0' : cell));

/** The rows of a preview that no step leaves out. */
export const keptOf = ({ rows }: RecipePreview): (string | null)[][] =>
  rows.filter(({ leftOutBy }) => leftOutBy === null).map(({ after }) => cellsOf(after));

/** Of a full run: what came of it, or why the data could not be gone through to the end. */
export async function unlessRefused<Made>(run: Promise<Made>): Promise<Made | { refusal: string }> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof TrainyardError && error.type === 'BadData') return { refusal: error.message };
    throw error;
  }
}

const MOST_ROUNDS = 8;

/** How many steps of each kind really did something to a table: a step that is refused shows nothing. */
export class Worked {
  readonly #times = new Map(stepKinds.map(({ name }) => [name, 0]));

  count(kind: string): void {
    this.#times.set(kind, (this.#times.get(kind) ?? 0) + 1);
  }

  /** Goes on until a kind did something so often: what was made up may have been refused, or change nothing. */
  async until(least: number, kind: string, check: (round: number) => Promise<void>): Promise<void> {
    let round = 0;
    do await check(round);
    while ((this.#times.get(kind) ?? 0) < least && ++round < MOST_ROUNDS);
    expect([kind, Math.min(least, this.#times.get(kind) ?? 0)]).toEqual([kind, least]);
  }
}

/** Whether a step did something to any row, by the check of the whole file. */
export function hasWorked(counts: StepCounts, { kind }: Step, before: TableSchema): boolean {
  const { rowsIn, rowsOut, changed, leftOut, schema } = counts;
  const isOfOtherColumns = JSON.stringify(schema) !== JSON.stringify(before);
  if (isOfOtherColumns || changed.count + leftOut.count > 0 || rowsIn !== rowsOut) return true;
  // What a table step puts into other places or cells is not counted.
  return (kind === 'sort-rows' || kind === 'forward-fill') && (rowsOut ?? 0) > 10;
}
