import type { MachineSeen } from '../cloud.ts';
import { type Operation, timeOf } from './compute-api.ts';

type Because = MachineSeen['endedBecause'];

/** What is known of a machine besides its operations. */
export interface Known {
  /** The account that the machine itself is. */
  accountEmail: string;
  endsAtMs: number | null;
}

export interface Life {
  startedAtMs: number | null;
  endedAtMs: number | null;
  endedBecause: Because;
}

/** Google ends a machine up to half a minute from the time that was set. */
const aroundItsEndMs = 35_000;

const meanings: Record<string, Because> = {
  'compute.instances.preempted': 'preempted',
  'compute.instances.guestTerminate': 'finished',
  'compute.instances.hostError': 'killed',
  'compute.instances.terminateOnHostMaintenance': 'killed',
};
const endings = new Set([
  ...Object.keys(meanings),
  'delete',
  'stop',
  'compute.instances.stop',
  'compute.instances.delete',
]);

/** When a machine lived, and why it ended: by Google's account of what was done to it. Undefined: it never was. */
export function lifeOf(operations: readonly Operation[], known: Known): Life | undefined {
  const made = operations.find((one) => one.operationType === 'insert' && !one.error);
  const ended = operations.filter((one) => endings.has(one.operationType) && !one.error && one.status === 'DONE');
  if (!made && ended.length === 0) return undefined;
  const last = ended.at(-1);
  return {
    startedAtMs: made ? Date.parse(made.startTime ?? made.insertTime ?? '') || null : null,
    endedAtMs: last ? timeOf(last) : null,
    endedBecause: ended.length > 0 ? because(ended, known) : null,
  };
}

/** The first says it: what was preempted, or turned itself off, is deleted afterwards by whoever. */
function because(ended: readonly Operation[], { accountEmail, endsAtMs }: Known): Because {
  for (const one of ended) {
    const meaning = meanings[one.operationType];
    if (meaning) return meaning;
  }
  const [first] = ended;
  if (!first) return null;
  if (first.user === accountEmail) return 'finished';
  const atMs = Date.parse(first.insertTime ?? first.startTime ?? '') || timeOf(first);
  return endsAtMs !== null && Math.abs(atMs - endsAtMs) < aroundItsEndMs && isGoogle(first.user) ? 'expired' : 'killed';
}

/** Nobody, or one of Google's own. */
function isGoogle(user: string | undefined): boolean {
  return !user || /^system$|@google\.com$|^service-\d+@/.test(user);
}

/** Whether one that makes the machine is still on its way, and may come true after a look that found nothing. */
export function isBeingMade(operations: readonly Operation[]): boolean {
  return operations.some((one) => one.operationType === 'insert' && one.status !== 'DONE');
}
