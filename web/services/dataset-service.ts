import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../../db/stores/dataset-store.ts';
import type { DatasetRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { guessLabel, guessTask } from '../../domain/guess-task.ts';
import { withLocalCopy } from './local-copy.ts';
import type { ServiceOptions } from './options.ts';
import { notFound, Refused } from './refused.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import { datasetDetail, datasetSummary, profileOf } from './row-views.ts';
import { openSamples } from './samples.ts';
import type { DatasetService, HealthService, Removal, UploadedFile, Who } from './services.ts';
import { sizeInWords } from './sizes.ts';

export interface KeptDataset {
  row: DatasetRow;
  /** False when the same bytes were there under the same name. */
  created: boolean;
}

/** Reads a file, keeps it beside its Parquet in the store, then its row: a rejected file leaves nothing. */
export type KeepDataset = (who: Who, file: UploadedFile) => Promise<KeptDataset>;

/** How long to wait before looking again whether the removal of these bytes is over. */
const WHILE_GOING_MS = 200;

export function keepDataset(options: ServiceOptions, health: HealthService): KeepDataset {
  const { stores, store, data, tempFolder, uploadLimitMb } = options;
  const now = options.now ?? Date.now;

  return async (who, file) => {
    const problem = await health.lowDisk();
    if (problem !== undefined) throw rejected(507, 'The disk is nearly full', problem);
    const name = nameFor(file.name);
    const parquet = join(tempFolder, `${randomUUID()}.parquet`);
    try {
      const { contentHash, bytes, profile } = await data
        .ingest({ path: file.path, name: file.name, toParquet: parquet, limitBytes: uploadLimitMb * 1024 * 1024 })
        .catch((error: unknown) => {
          throw asRejected(error);
        });
      const keep = () => keepFiles(contentHash, file.path, parquet);
      await keep();
      const same = await stores.datasets.uploadedAgain(who.workspaceId, { contentHash, name }, now());
      if (same) {
        await keep();
        return { row: same, created: false };
      }
      const { row } = await stores.datasets.insert({
        id: randomUUID(),
        workspace_id: who.workspaceId,
        owner: who.owner,
        name,
        content_hash: contentHash,
        bytes,
        row_count: profile.rows,
        column_count: profile.columns.length,
        profile_json: JSON.stringify(profile),
        created_at_ms: now(),
      });
      await keep();
      return { row, created: true };
    } finally {
      await rm(parquet, { force: true });
    }
  };

  async function keepFiles(contentHash: string, original: string, parquet: string): Promise<void> {
    const files = filesOf(contentHash);
    // The last other dataset with these bytes may have been removed just now, and its files are going.
    while (await stores.contents.isBeingRemoved(contentHash, now())) await sleep(WHILE_GOING_MS);
    if (!(await store.exists(files.original))) await store.put(files.original, original);
    if (!(await store.exists(files.parquet))) await store.put(files.parquet, parquet);
  }
}

export function filesOf(contentHash: string): { original: string; parquet: string } {
  return { original: `datasets/${contentHash}/original`, parquet: `datasets/${contentHash}/data.parquet` };
}

export function datasetService(options: ServiceOptions, keep: KeepDataset): DatasetService {
  const { stores, data, samplesFolder } = options;
  const now = options.now ?? Date.now;
  const samples = openSamples(samplesFolder);

  const find = async (who: Who, id: string): Promise<DatasetRow> => {
    const row = await stores.datasets.get(who.workspaceId, id);
    if (!row) throw notFound('dataset with this id', 'It may have been removed. See the list of datasets.');
    return row;
  };

  const removal = async (who: Who, row: DatasetRow): Promise<Removal> => {
    const users = await stores.datasets.usedBy(who.workspaceId, row.id);
    const open = users.filter((user) => user.phase !== 'done');
    const isShared = await stores.datasets.isShared(who.workspaceId, row);
    const files = `the file “${row.name}” (${sizeInWords(row.bytes)}) and what was made from it`;
    return {
      goes: [isShared ? `the entry “${row.name}”; another dataset holds the same file, which stays` : files],
      stays: users.length === 0 ? [] : [`${users.length} jobs and predictions made with it, and their models`],
      refusal: open.length === 0 ? null : inUseBy(open),
    };
  };

  return {
    upload: async (who, file) => datasetDetail((await keep(who, file)).row),
    samples: () => samples.list(),
    async addSample(who, name) {
      const sample = await samples.get(name);
      if (!sample) throw notFound(`sample called “${name}”`);
      return datasetDetail((await keep(who, { path: sample.path, name: sample.fileName })).row);
    },
    get: async (who, id) => datasetDetail(await find(who, id)),
    async list(who, { offset = 0, limit = 50, search }) {
      const rows = await stores.datasets.list(who.workspaceId, {
        offset,
        limit,
        ...(search === undefined ? {} : { text: search }),
      });
      const total = await countOf(
        stores.database,
        'datasets',
        who.workspaceId,
        search === undefined ? {} : { nameHas: search },
      );
      return { items: rows.map(datasetSummary), total, offset, limit };
    },
    async preview(who, id, { offset = 0, limit = 50, random = false }) {
      const row = await find(who, id);
      return withLocalCopy(options, filesOf(row.content_hash).parquet, (parquet) =>
        data.rows({ parquet, offset, limit, random }),
      );
    },
    async guess(who, id, given) {
      const profile = profileOf(await find(who, id));
      const label = given === undefined ? guessLabel(profile) : { column: given, why: 'You chose it.' };
      const column = profile.columns.find(({ name }) => name === label?.column);
      if (label && column) return { label: label.column, labelWhy: label.why, ...guessTask(column) };
      const names = profile.columns.map(({ name }) => `“${name}”`).join(', ');
      const message =
        given === undefined
          ? 'No column of this data looks like something to predict.'
          : `The data has no column “${given}”. It has ${names}.`;
      throw new Refused(422, 'Nothing to predict', message, { problems: [{ field: 'task.labels', message }] });
    },
    removal: async (who, id) => removal(who, await find(who, id)),
    async remove(who, id) {
      const row = await find(who, id);
      const what = await removal(who, row);
      // Asked once more where nobody can come between. The files go later, by reconcile: once the row is gone, and only
      // if no other row needs the same bytes.
      const open = await stores.datasets.removeUnused(who.workspaceId, id, now());
      if (open.length > 0) throw new Refused(409, 'In use', inUseBy(open));
      return what;
    },
  };
}

function inUseBy(users: readonly User[]): string {
  return `It is in use by ${users.map((user) => `the ${user.kind} “${user.name}”`).join(', ')}. Wait for the end, or cancel.`;
}

/** What browsers send as a name may be a path, and may be anything. */
function nameFor(fileName: string): string {
  const name = basename(fileName.replaceAll('\\', '/'))
    // oxlint-disable-next-line no-control-regex -- they are what is taken out
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .trim();
  return name === '' ? 'data.csv' : name.slice(0, 200);
}

function asRejected(error: unknown): unknown {
  if (!(error instanceof TrainyardError) || error.type !== 'BadData') return error;
  return rejected(422, 'The file cannot be used', error.message, error.hint);
}

function rejected(status: number, title: string, message: string, hint?: string): Refused {
  const problems = [{ field: 'file', message }];
  return new Refused(status, title, message, { problems, ...(hint === undefined ? {} : { hint }) });
}
