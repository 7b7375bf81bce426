import { z } from 'zod';

/**
 * A UUID made at the edge (form, API, CLI), never in a workflow. It names everything its holder makes, so it is kept in
 * small letters: clouds take no others, and a database may hold two spellings for the same.
 */
export const idSchema = z.uuid().toLowerCase();

export type HolderKind = 'job' | 'prediction';

/** Whoever may hold a place in the yard, a bucket, signals and a machine: a job or a prediction. */
export interface Holder {
  kind: HolderKind;
  id: string;
}

/** One try of a holder on one machine. */
export interface AttemptRef extends Holder {
  attempt: number;
}

/** Whatever has a workflow of its own: a holder, or what holds nothing: the preparation of a dataset, a sweep. */
export interface WorkRef {
  kind: HolderKind | 'preparation' | 'sweep';
  id: string;
}

/** The workflow of a piece of work: one id, so that accepting twice starts once. */
export function workflowIdOf(work: WorkRef): string {
  return `${work.kind}-${work.id}`;
}

export function holderOfWorkflow(workflowId: string): Holder | undefined {
  const found = /^(job|prediction)-([0-9a-f-]{36})$/.exec(workflowId);
  return found ? { kind: found[1] as HolderKind, id: found[2] as string } : undefined;
}

/** The name of a machine in its cloud: short enough for any of them (63 characters), and told apart by attempt. */
export function machineNameOf(ref: AttemptRef): string {
  return `ty-${ref.kind === 'job' ? 'j' : 'p'}-${ref.id}-${ref.attempt}`;
}

export function bucketNameOf(holder: Holder): string {
  return `ty-${holder.kind === 'job' ? 'j' : 'p'}-${holder.id}`;
}
