import type { Holder } from '../../domain/ids.ts';
import { fileNameOf } from './model-service.ts';
import type { ServiceOptions } from './options.ts';
import { notFound } from './refused.ts';
import type { LogService, Who } from './services.ts';

/** The log of what a person may see; a job that was removed keeps its log until that is removed too. */
export function logService({ stores, log }: ServiceOptions): LogService {
  const seen = async (who: Who, holder: Holder): Promise<string> => {
    if (holder.kind === 'job') {
      const row = await stores.jobs.get({ workspaceId: who.workspaceId, deleted: true }, holder.id);
      if (row && row.log_deleted_at_ms === null) return row.name;
    } else if (await stores.predictions.get(who.workspaceId, holder.id)) return `prediction ${holder.id}`;
    throw notFound(`${holder.kind} with this id`, 'It may have been removed.');
  };

  return {
    async count(who, holder) {
      await seen(who, holder);
      return log.count(holder);
    },
    async tail(who, holder, lines = 1000) {
      await seen(who, holder);
      return log.tail(holder, lines);
    },
    async before(who, holder, line, lines = 1000) {
      await seen(who, holder);
      return log.before(holder, line, lines);
    },
    async range(who, holder, from, limit) {
      await seen(who, holder);
      return log.range(holder, from, limit);
    },
    async search(who, holder, { text, from = 1, limit = 100 }) {
      await seen(who, holder);
      return log.search(holder, { text, from, limit });
    },
    async raw(who, holder) {
      const fileName = `${fileNameOf(await seen(who, holder))}.log`;
      return {
        fileName,
        contentType: 'text/plain; charset=utf-8',
        bytes: null,
        etag: null,
        open: () => log.raw(holder),
      };
    },
  };
}
