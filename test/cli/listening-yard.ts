import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customersCsv, openYard, type Yard } from '../web/api/open-yard.ts';

/** A yard that answers at an address, as the command needs it, and files to give it. */
export interface ListeningYard {
  yard: Yard;
  address: string;
  folder: string;
  /** Customers, in the folder. */
  csv: string;
  close(): Promise<void>;
}

/** `answering`: what stands before the application, if anything does. */
export async function openListeningYard(
  answering: (app: RequestListener) => RequestListener = (app) => app,
): Promise<ListeningYard> {
  const yard = await openYard();
  const server = createServer(answering(yard.app)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-cli-'));
  const csv = join(folder, 'customers.csv');
  await writeFile(csv, customersCsv());
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await yard.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { yard, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, folder, csv, close };
}
