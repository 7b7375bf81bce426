import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { connectionOptions, type TemporalAddress } from '../../temporal/connect.ts';
import { engineAttribute, nameAttribute, ownerAttribute, phaseAttribute } from '../../temporal/search-attributes.ts';
import { Problem } from '../problem.ts';

const attributes = [phaseAttribute, ownerAttribute, engineAttribute, nameAttribute];
/** How the server numbers the types of search attributes (temporal.api.enums.v1.IndexedValueType). */
const typeNumbers: Record<string, number> = { TEXT: 1, KEYWORD: 2 };
const retentionSeconds = 90 * 86_400;

/** How the embedded server is started: on disk, on loopback, with what the Temporal pages filter by. */
export function serverArguments(place: { dataFolder: string; port: number; uiPort: number }): string[] {
  return [
    'server',
    'start-dev',
    ...['--db-filename', join(place.dataFolder, 'temporal.sqlite')],
    ...['--ip', '127.0.0.1', '--port', String(place.port), '--ui-port', String(place.uiPort)],
    // Three times the workflows a second of the default file, and a crash of this machine can lose no more than
    // the last moment, which reconcile mends.
    ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...attributes.flatMap(({ name, type }) => [
      '--search-attribute',
      `${name}=${type === 'TEXT' ? 'Text' : 'Keyword'}`,
    ]),
    ...['--log-format', 'text', '--log-level', 'error', '--color', 'never'],
  ];
}

/** Waits until the server answers for the namespace. */
export async function waitForServer(to: TemporalAddress, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await withConnection(to, (connection) =>
        connection.withDeadline(Date.now() + 2000, () =>
          connection.workflowService.describeNamespace({ namespace: to.namespace }),
        ),
      );
      return;
    } catch (error) {
      if (Date.now() > endMs) {
        throw new Problem(
          `The Temporal server at ${to.address} does not answer for the namespace ${to.namespace} ` +
            `(${(error as Error).message}). Check TRAINYARD_TEMPORAL_ADDRESS, TRAINYARD_TEMPORAL_NAMESPACE and its TLS settings.`,
        );
      }
      await wait(50, undefined, signal ? { signal } : {});
    }
  }
}

/** Of the embedded server only: how long a foreign one keeps histories is for its owner to say. */
export async function keepHistories(to: TemporalAddress): Promise<void> {
  await withConnection(to, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace: to.namespace });
    if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === retentionSeconds) return;
    await workflowService.updateNamespace({
      namespace: to.namespace,
      config: { workflowExecutionRetentionTtl: { seconds: retentionSeconds as never } },
    });
  });
}

/** The search attributes that are missing are added; those that are there stay. */
export async function addSearchAttributes(to: TemporalAddress): Promise<void> {
  await withConnection(to, async ({ operatorService }) => {
    let missing = attributes;
    try {
      const known = await operatorService.listSearchAttributes({ namespace: to.namespace });
      missing = attributes.filter(({ name }) => !Object.hasOwn(known.customAttributes ?? {}, name));
      if (missing.length === 0) return;
      await operatorService.addSearchAttributes({
        namespace: to.namespace,
        searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, typeNumbers[type] ?? 2])),
      });
    } catch (error) {
      // Temporal Cloud, for one, lets only its own pages and tool do this.
      const names = missing.map(({ name, type }) => `${name} (${type === 'TEXT' ? 'Text' : 'Keyword'})`).join(', ');
      throw new Problem(
        `The Temporal server at ${to.address} does not let Trainyard add search attributes (${(error as Error).message}). ` +
          `Add these to the namespace ${to.namespace} yourself: ${names}.`,
      );
    }
  });
}

async function withConnection<Result>(
  to: TemporalAddress,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.connect({ ...(await connectionOptions(to)), connectTimeout: 2000 });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
