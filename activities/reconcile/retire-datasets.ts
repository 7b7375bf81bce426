import type { Dependencies } from '../dependencies.ts';

/** Datasets that nothing uses, after the time that the settings say; their files go with the sweep that follows. */
export async function retireDatasets({ stores, unusedDatasetRetentionMs, now }: Dependencies): Promise<void> {
  if (!Number.isFinite(unusedDatasetRetentionMs)) return;
  for (const { workspace_id, id } of await stores.datasets.unusedSince(now() - unusedDatasetRetentionMs)) {
    await stores.datasets.removeUnused(workspace_id, id, now());
  }
}
