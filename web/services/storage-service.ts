import type { ServiceOptions } from './options.ts';
import type { StorageService, StorageView } from './services.ts';

/** Counting walks the whole store; what it takes changes slowly. */
const FRESH_MS = 30_000;

export function storageService({ store, freeBytes, logRetentionDays, now = Date.now }: ServiceOptions): StorageService {
  let counted: { atMs: number; answer: Promise<StorageView> } | undefined;

  const count = async (atMs: number): Promise<StorageView> => {
    const [usedBytes, free] = await Promise.all([store.size(), freeBytes()]);
    return { usedBytes, freeBytes: free, logRetentionDays, countedAtMs: atMs };
  };

  return {
    async look() {
      if (!counted || now() - counted.atMs > FRESH_MS) counted = { atMs: now(), answer: count(now()) };
      return counted.answer;
    },
  };
}
