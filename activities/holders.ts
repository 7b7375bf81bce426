import type { Stores } from '../db/open-stores.ts';
import type { JobRow, PredictionRow } from '../db/tables.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Holder, HolderKind } from '../domain/ids.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { keptPredictionSpec, type PredictionSpec } from '../domain/prediction-spec.ts';
import type { Cloud, Labels } from '../infra/cloud.ts';
import { cloudNamed, type Dependencies } from './dependencies.ts';

/** Jobs and predictions have their own tables and the same life. */
export function worksOf({ jobs, predictions }: Pick<Stores, 'jobs' | 'predictions'>, kind: HolderKind) {
  return kind === 'job' ? jobs : predictions;
}

export type HolderWork =
  | { kind: 'job'; row: JobRow; spec: JobSpec }
  | { kind: 'prediction'; row: PredictionRow; spec: PredictionSpec };

/** The job or the prediction behind a holder, as it was accepted: the database knows intent. */
export async function workOf(dependencies: Pick<Dependencies, 'stores'>, holder: Holder): Promise<HolderWork> {
  if (holder.kind === 'job') {
    const row = await dependencies.stores.jobs.find(holder.id);
    if (row) return { kind: 'job', row, spec: JSON.parse(row.spec_json) };
  } else {
    const row = await dependencies.stores.predictions.find(holder.id);
    if (row) return { kind: 'prediction', row, spec: keptPredictionSpec(row.spec_json) };
  }
  throw new TrainyardError('NotFound', `There is no ${holder.kind} ${holder.id} in the database.`);
}

export function engineOf(work: HolderWork): string {
  return work.kind === 'job' ? work.spec.engine.name : work.spec.engine;
}

export function labelsOf(dependencies: Pick<Dependencies, 'installationId'>, work: HolderWork): Labels {
  return {
    installationId: dependencies.installationId,
    kind: work.kind,
    id: work.spec.id,
    owner: work.spec.owner,
  };
}

/** What frees a holder is told where: a database that was put back from an older copy may not know the holder. */
export type Freeing<Of extends Holder = Holder> = Of & { cloud?: string };

export async function cloudFreeing(
  dependencies: Pick<Dependencies, 'stores' | 'clouds'>,
  request: Freeing,
): Promise<Cloud> {
  if (request.cloud !== undefined) return cloudNamed(dependencies, request.cloud);
  return (await cloudOf(dependencies, request)).cloud;
}

export async function cloudOf(
  dependencies: Pick<Dependencies, 'stores' | 'clouds'>,
  holder: Holder,
): Promise<{ cloud: Cloud; work: HolderWork }> {
  const work = await workOf(dependencies, holder);
  return { cloud: cloudNamed(dependencies, work.spec.machine.cloud), work };
}
