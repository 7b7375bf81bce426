import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Phase } from '../domain/phases.ts';

/** Signals wait in history while no worker is up: what a person asked is never lost. */
export const cancelSignal = defineSignal('cancel');
export const stopSignal = defineSignal('stop');
/** A trial of a sweep has its end in the database. */
export const trialEndedSignal = defineSignal('trialEnded');
/** A place in the yard may have come free. */
export const wakeSignal = defineSignal('wake');

export interface WorkStatus {
  phase: Phase;
  /** How many are ahead in the yard; null once there is a place. */
  ahead: number | null;
  attempt: number;
  /** The sentence that says why it is in this phase. */
  reason: string;
}

export const statusQuery = defineQuery<WorkStatus>('status');

export interface ExtendAnswer {
  trainingSeconds: number;
  longestSeconds: number;
}

/** More training time. An update, because the caller needs the answer: the machine's own end may not allow it. */
export const extendTimeUpdate = defineUpdate<ExtendAnswer, [number]>('extendTime');
