import type { Cloud, MachineType, Thing } from '../../infra/cloud.ts';

/** What a cloud told of itself, and when. */
export interface CloudListing {
  cloud: string;
  askedAtMs: number;
  things: (Thing & { manualRemoval: string })[];
  /** Why it could not be asked. */
  problem: string | null;
}

export interface MachineService {
  types(): Promise<(MachineType & { cloud: string })[]>;
  /** How many jobs and predictions may hold a machine at once, over all clouds. */
  places(): Promise<number>;
  /** By the clouds' own account; asked at most every few seconds, however many people look. */
  listings(): Promise<CloudListing[]>;
}

/** Fresh enough for a person who waits for a machine to go, and rare enough for a cloud that counts calls. */
const FRESH_MS = 3000;

export function machineService(clouds: readonly Cloud[], now: () => number = Date.now): MachineService {
  let asked: { atMs: number; answer: Promise<CloudListing[]> } | undefined;

  const ask = async (cloud: Cloud): Promise<CloudListing> => {
    const askedAtMs = now();
    try {
      const things = await cloud.list();
      const named = things.map((thing) => ({ ...thing, manualRemoval: cloud.manualRemoval(thing) }));
      return { cloud: cloud.name, askedAtMs, things: named, problem: null };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { cloud: cloud.name, askedAtMs, things: [], problem };
    }
  };

  return {
    async types() {
      const all = await Promise.all(
        clouds.map(async (cloud) => (await cloud.machineTypes()).map((type) => ({ ...type, cloud: cloud.name }))),
      );
      return all.flat();
    },
    async places() {
      const each = await Promise.all(clouds.map((cloud) => cloud.places()));
      return each.reduce((sum, places) => sum + places, 0);
    },
    listings() {
      if (!asked || now() - asked.atMs > FRESH_MS) {
        asked = { atMs: now(), answer: Promise.all(clouds.map((cloud) => ask(cloud))) };
      }
      return asked.answer;
    },
  };
}
