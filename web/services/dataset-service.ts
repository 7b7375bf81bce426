import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownName } from '../../data/own-name.ts';
import type { User } from '../../db/stores/dataset-store.ts';
import type { DatasetRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { few } from '../../domain/few.ts';
import { guessLabel, guessTask } from '../../domain/guess-task.ts';
import { type ImportOptionsInput, type ImportUsed, optionsOf } from '../../domain/import-options.ts';
import { datasetDownload } from './dataset-download.ts';
import { hashOf } from './job-requests.ts';
import { withLocalCopy } from './local-copy.ts';
import type { ServiceOptions } from './options.ts';
import { conflict, notFound, Refused } from './refused.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import { datasetDetail, datasetSummary, importOf, profileOf } from './row-views.ts';
import { openSamples } from './samples.ts';
import type { DatasetService, HealthService, Removal, UploadedFile, Who } from './services.ts';
import { sizeInWords } from './sizes.ts';
import type { DatasetVersion } from './views.ts';

export interface KeptDataset {
  row: DatasetRow;
  /** False when the same bytes were there under the same name. */
  created: boolean;
}

export interface HowToKeep {
  /** How to read it; what is not said is found. */
  options?: ImportOptionsInput;
  /** Of which dataset it is another version. */
  versionOf?: DatasetRow;
  /** Until it has a row, nobody may want it any more. */
  signal?: AbortSignal | undefined;
}

/** Reads a file, keeps it beside its Parquet in the store, then its row: a rejected file leaves nothing. */
export type KeepDataset = (who: Who, file: UploadedFile, how?: HowToKeep) => Promise<KeptDataset>;

/** How long to wait before looking again whether the removal of these bytes is over. */
const WHILE_GOING_MS = 200;

export function keepDataset(options: ServiceOptions, health: HealthService): KeepDataset {
  const { stores, store, data, tempFolder, uploadLimitMb } = options;
  const now = options.now ?? Date.now;

  return async (who, file, { options: asked = {}, versionOf, signal } = {}) => {
    const problem = await health.lowDisk();
    if (problem !== undefined) throw rejected(507, 'The disk is nearly full', problem);
    const name = nameFor(file.name);
    const parquet = join(tempFolder, `${ownName('web')}${randomUUID()}.parquet`);
    const rejectedRowsFile = `${parquet}.rejected`;
    try {
      const {
        contentHash,
        bytes,
        profile,
        options: used,
        rejectedRows,
      } = await data
        .ingest({
          ...{ path: file.path, name: file.name, toParquet: parquet, toRejected: rejectedRowsFile },
          ...{ limitBytes: uploadLimitMb * 1024 * 1024, options: asked, signal },
        })
        .catch((error: unknown) => {
          throw asRejected(error);
        });
      signal?.throwIfAborted();
      const tableName = tableNameFor(asked, used);
      const keep = async () => {
        await keepFiles({ content_hash: contentHash, table_name: tableName }, file.path, parquet);
        const rejectedObject = rejectedFile({ content_hash: contentHash, table_name: tableName });
        if (rejectedRows > 0 && !(await store.exists(rejectedObject)))
          await store.put(rejectedObject, rejectedRowsFile);
      };
      await keep();
      // Files that have no row are swept away.
      signal?.throwIfAborted();
      const alike = { contentHash, tableName, ...(versionOf ? { versionOf } : { name }) };
      const same = await stores.datasets.uploadedAgain(who.workspaceId, alike, now());
      if (same) {
        await keep();
        return { row: same, created: false };
      }
      const complete = {
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
        table_name: tableName,
        import_json: JSON.stringify({ ...used, rejectedRows }),
      };
      const row = versionOf
        ? await stores.datasets.insertVersion(complete, versionOf)
        : (await stores.datasets.insert(complete)).row;
      await keep();
      return { row, created: true };
    } finally {
      await rm(parquet, { force: true });
      await rm(rejectedRowsFile, { force: true });
    }
  };

  async function keepFiles(
    dataset: Parameters<typeof datasetFiles>[0],
    original: string,
    parquet: string,
  ): Promise<void> {
    const files = datasetFiles(dataset);
    // The last other dataset with these bytes may have been removed just now, and its files are going.
    while (await stores.contents.isBeingRemoved(dataset.content_hash, now())) await sleep(WHILE_GOING_MS);
    if (!(await store.exists(files.original))) await store.put(files.original, original);
    if (!(await store.exists(files.parquet))) await store.put(files.parquet, parquet);
  }
}

/** Each way of reading the same bytes has a table of its own; what is found by itself is the plain one. */
function tableNameFor(asked: ImportOptionsInput, used: ImportUsed): string {
  if (Object.values(asked).every((value) => value === 'auto' || value === 'refuse')) return 'data';
  return `data-${hashOf(optionsOf(used)).slice(0, 16)}`;
}

function rejectedFile(dataset: Parameters<typeof datasetFiles>[0]): string {
  return datasetFiles(dataset).parquet.replace(/\.parquet$/, '.rejected.parquet');
}

export function datasetService(options: ServiceOptions, keep: KeepDataset): DatasetService {
  const { stores, store, data, samplesFolder } = options;
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
      stays: users.length === 0 ? [] : [...staysOf(users)],
      refusal: open.length === 0 ? null : inUseBy(open),
    };
  };

  const versionOfDataset = async (who: Who, row: DatasetRow): Promise<DatasetVersion> => {
    const scope = { workspaceId: who.workspaceId, deleted: true };
    const made = row.made_by_preparation_id && (await stores.preparations.get(scope, row.made_by_preparation_id));
    const [recipe, source] = made
      ? await Promise.all([stores.recipes.get(scope, made.recipe_id), stores.datasets.get(scope, made.dataset_id)])
      : [];
    return {
      ...{ id: row.id, version: row.version, name: row.name, owner: row.owner, rows: row.row_count },
      ...{ columnCount: row.column_count, createdAtMs: row.created_at_ms, removedAtMs: row.deleted_at_ms },
      import: importOf(row).import,
      madeBy: made
        ? {
            ...{ preparationId: made.id, recipeId: made.recipe_id, recipeVersion: made.recipe_version },
            ...{ datasetId: made.dataset_id, datasetName: source?.name ?? 'removed data' },
            recipeName: recipe?.name ?? 'a removed recipe',
          }
        : null,
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
      return withLocalCopy(options, datasetFiles(row).parquet, (parquet) =>
        data.rows({ parquet, offset, limit, random }),
      );
    },
    async image(who, id, { column, row: number }) {
      const row = await find(who, id);
      const { type, bytes } = await withLocalCopy(options, datasetFiles(row).parquet, (parquet) =>
        data.imageCell({ parquet, column, row: number }),
      );
      return { contentType: `image/${type}`, bytes: Buffer.from(bytes, 'base64') };
    },
    async guess(who, id, given) {
      const profile = profileOf(await find(who, id));
      const label = given === undefined ? guessLabel(profile) : { column: given, why: 'You chose it.' };
      const column = profile.columns.find(({ name }) => name === label?.column);
      if (label && column) return { label: label.column, labelWhy: label.why, ...guessTask(column) };
      const names = few(profile.columns.map((each) => `“${each.name}”`));
      const message =
        given === undefined
          ? 'No column of this data looks like something to predict.'
          : `The data has no column “${given}”. It has ${names}.`;
      throw new Refused(422, 'Nothing to predict', message, { problems: [{ field: 'task.labels', message }] });
    },
    async reimport(who, id, given) {
      const row = await find(who, id);
      const { original } = datasetFiles(row);
      if (!(await store.exists(original))) {
        throw conflict('This dataset was made here; there is no file that could be read in another way.');
      }
      const kept = await withLocalCopy(options, original, (path) =>
        keep(who, { path, name: row.name }, { options: given, versionOf: row }),
      );
      return { dataset: datasetDetail(kept.row), created: kept.created };
    },
    async rename(who, id, name) {
      await find(who, id);
      await stores.datasets.rename(who.workspaceId, id, nameFor(name));
      return datasetDetail(await find(who, id));
    },
    async history(who, id) {
      const rows = await stores.datasets.history(who.workspaceId, await find(who, id));
      return Promise.all(rows.map((row) => versionOfDataset(who, row)));
    },
    async download(who, id, format) {
      const row = await find(who, id);
      return datasetDownload(options, row, format);
    },
    async rejected(who, id, { offset = 0, limit = 50 }) {
      const row = await find(who, id);
      const object = rejectedFile(row);
      if (!(await store.exists(object))) throw notFound('row of this dataset that was set aside');
      return withLocalCopy(options, object, (parquet) => data.rows({ parquet, offset, limit }));
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

const usersInWords = {
  sweep: ['sweep over it', 'sweeps over it'],
  job: ['job made with it, with its model', 'jobs made with it, with their models'],
  prediction: ['prediction made with it', 'predictions made with it'],
  preparation: [
    'preparation made with it, and the dataset that it made',
    'preparations made with it, and the datasets that they made',
  ],
  recipe: [
    'recipe that names it, which needs another dataset then',
    'recipes that name it, which need another dataset then',
  ],
} satisfies Record<User['kind'], [string, string]>;

/** “2 jobs made with it, with their models: “churn”, “spring””. */
function* staysOf(users: readonly User[]): Generator<string> {
  for (const [kind, [one, more]] of Object.entries(usersInWords)) {
    const named = users.filter((user) => user.kind === kind);
    if (named.length === 0) continue;
    const names = named.slice(0, 5).map(({ name }) => `“${name}”`);
    const rest = named.length > names.length ? ' …' : '';
    yield `${named.length} ${named.length === 1 ? one : more}: ${names.join(', ')}${rest}`;
  }
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
