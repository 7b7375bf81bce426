import { isCancellation, patched, sleep } from '@temporalio/workflow';
import type { Deadline, MachineRequest } from '../activities/machines.ts';
import type { RelayResult } from '../activities/relay/relay-activities.ts';
import type { SizeUp } from '../activities/size-up.ts';
import { familyOf, isFailureType, type Failure } from '../domain/failures.ts';
import type { AttemptRef } from '../domain/ids.ts';
import { endingOfFailure } from '../domain/outcomes.ts';
import type { TimeBudget } from './time-budget.ts';
import type { End, UndoWith, Work } from './work.ts';
import { decide, decideIfKnown } from './activities-on.ts';

export interface AttemptLimits {
  attempts: number;
  silenceSeconds: number;
  /** The sentence for the page while a machine works. */
  sentence: string;
}

/** Less than this left is not worth another machine. */
const worthAnAttemptSeconds = 10;

/**
 * One machine after the other until one of them comes to an end that counts. A lost machine ends its attempt, not the
 * job; the next begins only when the one before is confirmed gone, so that never two of them run for one job. The time
 * limit is the job's: what each attempt trained counts, and of one that said no more than hello, all that its
 * machine lived. Where memory ran out the next one is a size up, once, if there is one.
 */
export async function runAttempts(
  work: Work,
  time: TimeBudget,
  limits: AttemptLimits,
  undoWith: UndoWith,
): Promise<End> {
  let sizeUp: SizeUp | undefined;
  for (work.attempt = 1; ; work.attempt++) {
    const ref = { ...work.holder, attempt: work.attempt };
    const ours = { ...work.ours, attempt: work.attempt };
    await work.enter('provisioning', work.attempt === 1 ? 'Starting a machine.' : 'Starting another machine.');
    undoWith('machine', () => work.on.releases.removeMachine(ours));
    undoWith('log', () => work.on.releases.drainEvents(ours));
    const machine = await askForMachine(work, () => ({ ...ref, ...time.forMachine(), ...ofSize(sizeUp) }));
    if ('type' in machine) return { ending: endingOfFailure(machine.type), hasResult: false, failure: machine };
    await work.enter('training', limits.sentence);
    const result = await relayUntilEnd(work, time, limits, machine);
    time.use(result.trainingSeconds);
    if (result.kind === 'lost' && isUnexplained(result)) await keepConsole(work);

    if (result.kind === 'finished') return endOfFinished(work, result, machine.limitedBy);
    if (result.kind === 'overran') return { ending: 'time_up', hasResult: false };
    const { failure } = result;
    const grows = mayGrow(failure, { hasGrown: sizeUp !== undefined, attempt: work.attempt, limits });
    if (grows) sizeUp = await decideIfKnown.largerMachine(ref);
    if (!mayTryAgain(failure) && !(grows && sizeUp?.type)) return endOfFailed(failure, grows ? sizeUp : undefined);
    const { livedSeconds } = await work.on.releases.removeMachine(ours);
    // Not heard of, or once and never again: it has not trained, but it cost, and silent machines must not follow each
    // other without end.
    if (result.trainingSeconds === 0) time.use(livedSeconds);
    await work.on.releases.drainEvents(ours);
    if (work.mustStop()) return { ending: 'stopped', hasResult: false };
    if (work.attempt >= limits.attempts) return { ending: 'attempts_used_up', hasResult: false, failure };
    if (time.left() < worthAnAttemptSeconds) {
      const reason = `${failure.message} No time is left for another machine.`;
      return { ending: 'time_up', hasResult: false, reason, failure };
    }
    await decide.note({
      ...ref,
      mark: 'warning',
      key: `attempt-${work.attempt}-lost`,
      text: `Attempt ${work.attempt} ended: ${failure.message} ${grows && sizeUp ? sizeUp.sentence : 'Trying again on another machine'}${fromThere(result)}.`,
    });
    // Asked meanwhile: another machine would be made only to be stopped.
    if (work.mustStop()) return { ending: 'stopped', hasResult: false };
  }
}

/** There may be none just now: then it is waited for, and asked again, as often as the answer says. */
async function askForMachine(work: Work, order: () => MachineRequest): Promise<Deadline | Failure> {
  for (let refusals = 0; ; refusals++) {
    const answer = await work.on.machines.createMachine({ ...order(), ...(refusals > 0 ? { refusals } : {}) });
    if (!answer.none) return answer;
    const { failure, wait } = answer.none;
    // Nothing was answered so before there was such a wait: no history from then comes here.
    if (!patched('2026-11-wait-for-machine') || !wait) return failure;
    work.reason = wait.sentence;
    await sleep(wait.seconds * 1000);
  }
}

async function relayUntilEnd(
  work: Work,
  time: TimeBudget,
  limits: AttemptLimits,
  machine: Deadline,
): Promise<RelayResult> {
  const ref = { ...work.holder, attempt: work.attempt };
  const wish = { stop: false, deadlineAtMs: machine.deadlineAtMs };
  // One after the other, each with all that was asked so far: a late one must not take back an earlier one.
  let asking: Promise<unknown> = Promise.resolve();
  const ask = () => {
    const asked = { ...ref, ...wish };
    asking = asking.then(async () => {
      const answer = await work.on.asks.askTrainer(asked);
      machine.limitedBy = answer.limitedBy;
      if (answer.deadlineAtMs < asked.deadlineAtMs) await noteWhatMoneyAllows(ref, answer.deadlineAtMs);
    });
    // Looked at after the relay; until then nobody waits for it.
    asking.catch(() => {});
  };
  work.onStop = () => {
    wish.stop = true;
    ask();
  };
  time.tell((seconds) => {
    wish.deadlineAtMs += seconds * 1000;
    ask();
  });
  if (work.mustStop()) work.onStop();
  try {
    const result = await work.on.relays.relayEvents({ ...ref, silenceSeconds: limits.silenceSeconds });
    // What a machine finished stands, whether or not a wish reached it.
    await (result.kind === 'finished' ? asking.catch(() => {}) : asking);
    return result;
  } finally {
    work.onStop = undefined;
    time.tell(undefined);
  }
}

function fromThere({ checkpoint }: RelayResult): string {
  return checkpoint === undefined ? '' : `, from “${checkpoint}”`;
}

/** Nothing that it said tells why: silent, or gone before its first word. */
function isUnexplained({ failure, trainingSeconds }: { failure: Failure; trainingSeconds: number }): boolean {
  return failure.type === 'MachineSilent' || trainingSeconds === 0;
}

/** Before the machine is taken down, since its console goes with it. */
async function keepConsole(work: Work): Promise<void> {
  try {
    await work.on.glances.keepConsole({ ...work.ours, attempt: work.attempt });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}

/** More time was given than the budget pays for: whoever gave it was told of the time alone. */
async function noteWhatMoneyAllows(ref: AttemptRef, deadlineAtMs: number): Promise<void> {
  const until = `${new Date(deadlineAtMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const text = `The budget does not pay for all of the time that was given: training stops at ${until}.`;
  await decide.note({ ...ref, mark: 'warning', key: `money-allows-${deadlineAtMs}`, text });
}

function endOfFinished(
  work: Work,
  result: Extract<RelayResult, { kind: 'finished' }>,
  limitedBy: 'time' | 'money',
): End {
  const { hasResult, why } = result;
  if (why === 'completed') return { ending: 'finished', hasResult };
  if (why === 'stop_asked' || work.mustStop()) return { ending: 'stopped', hasResult };
  return { ending: limitedBy === 'money' ? 'money_up' : 'time_up', hasResult };
}

/** Asked once: what does not fit into the next size, either, is better looked at by a person. */
function mayGrow(
  failure: Failure,
  { hasGrown, attempt, limits }: { hasGrown: boolean; attempt: number; limits: AttemptLimits },
): boolean {
  if (failure.type !== 'OutOfMemory' || hasGrown || attempt >= limits.attempts) return false;
  // Work that came to this end before there was such a question must not be asked it when it is replayed.
  return patched('2026-11-size-up');
}

function ofSize(sizeUp: SizeUp | undefined): { type?: string } {
  return sizeUp?.type ? { type: sizeUp.type } : {};
}

function endOfFailed(failure: Failure, sizeUp: SizeUp | undefined): End {
  const end: End = { ending: endingOfFailure(failure.type), hasResult: false, failure };
  return sizeUp?.sentence ? { ...end, reason: `${failure.message} ${sizeUp.sentence}` } : end;
}

/** More of the same does not help against too little memory; everything else of the platform may pass. */
function mayTryAgain(failure: Failure): boolean {
  return isFailureType(failure.type) && familyOf(failure.type) === 'platform' && failure.type !== 'OutOfMemory';
}
