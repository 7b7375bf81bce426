import type { Holder, HolderKind } from '../../domain/ids.ts';
import { worksOf } from '../holders.ts';
import type { Dependencies } from '../dependencies.ts';

type Parts = Pick<Dependencies, 'stores' | 'store' | 'now'>;

/** Everything that is to be gone through is listed, so not often. */
const everyMs = 3_600_000;
/** Somebody who began before the work was done may still be writing. */
const graceMs = 600_000;

/**
 * Files in the store that no row names: what a deletion left that was killed between its row and its files, and what
 * was written late for work that was already over. Only of work that the database knows and that is done: of anything
 * else nobody can say that it is nobody's.
 */
export function storeSweeper(parts: Parts) {
  const { store, now } = parts;
  let lastAtMs = Number.NEGATIVE_INFINITY;

  return async function sweepStore(): Promise<void> {
    if (now() - lastAtMs < everyMs) return;
    lastAtMs = now();
    for (const [folder, { holderOf, named }] of Object.entries(folders)) {
      const byOwner = Map.groupBy(await store.list(`${folder}/`), (object) => object.split('/')[1] ?? '');
      for (const [owner, objects] of byOwner) {
        const holder = holderOf(owner);
        if (!(await isOver(parts, holder))) continue;
        const kept = await named(parts, holder, objects);
        for (const object of objects) if (!kept.includes(object)) await store.remove(object);
      }
    }
  };
}

async function isOver({ stores, now }: Parts, { kind, id }: Holder): Promise<boolean> {
  const row = await worksOf(stores, kind).find(id);
  return row?.phase === 'done' && now() - (row.done_at_ms ?? now()) > graceMs;
}

interface Folder {
  /** Whose files lie in this folder of it. */
  holderOf: (name: string) => Holder;
  /** Which of them a row names. */
  named: (parts: Parts, holder: Holder, objects: string[]) => Promise<string[]>;
}

const folders: Record<'models' | 'predictions' | 'logs', Folder> = {
  models: {
    holderOf: (id) => ({ kind: 'job', id }),
    named: async ({ stores }, { id }, objects) => {
      const model = await stores.models.findByJob(id);
      return model && model.deleted_at_ms === null ? objects : [];
    },
  },
  predictions: {
    holderOf: (id) => ({ kind: 'prediction', id }),
    named: async ({ stores }, { id }, objects) => {
      const prediction = await stores.predictions.find(id);
      return prediction?.deleted_at_ms === null && prediction.output_hash !== null ? objects : [];
    },
  },
  logs: {
    holderOf: (name) => {
      const kind = name.slice(0, name.indexOf('-'));
      return { kind: kind as HolderKind, id: name.slice(kind.length + 1) };
    },
    named: async ({ stores }, holder) => (await stores.log.chunks(holder)).map(({ object }) => object),
  },
};
