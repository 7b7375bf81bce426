import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../db/open-database.ts';
import { openStores } from '../../../db/open-stores.ts';

/** Stops in the middle of a transaction, with the write lock in hand, and stays there. */
const [url = '', id = ''] = process.argv.slice(2);
const database = await openDatabase(url);
await database.transaction(async (trx) => {
  await openStores(database).workspaces.ensure({ id, name: 'half-way', time_zone: 'UTC' }, trx);
  console.log('holding');
  await sleep(60_000);
});
