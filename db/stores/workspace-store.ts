import type { Database, Trx } from '../database.ts';
import type { WorkspaceRow } from '../tables.ts';

export const defaultWorkspaceId = 'default';

export function workspaceStore(database: Database) {
  return {
    async ensure(row: WorkspaceRow, trx?: Trx): Promise<WorkspaceRow> {
      return database.transaction(async (own) => {
        await database.insertOnce('workspaces', row, own);
        return own('workspaces').where('workspaces.id', row.id).first('workspaces.*');
      }, trx);
    },

    /** Until the end of `trx` nobody else weighs what this workspace may still use. */
    async hold(id: string, trx: Trx): Promise<WorkspaceRow | undefined> {
      return trx('workspaces').where('workspaces.id', id).forUpdate().first('workspaces.*');
    },

    async get(id: string, trx?: Trx): Promise<WorkspaceRow | undefined> {
      return database.run(trx, (db) => db('workspaces').where('workspaces.id', id).first('workspaces.*'));
    },
  };
}

export type WorkspaceStore = ReturnType<typeof workspaceStore>;
