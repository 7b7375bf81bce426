import { join } from 'node:path';
import { datasetsLookedInto, isSameData, schemaOf } from '../db/looked-into.ts';
import type { DatasetRow } from '../db/tables.ts';
import { datasetFiles } from '../domain/dataset-files.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Step } from '../domain/recipe/recipe.ts';
import type { TableSchema } from '../domain/recipe/table-schema.ts';
import type { Dependencies } from './dependencies.ts';
import { fromStore } from './scratch.ts';

/** A dataset that steps look things up in, as a file of this machine. */
export interface Other {
  datasetId: string;
  name: string;
  parquet: string;
  schema: TableSchema;
  /** It is the data that the recipe begins with, or another version of it. */
  isSame: boolean;
}

export async function othersOf(
  dependencies: Pick<Dependencies, 'stores' | 'store'>,
  { dataset, steps, folder }: { dataset: DatasetRow; steps: readonly Step[]; folder: string },
): Promise<Other[]> {
  const rows = await datasetsLookedInto(dependencies.stores, dataset.workspace_id, steps);
  if (!rows) throw new TrainyardError('BadData', 'A dataset that the recipe looks things up in has been deleted.');
  const others: Other[] = [];
  for (const row of rows) {
    const parquet = await localCopy(dependencies, row, join(folder, `other-${row.id}.parquet`));
    const isSame = isSameData(dataset, row);
    others.push({ datasetId: row.id, name: row.name, parquet, schema: schemaOf(row), isSame });
  }
  return others;
}

/** Its own path where the store is a folder of this host; ten gigabytes are not copied to be read once. */
export async function localCopy(
  dependencies: Pick<Dependencies, 'store'>,
  dataset: DatasetRow,
  copy: string,
): Promise<string> {
  const { parquet } = datasetFiles(dataset);
  const own = dependencies.store.path?.(parquet);
  if (own !== undefined && (await dependencies.store.exists(parquet))) return own;
  await fromStore(dependencies, parquet, copy);
  return copy;
}
