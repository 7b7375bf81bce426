import type { OtherDataset } from '../../data/recipe/recipe-calls.ts';
import { isSameData } from '../../db/looked-into.ts';
import type { DatasetRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import { namedDatasets } from '../../domain/recipe/named-datasets.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { withLocalCopy } from './local-copy.ts';
import type { ServiceOptions } from './options.ts';
import type { Who } from './services.ts';

export interface RecipeTables {
  parquet: string;
  others: OtherDataset[];
}

/**
 * The table of a dataset and those that the steps look things up in, as files of this host. One that is not there (any
 * more) is left out: its step says so.
 */
export async function withTables<T>(
  options: Pick<ServiceOptions, 'store' | 'tempFolder' | 'stores'>,
  who: Who,
  given: { dataset: DatasetRow; steps: readonly Step[] },
  use: (tables: RecipeTables) => Promise<T>,
): Promise<T> {
  const found: DatasetRow[] = [];
  for (const id of namedDatasets(given.steps)) {
    const other = await options.stores.datasets.get(who.workspaceId, id);
    if (other) found.push(other);
  }
  const open = async (rest: readonly DatasetRow[], tables: RecipeTables): Promise<T> => {
    const [next, ...later] = rest;
    if (!next) return use(tables);
    return withLocalCopy(options, datasetFiles(next).parquet, (parquet) =>
      open(later, { ...tables, others: [...tables.others, otherDataset(given.dataset, next, parquet)] }),
    );
  };
  return withLocalCopy(options, datasetFiles(given.dataset).parquet, (parquet) => open(found, { parquet, others: [] }));
}

/** A dataset to look things up in, beside the one that a recipe begins with. */
export function otherDataset(first: DatasetRow, other: DatasetRow, parquet: string): OtherDataset {
  const isSame = isSameData(first, other);
  return { datasetId: other.id, name: other.name, parquet, ...(isSame ? { isSame } : {}) };
}
