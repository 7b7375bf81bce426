import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  PreparationDetail,
  PreparationView,
  RecipeDetail,
  RecipeFit,
  RecipeSummary,
} from '../web/services/recipe-views.ts';
import type { ApiClient } from './client.ts';
import { exitCodes, Usage } from './exit-codes.ts';
import { type Output, save } from './output.ts';
import { recipeIdOf, recipesTable } from './recipe-of.ts';
import { many, sizeOf } from './show.ts';
import { uploadDataset } from './upload-file.ts';

const api = '/api/v1';
const POLL_MS = 500;

export interface PrepareOptions {
  dataset?: string;
  recipeVersion?: string;
  name?: string;
  follow?: boolean;
  output?: string;
  format: string;
}

/** Datasets and recipes from the command line. Each answers with its exit code. */
export function dataCommands(client: ApiClient, out: Output) {
  const recipeOf = (given: string) => recipeIdOf(client, given);

  /** Until its end; Ctrl-C lets go of it and leaves it running. */
  const watch = async (id: string): Promise<PreparationDetail | undefined> => {
    const gone = new AbortController();
    const letGo = () => gone.abort();
    process.once('SIGINT', letGo);
    try {
      for (
        let said = '';
        !gone.signal.aborted;
        await sleep(POLL_MS, undefined, { signal: gone.signal }).catch(() => {})
      ) {
        const now = await client.get<PreparationDetail>(`${api}/preparations/${id}`);
        if (now.phase === 'done') return now;
        const says = progressText(now);
        if (says !== said) out.aside(says);
        said = says;
      }
      return undefined;
    } finally {
      process.off('SIGINT', letGo);
    }
  };

  return {
    async upload(file: string, options: { name?: string; option?: string[] }): Promise<number> {
      const dataset = await uploadDataset(client, {
        file,
        name: options.name,
        options: optionsFrom(options.option ?? []),
        onProgress: (sentence) => out.aside(sentence),
      });
      const aside = dataset.rejectedRows > 0 ? `, ${many(dataset.rejectedRows, 'row')} set aside` : '';
      out.show(dataset, `${dataset.id}  ${dataset.name}: ${sizeOf(dataset)}${aside}`);
      return exitCodes.done;
    },

    async recipes(options: { search?: string; limit?: string }): Promise<number> {
      const page = await client.get<{ items: RecipeSummary[]; total: number }>(`${api}/recipes`, {
        search: options.search,
        limit: options.limit,
      });
      out.show(page, recipesTable(page.items));
      if (page.total > page.items.length) out.aside(`${page.items.length} of ${page.total}; --limit shows more.`);
      return exitCodes.done;
    },

    async exportRecipe(given: string, options: { output: string; recipeVersion?: string }): Promise<number> {
      const id = await recipeOf(given);
      const version =
        options.recipeVersion === undefined ? '' : `?version=${encodeURIComponent(options.recipeVersion)}`;
      await save(await client.download(`${api}/recipes/${id}/export${version}`), options.output);
      if (options.output !== '-') out.show({ recipeId: id, file: options.output }, `Saved to ${options.output}.`);
      return exitCodes.done;
    },

    async importRecipe(file: string, options: { dataset: string; name?: string }): Promise<number> {
      const { recipe, fit } = await client.post<{ recipe: RecipeDetail; fit: RecipeFit }>(`${api}/recipes/import`, {
        datasetId: options.dataset,
        yaml: textOf(file),
        ...(options.name === undefined ? {} : { name: options.name }),
      });
      const problems = fit.steps.flatMap(({ place, problems: each }) =>
        each.map(({ message, instead }) => `  Step ${place}: ${message} ${instead}`),
      );
      out.show({ recipe, fit }, [`${recipe.id}  ${recipe.name}`, fit.sentence, ...problems].join('\n'));
      return exitCodes.done;
    },

    async prepare(given: string, options: PrepareOptions): Promise<number> {
      if (options.recipeVersion !== undefined && !/^[1-9]\d*$/.test(options.recipeVersion)) {
        throw new Usage(`“${options.recipeVersion}” is no number of a version.`);
      }
      const asked = {
        recipeId: await recipeOf(given),
        ...(options.dataset === undefined ? {} : { datasetId: options.dataset }),
        ...(options.recipeVersion === undefined ? {} : { version: Number(options.recipeVersion) }),
        ...(options.name === undefined ? {} : { name: options.name }),
      };
      // One key for this one call: a lost answer that is asked for again is still one preparation.
      const { preparation, sentence } = await client.post<{ preparation: PreparationView; sentence: string }>(
        `${api}/preparations`,
        asked,
        { 'Idempotency-Key': randomUUID() },
      );
      if (!options.follow && options.output === undefined) {
        out.show(preparation, `${sentence} ${preparation.id}`);
        return exitCodes.done;
      }
      out.aside(`${sentence} ${preparation.id}`);
      const done = await watch(preparation.id);
      if (!done) {
        out.aside('It goes on; its dataset will be in the list.');
        return 130;
      }
      await client.post(`${api}/preparations/${done.id}/seen`);
      if (done.outcome !== 'succeeded' || done.outputDatasetId === null) {
        out.show(done, `${done.outcome ?? ''}: ${done.reason ?? done.sentence}`);
        return exitCodes.notSucceeded;
      }
      if (options.output !== undefined) {
        const path = `${api}/datasets/${done.outputDatasetId}/download?format=${options.format}`;
        await save(await client.download(path), options.output);
      }
      if (options.output !== '-') out.show(done, `${done.reason ?? ''} ${done.outputDatasetId}`);
      return exitCodes.done;
    },
  };
}

function progressText({ sentence, rowsDone, rowsTotal, secondsLeft }: PreparationView): string {
  const rows = rowsTotal === null || rowsDone === 0 ? '' : ` ${rowsDone} of ${many(rowsTotal, 'row')}`;
  return `${sentence}${rows}${secondsLeft === null ? '' : `, about ${secondsLeft} s left`}`;
}

/** `delimiter=;` and `firstRow=3`, as the server knows them. */
function optionsFrom(given: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Usage(`“${pair}” is not name=value.`);
      const value = pair.slice(at + 1);
      return [pair.slice(0, at), /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}
