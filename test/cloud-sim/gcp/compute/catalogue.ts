/** What there is in the simulated regions; a cut of Google's own list, enough to choose wrongly from. */
export const regions: Record<string, readonly string[]> = {
  'us-central1': ['a', 'b', 'c', 'f'],
  'us-east1': ['b', 'c', 'd'],
  'us-west1': ['a', 'b', 'c'],
  'europe-west1': ['b', 'c', 'd'],
  'europe-west4': ['a', 'b', 'c'],
};

export const zones: readonly string[] = Object.entries(regions).flatMap(([region, letters]) =>
  letters.map((letter) => `${region}-${letter}`),
);

export function regionOf(zone: string): string {
  return zone.replace(/-[a-z]$/, '');
}

export interface MachineKind {
  name: string;
  cpus: number;
  memoryMb: number;
  /** Built in, and not to be asked for beside. */
  accelerators?: { type: string; count: number };
  zones: readonly string[];
}

const acceleratorZones: Record<string, readonly string[]> = {
  'nvidia-tesla-t4': [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-central1-f',
    'us-east1-c',
    'us-east1-d',
    'us-west1-a',
    'us-west1-b',
    'europe-west1-b',
    'europe-west1-c',
    'europe-west1-d',
    'europe-west4-a',
    'europe-west4-b',
    'europe-west4-c',
  ],
  'nvidia-tesla-v100': [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-central1-f',
    'us-east1-c',
    'us-west1-a',
    'us-west1-b',
    'europe-west4-a',
    'europe-west4-b',
    'europe-west4-c',
  ],
  'nvidia-tesla-p100': [
    'us-central1-c',
    'us-central1-f',
    'us-east1-b',
    'us-east1-c',
    'us-west1-a',
    'us-west1-b',
    'europe-west1-b',
    'europe-west1-d',
    'europe-west4-a',
  ],
  'nvidia-l4': [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-east1-b',
    'us-east1-c',
    'us-east1-d',
    'us-west1-a',
    'us-west1-b',
    'us-west1-c',
    'europe-west1-b',
    'europe-west1-c',
    'europe-west4-a',
    'europe-west4-b',
    'europe-west4-c',
  ],
  'nvidia-tesla-a100': [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-central1-f',
    'us-west1-b',
    'europe-west4-a',
    'europe-west4-b',
  ],
  'nvidia-a100-80gb': ['us-central1-a', 'us-central1-c', 'us-east1-b', 'europe-west4-a'],
  'nvidia-h100-80gb': [
    'us-central1-a',
    'us-central1-b',
    'us-central1-c',
    'us-west1-a',
    'us-west1-b',
    'europe-west1-b',
    'europe-west4-b',
    'europe-west4-c',
  ],
};

const perCpuMb: Record<string, readonly [number, readonly number[]]> = {
  'n1-standard': [3840, [1, 2, 4, 8, 16, 32, 64, 96]],
  'n1-highmem': [6656, [2, 4, 8, 16, 32, 64, 96]],
  'n1-highcpu': [922, [2, 4, 8, 16, 32, 64, 96]],
  'e2-standard': [4096, [2, 4, 8, 16, 32]],
  'e2-highmem': [8192, [2, 4, 8, 16]],
  'e2-highcpu': [1024, [2, 4, 8, 16, 32]],
  'n2-standard': [4096, [2, 4, 8, 16, 32, 48, 64, 80, 96, 128]],
  'n2-highmem': [8192, [2, 4, 8, 16, 32, 48, 64, 80, 96, 128]],
  'n2-highcpu': [1024, [2, 4, 8, 16, 32, 48, 64, 80, 96]],
  'n2d-standard': [4096, [2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]],
  'n4-standard': [4096, [2, 4, 8, 16, 32, 48, 64, 80]],
  'n4-highmem': [8192, [2, 4, 8, 16, 32, 48, 64, 80]],
  'c2-standard': [4096, [4, 8, 16, 30, 60]],
  'c2d-standard': [4096, [2, 4, 8, 16, 32, 56, 112]],
  'c2d-highmem': [8192, [2, 4, 8, 16, 32, 56, 112]],
  'c3-standard': [4096, [4, 8, 22, 44, 88, 176]],
  'c3-highmem': [8192, [4, 8, 22, 44, 88, 176]],
  'c3d-standard': [4096, [4, 8, 16, 30, 60, 90, 180, 360]],
  'c4-standard': [3840, [2, 4, 8, 16, 32, 48, 96, 192]],
  'c4-highmem': [7936, [2, 4, 8, 16, 32, 48, 96, 192]],
};

function withGpu(name: string, cpus: number, memoryGb: number, type: string, count: number): MachineKind {
  return { name, cpus, memoryMb: memoryGb * 1024, accelerators: { type, count }, zones: acceleratorZones[type] ?? [] };
}

export const machineKinds: readonly MachineKind[] = [
  ...Object.entries(perCpuMb).flatMap(([family, [mb, counts]]) =>
    counts.map((cpus) => ({ name: `${family}-${cpus}`, cpus, memoryMb: mb * cpus, zones })),
  ),
  { name: 'e2-micro', cpus: 2, memoryMb: 1024, zones },
  { name: 'e2-small', cpus: 2, memoryMb: 2048, zones },
  { name: 'e2-medium', cpus: 2, memoryMb: 4096, zones },
  withGpu('g2-standard-4', 4, 16, 'nvidia-l4', 1),
  withGpu('g2-standard-8', 8, 32, 'nvidia-l4', 1),
  withGpu('g2-standard-12', 12, 48, 'nvidia-l4', 1),
  withGpu('g2-standard-16', 16, 64, 'nvidia-l4', 1),
  withGpu('g2-standard-24', 24, 96, 'nvidia-l4', 2),
  withGpu('g2-standard-32', 32, 128, 'nvidia-l4', 1),
  withGpu('g2-standard-48', 48, 192, 'nvidia-l4', 4),
  withGpu('g2-standard-96', 96, 384, 'nvidia-l4', 8),
  withGpu('a2-highgpu-1g', 12, 85, 'nvidia-tesla-a100', 1),
  withGpu('a2-highgpu-2g', 24, 170, 'nvidia-tesla-a100', 2),
  withGpu('a2-highgpu-4g', 48, 340, 'nvidia-tesla-a100', 4),
  withGpu('a2-highgpu-8g', 96, 680, 'nvidia-tesla-a100', 8),
  withGpu('a2-ultragpu-1g', 12, 170, 'nvidia-a100-80gb', 1),
  withGpu('a2-ultragpu-2g', 24, 340, 'nvidia-a100-80gb', 2),
  withGpu('a2-ultragpu-4g', 48, 680, 'nvidia-a100-80gb', 4),
  withGpu('a3-highgpu-1g', 26, 234, 'nvidia-h100-80gb', 1),
  withGpu('a3-highgpu-2g', 52, 468, 'nvidia-h100-80gb', 2),
  withGpu('a3-highgpu-4g', 104, 936, 'nvidia-h100-80gb', 4),
  withGpu('a3-highgpu-8g', 208, 1872, 'nvidia-h100-80gb', 8),
];

export function machineKindIn(zone: string, name: string): MachineKind | undefined {
  return machineKinds.find((kind) => kind.name === name && kind.zones.includes(zone));
}

export function acceleratorsIn(zone: string): string[] {
  return Object.keys(acceleratorZones).filter((type) => acceleratorZones[type]?.includes(zone));
}
