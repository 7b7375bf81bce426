import type { Json } from '../json.ts';
import type { Records, RecordsOfKind } from '../records.ts';

/** As the API shows it. */
export interface InstanceShown {
  name: string;
  id: string;
  zone: string;
  status: 'PROVISIONING' | 'STAGING' | 'RUNNING' | 'STOPPING' | 'TERMINATED';
  machineType: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  metadata: { fingerprint: string; items: { key: string; value: string }[]; kind: string };
  [more: string]: unknown;
}

/** An instance as the cloud knows it: what it shows, and what it will do. */
export interface Instance {
  shown: InstanceShown;
  zoneName: string;
  /** The e-mail address of who it acts as, when it may act at all. */
  serviceAccount: string | null;
  spot: boolean;
  /** Its own end, and whether it is then removed or only stopped. */
  endsAtMs: number | null;
  deletesAtEnd: boolean;
  metadataPort: number;
  /** When it has been told that it goes, and when it really does. */
  preempted: { goesAtMs: number } | null;
  maintenance: string;
}

/** By zone and name, as the API has them. */
export function instancesIn(records: Records): RecordsOfKind<Instance> {
  return records.kind<Instance>('instance');
}

export interface Disk extends Json {
  name: string;
  sizeGb: string;
}

export function disksIn(records: Records): RecordsOfKind<Disk> {
  return records.kind<Disk>('disk');
}

export function instancePath(project: string, zone: string, name: string): string {
  return `projects/${project}/zones/${zone}/instances/${name}`;
}

export function diskPath(project: string, zone: string, name: string): string {
  return `projects/${project}/zones/${zone}/disks/${name}`;
}
