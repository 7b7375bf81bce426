import type { Cloud, MachineType, Obstacle } from '../../infra/cloud.ts';

const notSetUp =
  'Google Cloud is not set up here. Write gcpProject into trainyard.yaml (or TRAINYARD_GCP_PROJECT), start again, and ask “./x doctor gcp”; docs/gcp.md goes from an empty project to the first model.';

/** What a cloud offers now; without machines it says why in one sentence for a person. */
export async function cloudNow(
  clouds: readonly Cloud[],
  name: string,
): Promise<{ types: MachineType[]; problem: string | null }> {
  const cloud = clouds.find((each) => each.name === name);
  if (cloud?.obstacle) return { types: [], problem: `${name} cannot be used: ${inWords(cloud.obstacle)}` };
  if (cloud) return { types: await cloud.machineTypes(), problem: null };
  if (name === 'gcp') return { types: [], problem: notSetUp };
  const known = clouds.flatMap((each) => (each.isLeft ? [] : each.name)).join(', ');
  return { types: [], problem: `This installation has no cloud “${name}”. It has: ${known}.` };
}

export function inWords({ reason, mend }: Obstacle): string {
  return [reason, mend].filter(Boolean).join(' ');
}
