import type { Dependencies } from '../dependencies.ts';

const datasetsFolder = 'datasets/';
/** Longer than an upload needs from its first look at the files to its row. */
const graceMs = 60_000;

/**
 * Takes away the files of datasets that no row names any more: those of removed datasets, and what an upload left that
 * died before its row. A row is the only thing that keeps files, so they go after it and never before. Nobody's files
 * are first only remembered, and go when they are still nobody's a minute later.
 */
export function datasetSweeper({ stores, store, now }: Pick<Dependencies, 'stores' | 'store' | 'now'>) {
  const nobodysSinceMs = new Map<string, number>();

  return async function sweepDatasets(): Promise<void> {
    const contents = Map.groupBy(await store.list(datasetsFolder), (object) => object.split('/')[1] ?? '');
    for (const hash of nobodysSinceMs.keys()) if (!contents.has(hash)) nobodysSinceMs.delete(hash);
    for (const [hash, objects] of contents) {
      if (await stores.datasets.holdsContent(hash)) {
        nobodysSinceMs.delete(hash);
        continue;
      }
      const sinceMs = nobodysSinceMs.get(hash) ?? now();
      nobodysSinceMs.set(hash, sinceMs);
      if (now() - sinceMs < graceMs) continue;
      await stores.contents.beginRemoval(hash, now());
      try {
        // Asked again, now that whoever makes a row sees that they are going.
        if (await stores.datasets.holdsContent(hash)) continue;
        for (const object of objects) await store.remove(object);
      } finally {
        await stores.contents.endRemoval(hash);
      }
    }
  };
}
