import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { WorkPlan } from '../activities/plan.ts';
import { type Failure, isFailureType } from '../domain/failures.ts';
import type { Holder } from '../domain/ids.ts';
import { type Ending, endingOfFailure, outcomeOf, type Outcome, sentenceOf } from '../domain/outcomes.ts';
import type { Phase } from '../domain/phases.ts';
import { activitiesOn, decide, decideIfKnown } from './activities-on.ts';
import { cancelSignal, statusQuery, stopSignal, wakeSignal } from './messages.ts';

/** How the story of a job or a prediction came to its end. */
export interface End {
  ending: Ending;
  hasResult: boolean;
  /** More precise than the sentence of the ending, when there is something more precise to say. */
  reason?: string;
  failure?: Failure;
}

export interface WorkResult {
  outcome: Outcome;
  reason: string;
}

/** What is to be freed, in the order that frees money first; the log is taken in before its channel goes. */
const releaseOrder = ['machine', 'place', 'log', 'signals', 'bucket'] as const;
type Kind = (typeof releaseOrder)[number];
export type UndoWith = (kind: Kind, undo: () => Promise<unknown>) => void;

const takingDown = 'Taking down everything that it made.';
const cancelledTooLate = 'Cancel came too late: its result had been kept already.';

/** A job or a prediction under way: where it is, what was asked of it, and where its activities run. */
export class Work {
  readonly holder: Holder;
  readonly plan: WorkPlan;
  /** For what frees: where to look, though the database may not know the holder any more. */
  readonly ours: Holder & { cloud: string };
  readonly on: ReturnType<typeof activitiesOn>;
  phase: Phase = 'queued';
  ahead: number | null = null;
  attempt = 0;
  reason = '';
  asked: 'cancel' | 'stop' | undefined;
  /** Set while a trainer listens: what to do when "stop, keep the best" is asked. */
  onStop: (() => void) | undefined;
  /** The story runs in this scope, so that "cancel" reaches it wherever it is. */
  readonly scope = new CancellationScope({ cancellable: true });
  #woken = false;

  constructor(holder: Holder, plan: WorkPlan) {
    this.holder = holder;
    this.plan = plan;
    this.ours = { ...holder, cloud: plan.cloud };
    this.on = activitiesOn(plan.queues);
  }

  ask(what: 'cancel' | 'stop'): void {
    // Cancel overrules stop; nothing overrules cancel.
    if (this.asked === 'cancel' || this.asked === what) return;
    this.asked = what;
    if (what === 'stop' && this.onStop) return this.onStop();
    // Between the machine's start and the relay it is remembered; past training there is nothing left to stop.
    if (what === 'stop' && ['training', 'collecting', 'releasing'].includes(this.phase)) return;
    this.scope.cancel();
  }

  /** "Stop, keep the best" was asked, and nothing stronger since. */
  mustStop(): boolean {
    return this.asked === 'stop';
  }

  wake(): void {
    this.#woken = true;
  }

  /** Enters a phase: in the database (pages), in the search attributes (Temporal UI), and here (query). */
  async enter(phase: Exclude<Phase, 'done'>, sentence: string): Promise<void> {
    this.phase = phase;
    this.reason = sentence;
    upsertSearchAttributes({ TrainyardPhase: [phase] });
    await decide.enterPhase({ ...this.holder, attempt: this.attempt, phase, sentence });
  }

  /**
   * Takes in what a machine handed in. "Cancel" counts until that is kept: whichever is in the database first, the
   * result or the phase after, decides, and the other gives way.
   */
  async keeping(end: End, collect: () => Promise<void>): Promise<End> {
    try {
      await collect();
      return end;
    } catch (error) {
      if (this.asked !== 'cancel') throw error;
      const wasKept = await CancellationScope.nonCancellable(async () => {
        await this.enter('releasing', takingDown);
        return decide.wasKept(this.holder);
      });
      if (wasKept) return end;
      throw new CancelledFailure('Cancelled before it was kept.');
    }
  }

  /** Waits in the yard: a signal wakes it when a place may be free, a slow timer when the signal was lost. */
  async waitForPlace(): Promise<void> {
    for (;;) {
      this.#woken = false;
      const answer = await decideIfKnown.claimPlace({ ...this.holder, cloud: this.plan.cloud });
      this.ahead = answer.granted ? null : answer.ahead;
      if (answer.granted) return;
      this.reason = answer.sentence;
      await condition(() => this.#woken, '1 h');
    }
  }
}

/** Handlers that live before the plan is known: a signal in the very first task must find them. */
export function openWork(holder: Holder): { planned: (plan: WorkPlan) => Work } {
  let work: Work | undefined;
  let asked: 'cancel' | 'stop' | undefined;
  const ask = (what: 'cancel' | 'stop') => {
    if (work) work.ask(what);
    else if (asked !== 'cancel') asked = what;
  };
  setHandler(cancelSignal, () => ask('cancel'));
  setHandler(stopSignal, () => ask('stop'));
  setHandler(wakeSignal, () => work?.wake());
  setHandler(statusQuery, () => ({
    phase: work?.phase ?? 'queued',
    ahead: work?.ahead ?? null,
    attempt: work?.attempt ?? 0,
    reason: work?.reason ?? 'It has just been accepted.',
  }));
  return {
    planned(plan) {
      work = new Work(holder, plan);
      if (asked) work.ask(asked);
      return work;
    },
  };
}

/** Tells the story, and whatever happens in it, frees everything afterwards, counts the cost and closes. */
export async function releasing(work: Work, story: (undoWith: UndoWith) => Promise<End>): Promise<WorkResult> {
  const undos: { kind: Kind; undo: () => Promise<unknown> }[] = [];
  let end: End;
  try {
    end = await work.scope.run(() => story((kind, undo) => undos.push({ kind, undo })));
  } catch (error) {
    end = endOf(error, work.asked);
  }
  let reason = end.reason ?? end.failure?.message ?? sentenceOf(end.ending, end.hasResult);
  const outcome = outcomeOf(end.ending, end.hasResult);
  await CancellationScope.nonCancellable(async () => {
    if (work.phase !== 'releasing') await work.enter('releasing', takingDown);
    for (const kind of releaseOrder) {
      for (const { undo } of undos.filter((entry) => entry.kind === kind)) await undo();
    }
    if (work.asked === 'cancel' && end.hasResult) reason = `${reason} ${cancelledTooLate}`;
    await decide.closeWork({ ...work.holder, outcome, reason, failureType: end.failure?.type ?? null });
    upsertSearchAttributes({ TrainyardPhase: ['done'] });
  });
  return { outcome, reason };
}

function endOf(error: unknown, asked: 'cancel' | 'stop' | undefined): End {
  if (isCancellation(error)) return { ending: asked === 'stop' ? 'stopped' : 'cancelled', hasResult: false };
  const failure = failureOf(error);
  return { ending: endingOfFailure(failure.type), hasResult: false, failure };
}

export function failureOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isFailureType(cause.type)) {
    return { type: cause.type, message: cause.message };
  }
  return { type: 'Bug', message: `Trainyard failed in a way it should not: ${String(cause)}` };
}
