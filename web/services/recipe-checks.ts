import type { DataProgress } from '../../data/data-calls.ts';
import type { KnownFit, RecipeCheck } from '../../data/recipe/recipe-calls.ts';
import type { DatasetRow, RecipeRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { withTables } from './dataset-tables.ts';
import type { ServiceOptions } from './options.ts';
import type { RecipeCheckView } from './recipe-views.ts';
import type { Who } from './services.ts';

/** Recipes of which the latest check is remembered. One that is forgotten is made again when it is asked for. */
const MOST_REMEMBERED = 50;

interface Check {
  position: number;
  datasetId: string;
  state: 'running' | 'done' | 'failed';
  progress: DataProgress | null;
  result: RecipeCheck | null;
  failure: string | null;
}

/** Passes over whole files, each of the newest draft of a recipe; a newer one ends the one before. */
export function recipeChecks(options: ServiceOptions) {
  const { data, onError } = options;
  const latest = new Map<string, Check>();
  const learned = new Map<string, { datasetId: string; fits: KnownFit[] }>();

  const remember = <T>(map: Map<string, T>, id: string, value: T) => {
    map.delete(id);
    map.set(id, value);
    for (const oldest of map.keys()) {
      if (map.size <= MOST_REMEMBERED) break;
      map.delete(oldest);
    }
  };

  const viewOf = (row: RecipeRow, datasetId: string): RecipeCheckView => {
    const check = latest.get(row.id);
    const about = { position: row.position, datasetId };
    if (!check || check.position !== row.position || check.datasetId !== datasetId) {
      return { ...about, state: 'none', progress: null, result: null, failure: null };
    }
    const { state, progress, result, failure } = check;
    return { ...about, state, progress, result: result && shown(result), failure };
  };

  const run = async (who: Who, row: RecipeRow, dataset: DatasetRow, steps: Step[], check: Check) => {
    try {
      const result = await withTables(options, who, { dataset, steps }, (tables) =>
        data.recipeCheck({
          ...{ ...tables, steps, key: `${who.workspaceId}/${row.id}`, learned: fitsOf(row.id, dataset.id) },
          onProgress: (progress) => {
            check.progress = progress;
          },
        }),
      );
      Object.assign(check, { state: 'done', result, progress: null } satisfies Partial<Check>);
      remember(learned, row.id, { datasetId: dataset.id, fits: result.learned });
    } catch (error) {
      const overtaken = (error as Error).name === 'AbortError';
      const failure = overtaken ? 'A newer check took the place of this one.' : failureOf(error);
      Object.assign(check, { state: 'failed', failure, progress: null } satisfies Partial<Check>);
      if (!overtaken && !(error instanceof TrainyardError)) onError(error);
    }
  };

  const fitsOf = (recipeId: string, datasetId: string): KnownFit[] => {
    const known = learned.get(recipeId);
    return known?.datasetId === datasetId ? known.fits : [];
  };

  return {
    begin(who: Who, row: RecipeRow, dataset: DatasetRow, steps: Step[]): RecipeCheckView {
      const { state } = viewOf(row, dataset.id);
      // What failed may have met a bad moment: it is made again when somebody asks again.
      if (state === 'none' || state === 'failed') {
        const check: Check = {
          ...{ position: row.position, datasetId: dataset.id, state: 'running' as const },
          ...{ progress: null, result: null, failure: null },
        };
        remember(latest, row.id, check);
        void run(who, row, dataset, steps, check);
      }
      return viewOf(row, dataset.id);
    },
    look: viewOf,
    /** What fitted steps learned from the whole file, for previews; what no longer holds is not used there. */
    learned: fitsOf,
  };
}

/** Without what was learned, which is for the engine and may be large. */
function shown({ learned: _learned, ...rest }: RecipeCheck): NonNullable<RecipeCheckView['result']> {
  return rest as unknown as NonNullable<RecipeCheckView['result']>;
}

function failureOf(error: unknown): string {
  if (!(error instanceof TrainyardError)) return 'Trainyard met an error that it did not expect.';
  return error.hint ? `${error.message} ${error.hint}` : error.message;
}
