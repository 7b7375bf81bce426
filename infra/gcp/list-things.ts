import type { Labels, Thing } from '../cloud.ts';
import type { GcpBuckets } from './buckets.ts';
import type { ComputeApi } from './compute-api.ts';
import type { GcpMachines } from './machines.ts';
import { readLabels } from './names.ts';
import type { GcpSignals } from './signals.ts';

interface Houses {
  installationId: string;
  buckets: GcpBuckets;
  signals: GcpSignals;
  machines: GcpMachines;
  compute: ComputeApi;
}

/** Everything of this installation that the project holds now, by Google's own account: also what Terraform has lost. */
export async function listThings({ installationId, buckets, signals, machines, compute }: Houses): Promise<Thing[]> {
  const [machineThings, signalThings, bucketThings] = await Promise.all([
    listMachines(installationId, machines, compute),
    signals.all(),
    buckets.all(),
  ]);
  return [
    ...machineThings,
    ...signalThings.map(({ name, labels }) => thing('signals', name, labels)),
    ...bucketThings.map(({ name, labels, createdAtMs }) => thing('bucket', name, labels, createdAtMs)),
  ];
}

/** A disk that outlived its machine counts as one: it has its name, and goes by the same removal. */
async function listMachines(installationId: string, machines: GcpMachines, compute: ComputeApi): Promise<Thing[]> {
  const found = new Map<string, Thing>();
  const label = 'trainyard-installation';
  const note = (one: { name: string; zone: string; labels?: Record<string, string>; creationTimestamp?: string }) => {
    const ours = readLabels(one.labels, installationId);
    if (!ours || found.has(one.name)) return;
    machines.seenIn(one.name, one.zone);
    const createdAtMs = one.creationTimestamp ? Date.parse(one.creationTimestamp) : null;
    found.set(one.name, { ...thing('machine', one.name, ours.labels, createdAtMs), attempt: ours.attempt });
  };
  for await (const instance of compute.instances(label, installationId)) note(instance);
  for await (const disk of compute.disks(label, installationId)) note(disk);
  return [...found.values()];
}

function thing(kind: Thing['kind'], name: string, labels: Labels, createdAtMs: number | null = null): Thing {
  return { kind, name, labels, attempt: null, createdAtMs };
}
