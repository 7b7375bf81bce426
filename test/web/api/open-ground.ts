import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../../db/migrate.ts';
import { openDatabase } from '../../../db/open-database.ts';
import { openStores, type Stores } from '../../../db/open-stores.ts';
import { jobSpecSchema, type JobSpec } from '../../../domain/job-spec.ts';
import { folderStore } from '../../../infra/local/folder-store.ts';
import type { Store } from '../../../infra/store.ts';

export const who = { workspaceId: 'default', owner: 'ada' };

/** A row that jobs may point to. Its files are not there. */
const aDatasetId = '11111111-1111-4111-8111-111111111111';

export interface Ground {
  folder: string;
  stores: Stores;
  store: Store;
  close(): Promise<void>;
}

/** A real database with its tables and a real store, in a folder of their own. */
export async function openGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-web-'));
  const database = await openDatabase(join(folder, 'trainyard.sqlite'));
  await migrate(database);
  const stores = openStores(database);
  await stores.workspaces.ensure({ id: who.workspaceId, name: 'Default', time_zone: 'UTC' });
  await stores.datasets.insert({
    id: aDatasetId,
    workspace_id: who.workspaceId,
    owner: who.owner,
    name: 'customers.csv',
    content_hash: '0'.repeat(64),
    bytes: 1,
    row_count: 0,
    column_count: 0,
    profile_json: JSON.stringify({ rows: 0, columns: [] }),
    created_at_ms: 1,
  });
  return {
    folder,
    stores,
    store: folderStore(join(folder, 'store')),
    async close() {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function specFor(id: string, more: Partial<JobSpec> = {}): JobSpec {
  return jobSpecSchema.parse({
    id,
    ...who,
    name: 'churn-spring',
    datasetId: aDatasetId,
    task: { kind: 'binary', labels: ['churned'] },
    engine: { name: 'sklearn' },
    ...more,
  });
}
