import type { Database, Trx } from '../database.ts';
import type { UploadRow, UploadState } from '../tables.ts';

export type NewUpload = Pick<
  UploadRow,
  'id' | 'workspace_id' | 'owner' | 'name' | 'url' | 'bytes_total' | 'options_json'
>;

export function uploadStore(database: Database) {
  const change = async (
    id: string,
    from: UploadState,
    changes: Partial<UploadRow>,
    nowMs: number,
    trx?: Trx,
  ): Promise<boolean> => {
    const changed = await database.run(trx, (db) =>
      db('uploads')
        .where('uploads.id', id)
        .where('uploads.state', from)
        .update({ ...changes, changed_at_ms: nowMs }),
    );
    return changed > 0;
  };

  return {
    /** The same id twice is the same as once. */
    async insert(given: NewUpload, nowMs: number, trx?: Trx): Promise<{ inserted: boolean; row: UploadRow }> {
      return database.transaction(async (own) => {
        const row: UploadRow = {
          ...given,
          bytes_received: 0,
          state: 'receiving',
          dataset_id: null,
          failure_json: null,
          created_at_ms: nowMs,
          changed_at_ms: nowMs,
        };
        const inserted = await database.insertOnce('uploads', row, own);
        const there = inserted ? row : await own('uploads').where('uploads.id', given.id).first('uploads.*');
        return { inserted, row: there as UploadRow };
      }, trx);
    },

    async get(workspaceId: string, id: string, trx?: Trx): Promise<UploadRow | undefined> {
      return database.run(trx, (db) =>
        db('uploads').where('uploads.workspace_id', workspaceId).where('uploads.id', id).first('uploads.*'),
      );
    },

    /** So many bytes are safe on the disk. */
    received: (id: string, bytes: number, nowMs: number, trx?: Trx): Promise<boolean> =>
      change(id, 'receiving', { bytes_received: bytes }, nowMs, trx),

    /** So many bytes came from an address, of as many as its server said. */
    fetched: (
      id: string,
      { received, total }: { received: number; total: number | null },
      nowMs: number,
      trx?: Trx,
    ): Promise<boolean> => change(id, 'receiving', { bytes_received: received, bytes_total: total }, nowMs, trx),

    /** All has come. */
    reading: (id: string, bytes: number, nowMs: number, trx?: Trx): Promise<boolean> =>
      change(id, 'receiving', { state: 'reading', bytes_received: bytes, bytes_total: bytes }, nowMs, trx),

    kept: (id: string, datasetId: string, nowMs: number, trx?: Trx): Promise<boolean> =>
      change(id, 'reading', { state: 'kept', dataset_id: datasetId }, nowMs, trx),

    refused: (
      id: string,
      from: 'receiving' | 'reading',
      failureJson: string,
      nowMs: number,
      trx?: Trx,
    ): Promise<boolean> => change(id, from, { state: 'refused', failure_json: failureJson }, nowMs, trx),

    /** A file that came whole and was refused is read once more, in another way. */
    async again(id: string, optionsJson: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        db('uploads')
          .where('uploads.id', id)
          .where('uploads.state', 'refused')
          .whereRaw('?? = ??', ['uploads.bytes_received', 'uploads.bytes_total'])
          .update({ state: 'reading', failure_json: null, options_json: optionsJson, changed_at_ms: nowMs }),
      );
      return changed > 0;
    },

    /** What a process that ended had under way: files that were being read, addresses that were being fetched. */
    async interrupted(trx?: Trx): Promise<UploadRow[]> {
      return database.run(trx, (db) =>
        db('uploads')
          .where('uploads.state', 'reading')
          .orWhere((fetching) => {
            void fetching.where('uploads.state', 'receiving').whereNotNull('uploads.url');
          })
          .orderBy('uploads.created_at_ms')
          .select('uploads.*'),
      );
    },

    /** Nobody has sent anything since then, or it was over by then. */
    async untouchedSince(beforeMs: number, limit = 100, trx?: Trx): Promise<UploadRow[]> {
      return database.run(trx, (db) =>
        db('uploads')
          .whereNot('uploads.state', 'reading')
          .where('uploads.changed_at_ms', '<', beforeMs)
          .orderBy('uploads.changed_at_ms')
          .limit(limit)
          .select('uploads.*'),
      );
    },

    async remove(id: string, trx?: Trx): Promise<void> {
      await database.run(trx, (db) => db('uploads').where('uploads.id', id).delete());
    },
  };
}

export type UploadStore = ReturnType<typeof uploadStore>;
