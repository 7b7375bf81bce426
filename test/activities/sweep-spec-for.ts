import { randomUUID } from 'node:crypto';
import type { JobRequestInput } from '../../domain/job-spec.ts';
import { type SweepSpec, sweepSpecSchema } from '../../domain/sweep.ts';
import { jobSpecFor } from './dependencies.ts';

export interface SweepAsked extends Partial<Pick<SweepSpec, 'parallel' | 'search'>> {
  limits?: Partial<SweepSpec['limits']>;
  /** One combination with a seed each; or whatever is said. */
  count?: number;
  trials?: SweepSpec['trials'];
  base?: Partial<JobRequestInput>;
}

/** A sweep as the web would have accepted it, with limits that a test can wait for. */
export function sweepSpecFor(datasetId: string, asked: SweepAsked = {}): SweepSpec {
  const { id: _id, name: _name, workspaceId, owner, ...base } = jobSpecFor(datasetId, asked.base);
  const count = asked.count ?? 3;
  return sweepSpecSchema.parse({
    ...{ id: randomUUID(), workspaceId, owner, name: 'a sweep', base },
    ...{ search: asked.search ?? { kind: 'seeds', count }, seeds: 1, parallel: asked.parallel ?? 2 },
    limits: asked.limits ?? {},
    trials:
      asked.trials ??
      Array.from({ length: count }, (_, n) => ({ number: n + 1, combination: 1, settings: {}, seed: n })),
  });
}
