import { randomUUID } from 'node:crypto';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';
import { defaultWorkspaceId } from '../../db/stores/workspace-store.ts';

/** The database as this code expects it, and this installation's own id in it. */
export async function prepareDatabase(url: string): Promise<void> {
  const database = await openDatabase(url);
  try {
    await migrate(database);
    const { installation, workspaces } = openStores(database);
    await installation.ensure(randomUUID(), Date.now());
    // Times are kept in UTC and shown in the zone of the machine that the workspace was made on.
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    await workspaces.ensure({ id: defaultWorkspaceId, name: 'Default', time_zone: timeZone });
  } finally {
    await database.close();
  }
}
