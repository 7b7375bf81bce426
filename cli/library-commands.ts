import type { PreparationView } from '../web/services/recipe-views.ts';
import type { DatasetSummary, PredictionSummary } from '../web/services/views.ts';
import type { ApiClient } from './client.ts';
import { exitCodes, Usage } from './exit-codes.ts';
import type { Output } from './output.ts';
import { datasetsTable, predictionsTable, preparationsTable } from './show.ts';

const api = '/api/v1';

export const kindsToDelete = ['job', 'model', 'prediction', 'dataset', 'sweep'] as const;
export type KindToDelete = (typeof kindsToDelete)[number];

interface Page<Item> {
  items: Item[];
  total: number;
}

interface Removal {
  goes: string[];
  stays: string[];
}

/** What is kept: listed, and taken away. `jobNamed` finds a job by its name or the beginning of its id. */
export function libraryCommands(client: ApiClient, out: Output, jobNamed: (given: string) => Promise<string>) {
  const show = <Item>(page: Page<Item>, table: (items: Item[]) => string) => {
    out.show(page, table(page.items));
    if (page.total > page.items.length) out.aside(`${page.items.length} of ${page.total}; --limit shows more.`);
    return exitCodes.done;
  };

  /** Of things without a name of their own: by the beginning of their id. */
  const idAmong = async (
    kind: 'model' | 'prediction' | 'dataset' | 'preparation' | 'sweep',
    given: string,
  ): Promise<string> => {
    const { items } = await client.get<Page<{ id: string }>>(`${api}/${kind}s`, { limit: 500 });
    const [only, ...others] = items.filter(({ id }) => id.startsWith(given.toLowerCase()));
    if (!only) throw new Usage(`No ${kind} has an id that begins with “${given}”.`);
    if (others.length > 0)
      throw new Usage(`${others.length + 1} ids of ${kind}s begin with “${given}”. Give more of it.`);
    return only.id;
  };

  return {
    datasets: async ({ limit }: { limit?: string }): Promise<number> =>
      show(await client.get<Page<DatasetSummary>>(`${api}/datasets`, { limit }), datasetsTable),

    async predictions(options: { limit?: string; cancel?: string }): Promise<number> {
      if (options.cancel === undefined)
        return show(
          await client.get<Page<PredictionSummary>>(`${api}/predictions`, { limit: options.limit }),
          predictionsTable,
        );
      const id = await idAmong('prediction', options.cancel);
      const asked = await client.post<{ sentence: string }>(`${api}/predictions/${id}/cancel`);
      out.show(asked, asked.sentence);
      return exitCodes.done;
    },

    async preparations(options: { limit?: string; cancel?: string }): Promise<number> {
      if (options.cancel === undefined)
        return show(
          await client.get<Page<PreparationView>>(`${api}/preparations`, { limit: options.limit }),
          preparationsTable,
        );
      const id = await idAmong('preparation', options.cancel);
      const asked = await client.post<{ sentence: string }>(`${api}/preparations/${id}/cancel`);
      out.show(asked, asked.sentence);
      return exitCodes.done;
    },

    async delete(given: string, options: { kind: KindToDelete; withLog?: boolean }): Promise<number> {
      const { kind } = options;
      if (options.withLog && kind !== 'job') throw new Usage('--with-log goes with a job.');
      const id = kind === 'job' ? await jobNamed(given) : await idAmong(kind, given);
      const removed = await client.delete<Removal>(`${api}/${kind}s/${id}${options.withLog ? '?withLog=true' : ''}`);
      const stays = removed.stays.map((each) => `Stays: ${each}`);
      out.show(removed, [...removed.goes.map((each) => `Gone: ${each}`), ...stays].join('\n'));
      return exitCodes.done;
    },
  };
}
