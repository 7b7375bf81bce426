import type { Database, Trx } from '../database.ts';

/** A removal takes moments; one that is older was begun by somebody who died. */
const abandonedAfterMs = 600_000;

/**
 * Whose files are going. Whoever removes says so first and then looks for a row that needs them; whoever needs them
 * makes the row first and then looks whether they are going. So one of the two always sees the other.
 */
export function contentStore(database: Database) {
  return {
    async beginRemoval(contentHash: string, nowMs: number, trx?: Trx): Promise<void> {
      const row = { content_hash: contentHash, began_at_ms: nowMs };
      await database.run(trx, (db) => db('content_removals').insert(row).onConflict('content_hash').merge());
    },

    async endRemoval(contentHash: string, trx?: Trx): Promise<void> {
      await database.run(trx, (db) => db('content_removals').where('content_removals.content_hash', contentHash).del());
    },

    async isBeingRemoved(contentHash: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const row = await database.run(trx, (db) =>
        db('content_removals')
          .where('content_removals.content_hash', contentHash)
          .where('content_removals.began_at_ms', '>', nowMs - abandonedAfterMs)
          .first('content_removals.content_hash'),
      );
      return row !== undefined;
    },
  };
}

export type ContentStore = ReturnType<typeof contentStore>;
