import { createHash } from 'node:crypto';
import type { JobRequest, JobRequestInput, JobSpec } from '../../domain/job-spec.ts';

/** The same question asked again, whatever the order of its fields. */
export function hashOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The id of what was asked for by a key and without an id: the same key names the same, for ever. */
export function idOfKey(workspaceId: string, key: string, kind = 'job'): string {
  const hash = createHash('sha256').update(`${kind}\n${workspaceId}\n${key}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** "Train again like this": every field as it was, for a form to start from. */
export function requestLike(spec: JobSpec): JobRequestInput {
  const { id: _id, workspaceId: _workspace, owner: _owner, ...request } = spec;
  return request satisfies Omit<JobRequest, 'id'>;
}

/** "Continue": more time for a done job, as a new job that starts from its model. */
export function requestContinuing(spec: JobSpec, extraSeconds: number): JobRequestInput {
  const suffix = ', continued';
  const base = spec.name.endsWith(suffix) ? spec.name.slice(0, -suffix.length) : spec.name;
  return {
    ...requestLike(spec),
    name: `${base.slice(0, 80 - suffix.length)}${suffix}`,
    continuesJobId: spec.id,
    limits: { ...spec.limits, trainingSeconds: extraSeconds, longestSeconds: null },
  };
}
