import { asyncLocalStorage } from '@temporalio/activity';
import type { Trx } from '../db/database.ts';
import { lockHolder } from '../db/holder-version.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Holder } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Dependencies } from './dependencies.ts';
import { worksOf } from './holders.ts';

/** Under which names the store has what a holder leaves. */
const keptUnder = { job: 'models', prediction: 'predictions' } as const;

/** Whether a job has its model, a prediction its output. Once it has, it is too late to cancel. */
export async function isKept({ stores }: Pick<Dependencies, 'stores'>, { kind, id }: Holder): Promise<boolean> {
  if (kind === 'job') return (await stores.models.findByJob(id)) !== undefined;
  return ((await stores.predictions.find(id))?.output_hash ?? null) !== null;
}

/**
 * Keeps a result while its holder is in that phase, and else not at all. Who enters the next phase waits for the same
 * row, so whichever is first decides: a result is never kept for work that went on to end without it.
 */
export async function keepDuring(
  dependencies: Pick<Dependencies, 'stores' | 'store'>,
  holder: Holder,
  phase: Phase,
  keep: (trx: Trx) => Promise<unknown>,
): Promise<void> {
  const { stores } = dependencies;
  const hasBeenKept = await stores.database.transaction(async (trx) => {
    await lockHolder(trx, holder);
    if ((await worksOf(stores, holder.kind).find(holder.id, trx))?.phase !== phase) return false;
    await keep(trx);
    return true;
  });
  if (hasBeenKept) return;
  await dropUnkept(dependencies, holder);
  throw new TrainyardError('CreateRevoked', 'It is being taken down; nothing more of it is kept.');
}

/** Takes the files of a result away that was never kept, once its holder is done: then nobody will keep it any more. */
export async function dropUnkept(
  { stores, store }: Pick<Dependencies, 'stores' | 'store'>,
  { kind, id }: Holder,
): Promise<void> {
  if ((await worksOf(stores, kind).find(id))?.phase !== 'done') return;
  if (await isKept({ stores }, { kind, id })) return;
  for (const object of await store.list(`${keptUnder[kind]}/${id}/`)) await store.remove(object);
}

/** Between two steps of a long activity that is waited for: whoever was cancelled ends here. */
export function endIfCancelled(): void {
  asyncLocalStorage.getStore()?.cancellationSignal.throwIfAborted();
}
