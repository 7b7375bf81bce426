import type { TimelineRow } from '../../db/tables.ts';
import type { JobSpec } from '../../domain/job-spec.ts';

/** A timeline entry under this key says that training was extended; a limit is only ever raised. */
export const extendedKey = (trainingSeconds: number): string => `asked-extend-${trainingSeconds}`;

/** How long a job may train now: what its spec says, unless it was extended since. */
export function presentLimit(
  { limits }: Pick<JobSpec, 'limits'>,
  timeline: readonly Pick<TimelineRow, 'dedupe_key'>[],
): number {
  const raised = timeline.map(({ dedupe_key }) => Number(/^asked-extend-(\d+)$/.exec(dedupe_key)?.[1] ?? 0));
  return Math.max(limits.trainingSeconds, ...raised);
}
