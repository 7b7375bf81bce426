import type { Ground } from '../ground.ts';
import { asList, asText, type Json, lastPart } from '../json.ts';
import { machineKindIn, regionOf } from './catalogue.ts';
import { instancesIn } from './instance.ts';

/** What a fresh project may have in a region; GPUs have to be asked for, and here have been. */
const standard: Record<string, number> = {
  CPUS: 200,
  PREEMPTIBLE_CPUS: 200,
  N2_CPUS: 200,
  N2D_CPUS: 200,
  N4_CPUS: 200,
  C2_CPUS: 200,
  C2D_CPUS: 200,
  C3_CPUS: 200,
  C3D_CPUS: 200,
  C4_CPUS: 200,
  A2_CPUS: 96,
  INSTANCES: 720,
  DISKS_TOTAL_GB: 40_960,
  SSD_TOTAL_GB: 10_240,
  NVIDIA_T4_GPUS: 8,
  NVIDIA_V100_GPUS: 8,
  NVIDIA_P100_GPUS: 4,
  NVIDIA_L4_GPUS: 8,
  NVIDIA_A100_GPUS: 8,
  NVIDIA_A100_80GB_GPUS: 4,
  NVIDIA_H100_GPUS: 8,
  PREEMPTIBLE_NVIDIA_T4_GPUS: 8,
  PREEMPTIBLE_NVIDIA_L4_GPUS: 8,
  PREEMPTIBLE_NVIDIA_A100_GPUS: 8,
};

const gpuMetrics: Record<string, string> = {
  'nvidia-tesla-t4': 'NVIDIA_T4_GPUS',
  'nvidia-tesla-v100': 'NVIDIA_V100_GPUS',
  'nvidia-tesla-p100': 'NVIDIA_P100_GPUS',
  'nvidia-l4': 'NVIDIA_L4_GPUS',
  'nvidia-tesla-a100': 'NVIDIA_A100_GPUS',
  'nvidia-a100-80gb': 'NVIDIA_A100_80GB_GPUS',
  'nvidia-h100-80gb': 'NVIDIA_H100_GPUS',
};

const familiesOfTheirOwn = ['N2', 'N2D', 'N4', 'C2', 'C2D', 'C3', 'C3D', 'C4', 'A2'];

export class Quotas {
  readonly #ground: Ground;
  readonly #limits;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#limits = ground.records.kind<{ limit: number }>('quota');
  }

  set(region: string, metric: string, limit: number): void {
    this.#limits.put(`${region}/${metric}`, { limit });
  }

  inRegion(region: string): Json[] {
    const used = this.#used(region);
    const own = this.#limits.names().flatMap((name) => (name.startsWith(`${region}/`) ? [lastPart(name)] : []));
    return [...new Set([...Object.keys(standard), ...own])].map((metric) => ({
      metric,
      limit: this.#limit(region, metric),
      usage: used[metric] ?? 0,
    }));
  }

  /** The first that one more instance like this would break. */
  brokenBy(zone: string, shown: Json): { metric: string; limit: number } | undefined {
    const region = regionOf(zone);
    const used = this.#used(region);
    for (const [metric, amount] of Object.entries(usageOf(zone, shown))) {
      const limit = this.#limit(region, metric);
      if ((used[metric] ?? 0) + amount > limit) return { metric, limit };
    }
    return undefined;
  }

  #limit(region: string, metric: string): number {
    return this.#limits.get(`${region}/${metric}`)?.limit ?? standard[metric] ?? 0;
  }

  #used(region: string): Record<string, number> {
    const sum: Record<string, number> = {};
    for (const { shown, zoneName } of instancesIn(this.#ground.records).all()) {
      if (regionOf(zoneName) !== region || shown.status === 'TERMINATED') continue;
      for (const [metric, amount] of Object.entries(usageOf(zoneName, shown)))
        sum[metric] = (sum[metric] ?? 0) + amount;
    }
    return sum;
  }
}

function usageOf(zone: string, shown: Json): Record<string, number> {
  const kind = machineKindIn(zone, lastPart(asText(shown['machineType'])));
  const family = kind?.name.split('-')[0]?.toUpperCase() ?? '';
  const cpuMetric = familiesOfTheirOwn.includes(family) ? `${family}_CPUS` : 'CPUS';
  const usage: Record<string, number> = { INSTANCES: 1, [cpuMetric]: kind?.cpus ?? 0 };
  const beside = asList(shown['guestAccelerators']).map((one) => ({
    type: lastPart(asText(one['acceleratorType'])),
    count: Number(one['acceleratorCount']),
  }));
  for (const { type, count } of kind?.accelerators ? [kind.accelerators] : beside) {
    const metric = gpuMetrics[type];
    if (metric) usage[metric] = (usage[metric] ?? 0) + count;
  }
  return usage;
}
