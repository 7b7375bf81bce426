import { createHash } from 'node:crypto';
import { bucketNameOf, type Holder, machineNameOf } from '../../domain/ids.ts';
import type { Labels, MachineOrder } from '../cloud.ts';

/** What we keep in a job's bucket for ourselves; a part that begins with a dot is no object of the job's. */
export const ownPrefix = '.trainyard/';

/** Made once per project by infra/gcp/bootstrap: whoever has it on an instance may delete that one, and do nothing else. */
export const machineRole = 'trainyardMachine';

/** All names of one holder's things. Its topic and its subscription are called as its bucket is; so are those of its dead letters, with an end. */
export function namesOf(holder: Holder, installationId: string, project: string) {
  const name = bucketNameOf(holder);
  const accountId = accountIdOf(holder, installationId);
  return {
    bucket: name,
    topic: name,
    subscription: name,
    deadTopic: deadNameOf(name),
    deadSubscription: deadNameOf(name),
    accountId,
    accountEmail: `${accountId}@${project}.iam.gserviceaccount.com`,
  };
}

export function deadNameOf(name: string): string {
  return `${name}-dead`;
}

/** At most 30 characters, so a UUID does not fit: a hash of it. */
export function accountIdOf({ id }: Pick<Holder, 'id'>, installationId: string): string {
  return `ty-${createHash('sha256').update(`${installationId}/${id}`).digest('hex').slice(0, 24)}`;
}

export { bucketNameOf, machineNameOf };

export type LabelMap = Record<string, string>;

/** For all that takes labels: Google takes small letters, digits, `-` and `_`, 63 at most. */
export function labelMap(labels: Labels, machine?: Pick<MachineOrder, 'attempt' | 'endsAtMs'>): LabelMap {
  return {
    'trainyard-installation': labels.installationId,
    'trainyard-kind': labels.kind,
    'trainyard-holder': labels.id,
    'trainyard-owner': ownerLabel(labels.owner),
    ...(machine && {
      'trainyard-attempt': String(machine.attempt),
      'trainyard-end': String(Math.ceil(machine.endsAtMs / 1000)),
    }),
  };
}

/** Undefined when the labels are not of ours, or are another installation's. */
export function readLabels(
  map: Record<string, unknown> | null | undefined,
  installationId: string,
): { labels: Labels; attempt: number | null } | undefined {
  const kind = map?.['trainyard-kind'];
  const id = map?.['trainyard-holder'];
  const owner = map?.['trainyard-owner'];
  if (map?.['trainyard-installation'] !== installationId || typeof id !== 'string') return undefined;
  if (kind !== 'job' && kind !== 'prediction') return undefined;
  const attempt = Number(map['trainyard-attempt'] ?? Number.NaN);
  return {
    labels: { kind, id, installationId, owner: typeof owner === 'string' ? owner : '' },
    attempt: Number.isInteger(attempt) ? attempt : null,
  };
}

/** A service account has no labels; its description holds them, in 256 bytes at most. */
export function accountDescription(labels: Labels): string {
  return JSON.stringify(labelMap(labels));
}

export function readAccountDescription(description: string | undefined, installationId: string) {
  try {
    const map: unknown = JSON.parse(description ?? '');
    return typeof map === 'object' ? readLabels(map as Record<string, unknown>, installationId) : undefined;
  } catch {
    return undefined;
  }
}

function ownerLabel(owner: string): string {
  return owner
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
}
