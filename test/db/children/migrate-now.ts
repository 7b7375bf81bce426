import { migrate } from '../../../db/migrate.ts';
import { openDatabase } from '../../../db/open-database.ts';

const database = await openDatabase(process.argv[2] ?? '');
console.log('migrating');
await migrate(database);
await database.close();
