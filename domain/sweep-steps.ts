import { formatMoney, type Micros } from './money.ts';
import type { Outcome } from './outcomes.ts';
import type { SweepSpec, Trial } from './sweep.ts';

/** A trial that was begun, as the database has it. */
export interface TrialFact {
  number: number;
  isOpen: boolean;
  outcome: Outcome | null;
  /** What it cost; of an open one what it has cost so far. */
  costMicros: Micros;
  /** How long its machines have lived; it never trains for longer than that. */
  machineSeconds: number;
}

export interface SweepState {
  trials: readonly TrialFact[];
  asked: 'cancel' | 'stop' | null;
  /** Why none can be begun any more, whatever was asked: its data is gone, its machine is not offered any more. */
  blocked: string | null;
  /** The most that one trial can cost. */
  worstMicros: Micros;
}

export interface SweepEnd {
  outcome: Outcome;
  reason: string;
}

export interface SweepStep {
  begin: Trial[];
  /** Open trials are to be cancelled. */
  cancels: boolean;
  /** Set when nothing is open and nothing more is begun. */
  end: SweepEnd | null;
  sentence: string;
}

/** So many failures and nothing else: the next will fail as well, and cost. */
const hopelessAfter = 3;

/** What comes next, by what there is: asked again at any moment, and by anybody, the answer is the same. */
export function nextStep(spec: SweepSpec, state: SweepState): SweepStep {
  const open = state.trials.filter(({ isOpen }) => isOpen);
  const cancels = state.asked === 'cancel';
  const why = noMoreBecause(state);
  const { begin, shortOf } = why === null ? affordable(spec, state) : { begin: [], shortOf: null };
  const isOver = open.length === 0 && begin.length === 0;
  const left = spec.trials.length - state.trials.length - begin.length;
  return {
    begin,
    cancels,
    end: isOver ? endOf(spec, state, why ?? shortOf) : null,
    sentence: sentenceOf({ cancels, open: open.length + begin.length, left, why: why ?? shortOf }),
  };
}

/** The trials that were not begun yet, in order: the place for a search that learns from the results so far. */
function nextTrials(spec: SweepSpec, trials: readonly TrialFact[]): Trial[] {
  const begun = new Set(trials.map(({ number }) => number));
  return spec.trials.filter(({ number }) => !begun.has(number));
}

/** As many as may be open at once, while the worst case of each fits into what the others leave of the shared limits. */
function affordable(spec: SweepSpec, { trials, worstMicros }: SweepState): { begin: Trial[]; shortOf: string | null } {
  const { budgetMicros, totalSeconds } = spec.limits;
  const trainingSeconds = spec.base.limits.trainingSeconds;
  let micros = trials.reduce((sum, trial) => sum + committedMicros(trial, worstMicros), 0);
  let seconds = trials.reduce((sum, trial) => sum + committedSeconds(trial, trainingSeconds), 0);
  const room = spec.parallel - trials.filter(({ isOpen }) => isOpen).length;
  const begin: Trial[] = [];
  for (const trial of nextTrials(spec, trials)) {
    if (budgetMicros !== null && micros + worstMicros > budgetMicros) {
      return {
        begin,
        shortOf: `the shared budget of ${formatMoney(budgetMicros)} does not cover the worst case of another`,
      };
    }
    if (totalSeconds !== null && seconds + trainingSeconds > totalSeconds) {
      return { begin, shortOf: `the shared time of ${totalSeconds} s is not enough for another` };
    }
    if (begin.length >= room) break;
    begin.push(trial);
    micros += worstMicros;
    seconds += trainingSeconds;
  }
  return { begin, shortOf: null };
}

function committedMicros(trial: TrialFact, worstMicros: Micros): Micros {
  return trial.isOpen ? Math.max(worstMicros, trial.costMicros) : trial.costMicros;
}

function committedSeconds(trial: TrialFact, trainingSeconds: number): number {
  return trial.isOpen ? trainingSeconds : Math.min(trainingSeconds, trial.machineSeconds);
}

function noMoreBecause({ trials, asked, blocked }: SweepState): string | null {
  if (asked !== null) return asked === 'cancel' ? 'it was cancelled' : 'it was stopped';
  if (blocked !== null) return blocked;
  const done = trials.filter(({ isOpen }) => !isOpen);
  const allFailed = done.length >= hopelessAfter && done.every(({ outcome }) => outcome === 'failed');
  return allFailed ? `the first ${done.length} all failed` : null;
}

function endOf(spec: SweepSpec, { trials, asked }: SweepState, why: string | null): SweepEnd {
  const total = spec.trials.length;
  const good = trials.filter(({ outcome }) => outcome === 'succeeded').length;
  if (asked === 'cancel') {
    return { outcome: 'cancelled', reason: `Cancelled when asked; ${kept(good)}.` };
  }
  const ended = why === null ? `All ${total} trials ended` : `${trials.length} of ${total} trials were begun: ${why}`;
  if (good > 0) return { outcome: 'succeeded', reason: `${ended}; ${kept(good)}.` };
  if (asked === 'stop') return { outcome: 'cancelled', reason: `${ended}; ${kept(good)}.` };
  const isShort = why !== null && why.startsWith('the shared budget');
  return { outcome: isShort ? 'over_budget' : 'failed', reason: `${ended}; ${kept(good)}.` };
}

function kept(models: number): string {
  if (models === 0) return 'no model came of it';
  return models === 1 ? '1 model was kept' : `${models} models were kept`;
}

function sentenceOf(now: { cancels: boolean; open: number; left: number; why: string | null }): string {
  const open = now.open === 1 ? '1 trial is open' : `${now.open} trials are open`;
  if (now.cancels) return `Cancelling: ${open}.`;
  if (now.why !== null) return `No more are begun, since ${now.why}; ${open}.`;
  return now.left === 0 ? `The last trials: ${open}.` : `${open}, ${now.left} to come.`;
}
