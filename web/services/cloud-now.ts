import type { Cloud, MachineType } from '../../infra/cloud.ts';

/** What a cloud offers now; without machines it says why in one sentence for a person. */
export async function cloudNow(
  clouds: readonly Cloud[],
  name: string,
): Promise<{ types: MachineType[]; problem: string | null }> {
  const cloud = clouds.find((each) => each.name === name);
  if (cloud) return { types: await cloud.machineTypes(), problem: null };
  const known = clouds.map((each) => each.name).join(', ');
  return { types: [], problem: `This installation has no cloud “${name}”. It has: ${known}.` };
}
