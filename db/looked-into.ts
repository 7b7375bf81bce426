import type { DatasetProfile } from '../domain/dataset.ts';
import { namedDatasets } from '../domain/recipe/named-datasets.ts';
import type { Step } from '../domain/recipe/recipe.ts';
import type { SqlType, TableSchema } from '../domain/recipe/table-schema.ts';
import type { Stores } from './open-stores.ts';
import type { DatasetRow } from './tables.ts';

/** The ids of datasets without which a recipe cannot be carried out. */
export function lookedInto(steps: readonly Step[]): string[] {
  return namedDatasets(steps.filter(({ on }) => on));
}

/** Their rows, as far as this workspace has them; undefined where one is not there (any more). */
export async function datasetsLookedInto(
  { datasets }: Pick<Stores, 'datasets'>,
  workspaceId: string,
  steps: readonly Step[],
): Promise<DatasetRow[] | undefined> {
  const rows: DatasetRow[] = [];
  for (const id of lookedInto(steps)) {
    const row = await datasets.get(workspaceId, id);
    if (!row) return undefined;
    rows.push(row);
  }
  return rows;
}

export function schemaOf(dataset: Pick<DatasetRow, 'profile_json'>): TableSchema {
  const { columns } = JSON.parse(dataset.profile_json) as DatasetProfile;
  return columns.map(({ name, sqlType }) => ({ name, type: sqlType as SqlType }));
}

type Versioned = Pick<DatasetRow, 'id' | 'content_hash' | 'family_id'>;

/** Whether they are the same bytes, or versions of one dataset. */
export function isSameData(one: Versioned, other: Versioned): boolean {
  return one.content_hash === other.content_hash || (one.family_id ?? one.id) === (other.family_id ?? other.id);
}
