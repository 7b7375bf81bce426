import { openDatabase } from '../../../db/open-database.ts';
import { openStores } from '../../../db/open-stores.ts';

/** Writes two rows at a time, for ever or `count` times, and prints each number once both are committed. */
const [url = '', name = '', count = 'Infinity'] = process.argv.slice(2);
const database = await openDatabase(url);
const { workspaces } = openStores(database);

for (let number = 1; number <= Number(count); number += 1) {
  await database.transaction(async (trx) => {
    for (const half of ['a', 'b']) {
      await workspaces.ensure({ id: `${name}-${number}-${half}`, name, time_zone: 'UTC' }, trx);
    }
  });
  // Said before the next is begun: what this process still kept to itself would be gone with it.
  await new Promise<void>((said) => process.stdout.write(`${number}\n`, () => said()));
}
await database.close();
