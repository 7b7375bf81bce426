import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { House } from '../workflows/keep-house.ts';
import type { WorkClient } from '../temporal/work-client.ts';

export interface MendingOrder {
  houses: readonly House[];
  reconcile: (cloud: string) => Promise<void>;
  work: Pick<WorkClient, 'startKeepHouse'>;
  /** Decisions that were only interrupted go first: a pass over every open job would make each wait for all others. */
  firstAfterMs: number;
  everyMs: number;
  signal: AbortSignal;
  log: Logger;
}

/**
 * What happened while no worker was up is mended now, and from then on by the house's own workflow. That is asked for
 * again and again: somebody may terminate it, and a Temporal whose file was lost knows nothing of it; one that is there
 * stays as it is. Never throws: whoever cannot be reached now is asked again.
 */
export async function keepMending({ houses, reconcile, work, signal, log, ...order }: MendingOrder): Promise<void> {
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  const each = async (what: string, act: (house: House) => Promise<void>) => {
    for (const house of houses) {
      if (signal.aborted) return;
      try {
        await act(house);
      } catch (error) {
        log.warn({ err: error, cloud: house.cloud }, `${what}; it is tried again`);
      }
    }
  };
  await wait(order.firstAfterMs);
  await each('what happened meanwhile could not be mended', ({ cloud }) => reconcile(cloud));
  while (!signal.aborted) {
    await each('who keeps the house could not be started', (house) => work.startKeepHouse(house));
    await wait(order.everyMs);
  }
}
