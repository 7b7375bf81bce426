import type { GcpFinding } from '../../gcp-checks.ts';
import { type OfferedType, partsOf } from '../catalogue.ts';
import type { Looking } from './look.ts';

export interface Quota {
  metric: string;
  limit: number;
  usage: number;
}

/** Families whose cores Google counts by themselves; the others share CPUS. */
const ownCores = ['N2', 'C3', 'A2'];
/** By the beginning of what a GPU is asked for by. */
const gpuMetrics: Record<string, string> = { T4: 'NVIDIA_T4_GPUS', L4: 'NVIDIA_L4_GPUS', A100: 'NVIDIA_A100_GPUS' };

/** What one machine of a type takes of the quotas of its region, and of those of the project. */
export function taken(
  type: OfferedType,
  publicAddress: boolean,
): { region: Record<string, number>; project: Record<string, number> } {
  const family = (type.googleName.split('-')[0] ?? '').toUpperCase();
  const [, gpu = ''] = /NVIDIA (\w+)/.exec(type.gpus[0] ?? '') ?? [];
  const gpuMetric = gpuMetrics[gpu];
  return {
    region: {
      [ownCores.includes(family) ? `${family}_CPUS` : 'CPUS']: type.cpus,
      INSTANCES: 1,
      // Balanced disks are counted as SSD.
      [type.diskType === 'pd-standard' ? 'DISKS_TOTAL_GB' : 'SSD_TOTAL_GB']: type.diskGib,
      ...(publicAddress && { IN_USE_ADDRESSES: 1 }),
      ...(gpuMetric && { [gpuMetric]: type.gpus.length }),
    },
    project: { CPUS_ALL_REGIONS: type.cpus, ...(gpuMetric && { GPUS_ALL_REGIONS: type.gpus.length }) },
  };
}

/** How many more there is room for, and which quota says so. One that Google does not name holds nobody back. */
export function room(wanted: Record<string, number>, quotas: readonly Quota[]): { machines: number; metric: string } {
  let least = { machines: Number.POSITIVE_INFINITY, metric: '' };
  for (const [metric, amount] of Object.entries(wanted)) {
    const quota = quotas.find((one) => one.metric === metric);
    if (!quota) continue;
    const machines = Math.max(0, Math.floor((quota.limit - quota.usage) / amount));
    if (machines < least.machines) least = { machines, metric };
  }
  return least;
}

/** Whether the types that people may choose fit into what is left of the quotas, in any of the zones of the settings. */
export async function quotasLeft(
  { api, project }: Looking,
  types: readonly OfferedType[],
  publicAddress: boolean,
): Promise<GcpFinding> {
  const name = 'Quotas';
  const regions = [...new Set(types.flatMap(({ zones }) => zones.map((zone) => partsOf(zone).region)))];
  type Answer = { quotas?: Quota[] };
  const ofProject = (await api.get<Answer>('compute', `projects/${project}`))?.quotas ?? [];
  const ofRegion = new Map(
    await Promise.all(
      regions.map(async (region): Promise<[string, Quota[]]> => {
        const found = await api.get<Answer>('compute', `projects/${project}/regions/${region}`);
        return [region, found?.quotas ?? []];
      }),
    ),
  );
  const fits = types.map((type) => {
    const wants = taken(type, publicAddress);
    const all = room(wants.project, ofProject);
    const places = [...new Set(type.zones.map((zone) => partsOf(zone).region))].map((region) => {
      const here = room(wants.region, ofRegion.get(region) ?? []);
      return here.machines <= all.machines ? { ...here, where: region } : { ...all, where: 'all regions' };
    });
    const [first, ...more] = places;
    const best = more.reduce(
      (a, b) => (b.machines > a.machines ? b : a),
      first ?? { machines: 0, metric: '', where: '' },
    );
    return { type, ...best };
  });
  const none = fits.filter(({ machines }) => machines === 0);
  const mend = `gcloud compute regions describe ${regions[0]} --project ${project} --flatten quotas --format 'table(quotas.metric,quotas.limit,quotas.usage)'`;
  const ask = `ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${project}`;
  const held = [...new Set(none.map(({ metric, where }) => `${metric} in ${where}`))].join(', ');
  if (none.length === types.length) {
    return { state: 'bad', name, detail: `no machine of any type has room left (${held}); ${ask}`, mend };
  }
  const roomy = fits
    .filter(({ machines }) => machines > 0)
    .slice(0, 3)
    .map(({ type, machines, where }) => `${machines} × ${type.name} (${where})`);
  const detail = `there is room for ${roomy.join(', or ')}${types.length > 3 ? ' …' : ''}`;
  if (none.length === 0) return { state: 'good', name, detail };
  const without = none.map(({ type }) => type.name).join(', ');
  return { state: 'later', name, detail: `${detail}; for none of ${without}: ${held}; ${ask}`, mend };
}
