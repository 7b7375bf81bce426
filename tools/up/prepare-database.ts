import { randomUUID } from 'node:crypto';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';

/** The database as this code expects it, and this installation's own id in it. */
export async function prepareDatabase(url: string): Promise<void> {
  const database = await openDatabase(url);
  try {
    await migrate(database);
    await openStores(database).installation.ensure(randomUUID(), Date.now());
  } finally {
    await database.close();
  }
}
