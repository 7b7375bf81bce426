import { TrainyardError } from '../../domain/failures.ts';
import type { Database, Trx } from '../database.ts';
import { migrationNames } from '../migrate.ts';
import type { InstallationRow } from '../tables.ts';

export function installationStore(database: Database) {
  const columns = ['id', 'schema_version', 'created_at_ms', 'restored_at_ms'].map((name) => `installation.${name}`);

  async function get(trx?: Trx): Promise<InstallationRow | undefined> {
    return database.run(trx, (db) => db('installation').first(columns));
  }

  return {
    get,

    /** The first id stays: returns the installation that stands, whoever made it. */
    async ensure(id: string, nowMs: number, trx?: Trx): Promise<InstallationRow> {
      const schemaVersion = (await migrationNames()).length;
      return database.transaction(async (own) => {
        const row = { id, schema_version: schemaVersion, created_at_ms: nowMs, restored_at_ms: null };
        if (!(await get(own))) await database.insertOnce('installation', row, own);
        await own('installation').update({ schema_version: schemaVersion });
        const stands = await get(own);
        if (!stands) throw new TrainyardError('Bug', 'The installation has no row.');
        return stands;
      }, trx);
    },

    /** The database was put back from a copy: what is in the clouds may be newer than the ledger. */
    async markRestored(nowMs: number | null, trx?: Trx): Promise<void> {
      await database.run(trx, (db) => db('installation').update({ restored_at_ms: nowMs }));
    },
  };
}

export type InstallationStore = ReturnType<typeof installationStore>;
