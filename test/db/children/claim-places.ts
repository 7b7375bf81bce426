import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../../db/open-database.ts';
import { openStores } from '../../../db/open-stores.ts';
import type { Holder } from '../../../domain/ids.ts';

/** Asks for places, claims them in a hurry, holds each for a moment; prints the most that it ever saw granted. */
const [url = '', cloud = '', capacity = '', holders = ''] = process.argv.slice(2);
const database = await openDatabase(url);
const { places } = openStores(database);
let most = 0;

async function look(): Promise<void> {
  const rows = await places.list(cloud);
  most = Math.max(most, rows.filter((row) => row.granted_at_ms !== null).length);
}

async function live(holder: Holder): Promise<void> {
  await places.ask({ holder, workspaceId: 'default', cloud, nowMs: Date.now() });
  while (!(await places.claim(holder, Number(capacity), Date.now())).granted) await sleep(Math.random() * 10);
  await look();
  await sleep(Math.random() * 10);
  await look();
  await places.free(holder);
}

await Promise.all(Array.from({ length: Number(holders) }, () => live({ kind: 'job', id: randomUUID() })));
console.log(most);
await database.close();
