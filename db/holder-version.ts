import type { Holder, HolderKind } from '../domain/ids.ts';
import type { Trx } from './database.ts';

export const tableOf: Record<HolderKind, 'jobs' | 'predictions'> = { job: 'jobs', prediction: 'predictions' };

/** Pages stream by the version, so each change that they show makes it grow. Also locks the holder until the end of `trx`. */
export async function raiseVersion(trx: Trx, holder: Holder): Promise<void> {
  const table = tableOf[holder.kind];
  await trx(table).where(`${table}.id`, holder.id).increment('version', 1);
}

/**
 * One writer at a time for what is numbered within a holder (log lines, rows with a counted id): without it a reader
 * that remembers the last number could miss a smaller one that is committed later.
 */
export async function lockHolder(trx: Trx, holder: Holder): Promise<void> {
  const table = tableOf[holder.kind];
  await trx(table).where(`${table}.id`, holder.id).select(`${table}.id`).forUpdate();
}
