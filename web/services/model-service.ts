import { createHash } from 'node:crypto';
import { countOf } from '../../db/read-models/jobs-models.ts';
import type { ModelRow } from '../../db/tables.ts';
import type { ServiceOptions } from './options.ts';
import { conflict, notFound } from './refused.ts';
import { modelDetail, modelSummary } from './row-views.ts';
import { extrasOf } from './model-extras.ts';
import type { Download, ModelService, Removal, Who } from './services.ts';
import { sizeInWords } from './sizes.ts';

export function modelService(options: ServiceOptions): ModelService {
  const { stores, store } = options;
  const now = options.now ?? Date.now;

  const find = async (who: Who, id: string): Promise<ModelRow> => {
    const row = await stores.models.get(who.workspaceId, id);
    if (!row) throw notFound('model with this id', 'It may have been removed. See the list of models.');
    return row;
  };

  const removal = async (who: Who, row: ModelRow): Promise<Removal> => {
    const users = await stores.models.usedBy(who.workspaceId, row.id);
    const names = users.map((user) => `the ${user.kind} “${user.name}”`).join(', ');
    return {
      goes: [`the model “${row.name}” (${sizeInWords(row.archive_bytes)}) with its report`],
      stays: ['the job that made it, with its log and cost', 'predictions that it made'],
      refusal: users.length === 0 ? null : `It is in use by ${names}. Wait for the end, or cancel.`,
    };
  };

  return {
    get: async (who, id) => modelDetail(await find(who, id)),

    async list(who, { offset = 0, limit = 50, search }) {
      const [rows, total] = await Promise.all([
        stores.models.list(who.workspaceId, { offset, limit, ...(search === undefined ? {} : { text: search }) }),
        countOf(stores.database, 'models', who.workspaceId, search === undefined ? {} : { nameHas: search }),
      ]);
      return { items: rows.map(modelSummary), total, offset, limit };
    },

    async ofJob(who, jobId) {
      const job = await stores.jobs.get(who.workspaceId, jobId);
      if (!job) throw notFound('job with this id', 'It may have been removed. See the list of jobs.');
      const row = await stores.models.findByJob(jobId);
      if (row && row.deleted_at_ms === null) return modelDetail(row);
      if (job.phase !== 'done') throw notFound('model of this job yet', 'It is there when the job is done.');
      throw notFound('model of this job', row ? 'It was removed.' : (job.reason ?? 'It left none.'));
    },

    async archive(who, id) {
      const row = await find(who, id);
      const about = { contentType: 'application/zip', fileName: `${fileNameOf(row.name)}.zip` };
      return {
        ...(await storedDownload(options, `models/${id}/model.zip`, about)),
        bytes: row.archive_bytes,
        etag: row.archive_hash,
      };
    },

    async extra(who, id, name) {
      const row = await find(who, id);
      const extra = extrasOf(row.report_json).find((each) => each.name === name);
      if (!extra) throw notFound(`file “${name}” of this model`, 'The report names those that there are.');
      const about = { contentType: 'application/octet-stream', fileName: `${fileNameOf(row.name)} ${name}` };
      return {
        ...(await storedDownload(options, `models/${id}/extras/${name}`, about)),
        bytes: extra.bytes,
        etag: `${row.archive_hash}-${name}`,
      };
    },

    async reportHtml(who, id) {
      const row = await find(who, id);
      const about = { contentType: 'text/html; charset=utf-8', fileName: `${fileNameOf(row.name)} report.html` };
      return {
        ...(await storedDownload(options, `models/${id}/report.html`, about)),
        // The cost comes into it when the model has long been kept, and every time the report of the row changes with it.
        etag: `${createHash('sha256').update(row.report_json).digest('hex').slice(0, 32)}-report`,
      };
    },

    removal: async (who, id) => removal(who, await find(who, id)),

    async remove(who, id) {
      const row = await find(who, id);
      const what = await removal(who, row);
      if (what.refusal !== null) throw conflict(what.refusal);
      await stores.database.transaction(async (trx) => {
        await stores.models.hold(who.workspaceId, id, trx);
        const users = await stores.models.usedBy(who.workspaceId, id, trx);
        if (users.length > 0) throw conflict('It has just come into use. Wait for the end, or cancel.');
        await stores.models.softDelete(who.workspaceId, id, now(), trx);
      });
      for (const object of await store.list(`models/${id}/`)) await store.remove(object);
      return what;
    },
  };
}

/** An object of the store as a file to send. */
export async function storedDownload(
  { store }: Pick<ServiceOptions, 'store'>,
  object: string,
  about: { contentType: string; fileName: string },
): Promise<Download> {
  if (!(await store.exists(object))) throw notFound(`file “${about.fileName}”`, 'It is no longer in the store.');
  return { ...about, bytes: null, etag: null, open: (range) => store.openRead(object, range) };
}

/** A name that every file system takes. */
export function fileNameOf(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N} ._-]+/gu, '-').replace(/^[. -]+/, '');
  return plain === '' ? 'model' : plain.slice(0, 80);
}
