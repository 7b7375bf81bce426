import type { JobRow } from '../../db/tables.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import { formatMoney } from '../../domain/money.ts';
import { logFolderOf } from '../../infra/object-names.ts';
import type { ServiceOptions } from './options.ts';
import { conflict } from './refused.ts';
import type { Removal, Who } from './services.ts';
import { sizeInWords } from './sizes.ts';

/** Names what goes with a job, and takes it away in an order that can be repeated after a crash: its own row last. */
export function jobRemoval(options: ServiceOptions) {
  const { stores, store } = options;
  const now = options.now ?? Date.now;

  const name = async (who: Who, row: JobRow, { withLog }: { withLog: boolean }): Promise<Removal> => {
    const holder = { kind: 'job', id: row.id } as const;
    const found = await stores.models.findByJob(row.id);
    const model = found && found.deleted_at_ms === null ? found : undefined;
    const log = await stores.log.stats(holder);
    const goes = ['its entry in the list of jobs'];
    const stays = [`its cost (${formatMoney(row.cost_micros ?? 0)})`];
    if (model) {
      goes.push(`the model “${model.name}” (${sizeInWords(model.archive_bytes)}) with its report`);
      const predictions = await countOf(stores.database, 'predictions', who.workspaceId, { modelId: model.id });
      if (predictions > 0) stays.push(`${predictions} predictions that the model made`);
    }
    if (log.lines > 0) (withLog ? goes : stays).push(`its log (${log.lines} lines, ${sizeInWords(log.bytes)})`);
    return { goes, stays, refusal: await refusalOf(who, row, model?.id) };
  };

  const refusalOf = async (who: Who, row: JobRow, modelId: string | undefined): Promise<string | null> => {
    if (row.phase !== 'done') return 'It is not done. Cancel it first, and wait until its machine is gone.';
    const users = modelId === undefined ? [] : await stores.models.usedBy(who.workspaceId, modelId);
    if (users.length === 0) return null;
    const names = users.map((user) => `the ${user.kind} “${user.name}”`).join(', ');
    return `Its model is in use by ${names}. Wait for the end, or cancel.`;
  };

  return {
    name,
    async remove(who: Who, row: JobRow, { withLog }: { withLog: boolean }): Promise<Removal> {
      const what = await name(who, row, { withLog });
      if (what.refusal !== null) throw conflict(what.refusal);
      await stores.database.transaction(async (trx) => {
        // Asked again where nobody can come between: from here on no prediction can begin with it.
        const model = await stores.models.holdOfJob(row.id, trx);
        if (!model || model.deleted_at_ms !== null) return;
        const users = await stores.models.usedBy(who.workspaceId, model.id, trx);
        if (users.length > 0) throw conflict('Its model has just come into use. Wait for the end, or cancel.');
        await stores.models.softDelete(who.workspaceId, model.id, now(), trx);
      });
      for (const object of await store.list(`models/${row.id}/`)) await store.remove(object);
      if (withLog) {
        const holder = { kind: 'job', id: row.id } as const;
        for (const object of await store.list(logFolderOf(holder))) await store.remove(object);
        await stores.log.deleteAll(holder);
        await stores.jobs.markLogDeleted(who.workspaceId, row.id, now());
      }
      await stores.jobs.softDelete(who.workspaceId, row.id, now());
      return what;
    },
  };
}
