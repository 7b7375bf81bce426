import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { bucketNameOf } from '../../domain/ids.ts';
import type { AuditedKind } from '../cloud-sim/gcp/audit.ts';
import { signIn } from '../cloud-sim/gcp/sign-in.ts';
import { killHard } from '../e2e/lost-machine.ts';
import { type RunningYard, waitFor } from '../e2e/running-yard.ts';
import { yardDatabase } from '../e2e/yard-database.ts';
import { terraformsIn } from '../infra/gcp/terraform-processes.ts';
import type { GoogleYard } from './open-google-yard.ts';

/** By the cloud's own account: a thing of that job came to be, or went. */
export async function untilAudited(
  { google }: Pick<GoogleYard, 'google'>,
  id: string,
  act: 'created' | 'deleted',
  kind: AuditedKind,
): Promise<void> {
  const isIt = (entry: { act: string; kind: string; name: string }) =>
    entry.act === act && entry.kind === kind && entry.name.includes(id);
  await waitFor(`the ${kind} of ${id} is ${act}`, async () => (await google.audit()).some(isIt), 120);
}

export async function untilPhase({ yard }: Pick<GoogleYard, 'yard'>, id: string, phase: string): Promise<void> {
  const database = yardDatabase(yard.dataFolder);
  await waitFor(`${id} is ${phase}`, () => database.job(id)?.phase === phase, 150);
}

/** Terraform at work on a stack of that job, and the providers that it started. */
export function terraformsOf({ yard }: Pick<GoogleYard, 'yard'>, id: string, stack: string) {
  return terraformsIn(join(yard.dataFolder, 'terraform', bucketNameOf({ kind: 'job', id }), stack));
}

export function killAll(processes: readonly { pid: number }[]): void {
  for (const { pid } of processes) killHard(pid);
}

/** As the owner of the project would, by hand. */
export function asOwner({ google }: Pick<GoogleYard, 'google'>) {
  return signIn(google.endpoint, google.keyFile);
}

/** In a transaction they would keep everybody else from writing, for as long as they are frozen. */
export async function freezeBetweenWrites({ dataFolder, freeze, thaw }: RunningYard): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    freeze('workers');
    const database = new BetterSqlite3(join(dataFolder, 'trainyard.sqlite'), { timeout: 500 });
    try {
      database.exec('begin immediate; rollback');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    } finally {
      database.close();
    }
    thaw('workers');
    await sleep(50);
  }
  throw new Error('The workers were always writing.');
}

interface Published {
  data: string;
  attributes: Record<string, string>;
  orderingKey: string;
}

/** Everything that was said on the topic of that job so far, oldest first. */
export function saidOn({ google }: Pick<GoogleYard, 'google'>, id: string): Published[] {
  const lines = readFileSync(join(google.folder, 'pubsub.jsonl'), 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as { act: string; name: string; definition?: Published })
    .filter(({ act, name }) => act === 'message' && name.endsWith(`/${bucketNameOf({ kind: 'job', id })}`))
    .flatMap(({ definition }) => definition ?? []);
}
