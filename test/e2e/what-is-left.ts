import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processesMarked } from './process-table.ts';
import { yardDatabase } from './yard-database.ts';

/** What a job hands in, and its model's row stands for. */
const filesOfModel = ['manifest.json', 'model.zip', 'report.html', 'report.json'];

/**
 * All that jobs (and predictions) which are done have left behind and should not have: by the operating system's process table, the
 * cloud's own folders, our tables, and the data folder. Empty is good.
 */
export function whatIsLeft(dataFolder: string, ids: readonly string[], lastKillAtMs: number): string[] {
  return [
    ...leftRunning(ids),
    ...leftInCloud(dataFolder, ids),
    ...leftInTables(dataFolder, ids),
    ...leftInStore(dataFolder, ids),
    ...leftInScratch(dataFolder, lastKillAtMs),
  ];
}

function leftRunning(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  return processesMarked(...ids.flatMap((id) => [`ty-j-${id}`, `ty-p-${id}`])).map(
    ({ pid, command }) => `process ${pid}: ${command}`,
  );
}

function leftInCloud(dataFolder: string, ids: readonly string[]): string[] {
  return ['buckets', 'signals', 'machines'].flatMap((kind) =>
    namesIn(join(dataFolder, 'cloud', kind))
      .filter((name) => ids.some((id) => name.includes(id)))
      .map((name) => `cloud: ${kind}/${name}`),
  );
}

function leftInTables(dataFolder: string, ids: readonly string[]): string[] {
  const database = yardDatabase(dataFolder);
  const ours = (row: { holder_id: string }) => ids.includes(row.holder_id);
  return [
    ...database
      .places()
      .filter(ours)
      .map(({ holder_id: id }) => `place of ${id}`),
    ...database
      .standing()
      .filter(ours)
      .map(({ name, kind, state }) => `ledger: ${kind} ${name} is ${state}`),
  ];
}

/**
 * Every row has its files. A file without a row is left only where the sweep of the store will take it: in the folder
 * of work that is done.
 */
function leftInStore(dataFolder: string, ids: readonly string[]): string[] {
  const database = yardDatabase(dataFolder);
  const store = join(dataFolder, 'store');
  const named = [
    ...database
      .models()
      .filter(({ id }) => ids.includes(id))
      .flatMap(({ id }) => filesOfModel.map((name) => `models/${id}/${name}`)),
    ...database
      .chunks()
      .filter(({ holder_id: id }) => ids.includes(id))
      .map(({ object }) => object),
  ];
  const missing = named.filter((object) => !existsSync(join(store, object))).map((object) => `no file ${object}`);
  const owners = ['models', 'predictions', 'logs'].flatMap((folder) =>
    namesIn(join(store, folder)).map((name) => ({
      path: `${folder}/${name}`,
      id: name.replace(/^(job|prediction)-/, ''),
    })),
  );
  const nobodys = owners
    .filter(({ id }) => (database.job(id) ?? database.prediction(id)) === undefined)
    .map(({ path }) => `nobody's folder ${path}`);
  return [...missing, ...nobodys];
}

/** A worker that is killed leaves what it had in hand, which is swept after a day; one that lives clears up. */
function leftInScratch(dataFolder: string, lastKillAtMs: number): string[] {
  const scratch = join(dataFolder, 'scratch');
  return namesIn(scratch)
    .filter((name) => name.startsWith('work-') && statSync(join(scratch, name)).birthtimeMs > lastKillAtMs)
    .map((name) => `scratch/${name}`);
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
}
