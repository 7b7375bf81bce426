import { nobodys } from '../../activities/reconcile/orphans.ts';
import { useOf } from '../../activities/workspace-use.ts';
import type { Stores } from '../../db/open-stores.ts';
import type { WorkspaceLimits, WorkspaceUse } from '../../domain/workspace-limits.ts';
import type { Cloud, MachineType, Obstacle, Thing } from '../../infra/cloud.ts';
import { cloudNow } from './cloud-now.ts';
import { Refused } from './refused.ts';
import type { OrphanReport } from './views.ts';

/** What a cloud told of itself, and when. */
export interface CloudListing {
  cloud: string;
  askedAtMs: number;
  things: (Thing & { manualRemoval: string })[];
  /** Why nothing new can be made there. */
  obstacle: Obstacle | null;
  /** Why it could not be asked. */
  problem: string | null;
  /** How a person would take something away there by hand, also when the cloud does not answer. */
  removalByHand?: (thing: Thing) => string;
}

export interface MachineService {
  /** How a person logs in to a machine of this cloud; null where nobody can. */
  loginCommand(cloud: string, machine: { name: string; zone: string }): string | null;
  /** Whether there is a cloud whose machines can be logged in to. */
  hasLogins(): boolean;
  /** Clouds that the settings name, and that nothing new can be made in. */
  obstacles(): (Obstacle & { cloud: string })[];
  /** Of all clouds, or of one, which is refused in a sentence where it offers none. */
  types(cloud?: string): Promise<(MachineType & { cloud: string })[]>;
  /** How many jobs and predictions may hold a machine at once, over all clouds. */
  places(): Promise<number>;
  /** By the clouds' own account; asked at most every few seconds, however many people look. */
  listings(): Promise<CloudListing[]>;
  /** What the clouds have that belongs to nobody any more, by the same listings. */
  orphans(): Promise<OrphanReport[]>;
  /** What the workspace uses of its limits. */
  workspace(workspaceId: string): Promise<{ limits: WorkspaceLimits; use: WorkspaceUse }>;
}

interface Parts {
  clouds: readonly Cloud[];
  stores: Pick<Stores, 'jobs' | 'predictions' | 'installation' | 'workspaces' | 'spending'>;
  workspaceLimits?: WorkspaceLimits;
  now?: () => number;
}

/** Fresh enough for a person who waits for a machine to go, and rare enough for a cloud that counts calls. */
const FRESH_MS = 3000;

export function machineService({ clouds, stores, workspaceLimits, now = Date.now }: Parts): MachineService {
  let asked: { atMs: number; answer: Promise<CloudListing[]> } | undefined;

  const ask = async (cloud: Cloud): Promise<CloudListing> => {
    const asking = {
      cloud: cloud.name,
      askedAtMs: now(),
      obstacle: cloud.obstacle ?? null,
      removalByHand: (thing: Thing) => cloud.manualRemoval(thing),
    };
    try {
      const things = await cloud.list();
      const named = things.map((thing) => ({ ...thing, manualRemoval: cloud.manualRemoval(thing) }));
      return { ...asking, things: named, problem: null };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ...asking, things: [], problem };
    }
  };

  const listings = () => {
    if (!asked || now() - asked.atMs > FRESH_MS) {
      asked = { atMs: now(), answer: Promise.all(clouds.map((cloud) => ask(cloud))) };
    }
    return asked.answer;
  };

  const reportOf = async (
    { cloud, askedAtMs, problem, things }: CloudListing,
    ownId: string | undefined,
  ): Promise<OrphanReport> => {
    const own = things.filter(({ labels }) => ownId === undefined || labels.installationId === ownId);
    const { orphans, unknown } = await nobodys(stores, own);
    const told = (because: string) => (thing: CloudListing['things'][number]) => ({
      kind: thing.kind,
      name: thing.name,
      holder: { kind: thing.labels.kind, id: thing.labels.id },
      because: `the ${thing.labels.kind} that it was made for ${because}`,
      manualRemoval: thing.manualRemoval,
    });
    const found = [...orphans.map(told('is done')), ...unknown.map(told('is not in the database'))];
    return { cloud, askedAtMs, problem, things: own.length, orphans: found };
  };

  return {
    listings,
    loginCommand: (cloud, machine) => clouds.find(({ name }) => name === cloud)?.loginCommand?.(machine) ?? null,
    hasLogins: () => clouds.some(({ loginCommand, isLeft }) => loginCommand !== undefined && !isLeft),
    obstacles: () =>
      clouds.flatMap(({ name, obstacle, isLeft }) => (obstacle && !isLeft ? [{ cloud: name, ...obstacle }] : [])),
    async types(only) {
      if (only !== undefined) {
        const { types, problem } = await cloudNow(clouds, only);
        if (problem !== null)
          throw new Refused(422, 'No such machine', problem, {
            problems: [{ field: 'machine.cloud', message: problem }],
          });
        return types.map((type) => ({ ...type, cloud: only }));
      }
      const all = await Promise.all(
        clouds.map(async (cloud) => (await cloud.machineTypes()).map((type) => ({ ...type, cloud: cloud.name }))),
      );
      return all.flat();
    },
    async places() {
      const each = await Promise.all(clouds.map((cloud) => cloud.places()));
      return each.reduce((sum, places) => sum + places, 0);
    },
    async orphans() {
      const ownId = (await stores.installation.get())?.id;
      return Promise.all((await listings()).map((listing) => reportOf(listing, ownId)));
    },
    async workspace(workspaceId) {
      const use = await useOf(stores, { workspaceId, nowMs: now() });
      return { limits: workspaceLimits ?? { machines: null, monthlyMicros: null }, use };
    },
  };
}
