import { familyOf, type FailureType } from './failures.ts';

/** How a done job ended. */
export const outcomes = ['succeeded', 'failed', 'cancelled', 'over_budget'] as const;
export type Outcome = (typeof outcomes)[number];

/** Why the training part of a job came to its end. */
export const endings = [
  'finished',
  'stopped',
  'time_up',
  'money_up',
  'cancelled',
  'user_failure',
  'attempts_used_up',
  'bug',
  'terminated',
  'history_lost',
  'workflow_failed',
] as const;
export type Ending = (typeof endings)[number];

/** Endings of work whose own workflow cannot tell its end any more: it is released from outside. */
export const releaseEndings = ['cancelled', 'terminated', 'history_lost', 'workflow_failed'] as const;
export type ReleaseEnding = (typeof releaseEndings)[number];

interface EndingRule {
  /** The outcome when the trainer handed in a model, and when it did not. */
  withResult: Outcome;
  withoutResult: Outcome;
  /** Whether what the machine uploaded is collected. */
  collects: boolean;
  /** The sentence when nothing more precise is known. */
  sentence: string;
  sentenceWithoutResult: string;
  /** What is noted as the failure when nobody was left to report one. */
  failureType?: FailureType;
}

/** The one table that decides everything about an ending. */
export const endingRules: Record<Ending, EndingRule> = {
  finished: {
    withResult: 'succeeded',
    withoutResult: 'failed',
    collects: true,
    sentence: 'It ran to its end.',
    sentenceWithoutResult: 'The trainer said it had finished, but left no result.',
  },
  stopped: {
    withResult: 'succeeded',
    withoutResult: 'cancelled',
    collects: true,
    sentence: 'Stopped when asked; the best so far was kept.',
    sentenceWithoutResult: 'Stopped when asked, before there was anything to keep.',
  },
  time_up: {
    withResult: 'succeeded',
    withoutResult: 'failed',
    collects: true,
    sentence: 'The time limit was reached; the best so far was kept.',
    sentenceWithoutResult:
      'The time limit was reached before a first model was ready. Give it more time, or less data.',
  },
  money_up: {
    withResult: 'over_budget',
    withoutResult: 'over_budget',
    collects: true,
    sentence: 'The budget was used up; the best so far was kept.',
    sentenceWithoutResult: 'The budget was used up before a first model was ready.',
  },
  cancelled: {
    withResult: 'cancelled',
    withoutResult: 'cancelled',
    collects: false,
    sentence: 'Cancelled when asked.',
    sentenceWithoutResult: 'Cancelled when asked.',
  },
  user_failure: {
    withResult: 'failed',
    withoutResult: 'failed',
    collects: false,
    sentence: 'The data or the settings do not allow it.',
    sentenceWithoutResult: 'The data or the settings do not allow it.',
  },
  attempts_used_up: {
    withResult: 'failed',
    withoutResult: 'failed',
    collects: false,
    sentence: 'Every allowed attempt lost its machine.',
    sentenceWithoutResult: 'Every allowed attempt lost its machine.',
  },
  bug: {
    withResult: 'failed',
    withoutResult: 'failed',
    collects: false,
    sentence: 'Trainyard itself failed; this is a bug.',
    sentenceWithoutResult: 'Trainyard itself failed; this is a bug.',
  },
  terminated: {
    withResult: 'cancelled',
    withoutResult: 'cancelled',
    collects: false,
    sentence: 'Its workflow was terminated from outside; everything it held was released.',
    sentenceWithoutResult: 'Its workflow was terminated from outside; everything it held was released.',
  },
  history_lost: {
    withResult: 'succeeded',
    withoutResult: 'failed',
    collects: true,
    sentence: 'Temporal no longer knows of it; what its machine had finished was kept.',
    sentenceWithoutResult: 'Temporal no longer knows of it: its history was lost. Everything it held was released.',
    failureType: 'HistoryLost',
  },
  workflow_failed: {
    withResult: 'succeeded',
    withoutResult: 'failed',
    collects: true,
    sentence: 'Its workflow failed, which is a bug of Trainyard; what its machine had finished was kept.',
    sentenceWithoutResult: 'Its workflow failed, which is a bug of Trainyard; everything it held was released.',
    failureType: 'Bug',
  },
};

export function outcomeOf(ending: Ending, hasResult: boolean): Outcome {
  return hasResult ? endingRules[ending].withResult : endingRules[ending].withoutResult;
}

export function sentenceOf(ending: Ending, hasResult: boolean): string {
  return hasResult ? endingRules[ending].sentence : endingRules[ending].sentenceWithoutResult;
}

/** What a failure that is not tried again means for its job. */
export function endingOfFailure(type: FailureType): Ending {
  if (type === 'OverBudget') return 'money_up';
  const family = familyOf(type);
  if (family === 'user') return 'user_failure';
  return family === 'bug' ? 'bug' : 'attempts_used_up';
}

/** Icon, word and colour of an outcome or of work under way: never colour alone. */
export const outcomeMarks: Record<Outcome, { icon: string; word: string; tone: 'go' | 'stop' | 'plain' | 'wait' }> = {
  succeeded: { icon: '✓', word: 'Succeeded', tone: 'go' },
  failed: { icon: '✕', word: 'Failed', tone: 'stop' },
  cancelled: { icon: '–', word: 'Cancelled', tone: 'plain' },
  over_budget: { icon: '$', word: 'Over budget', tone: 'wait' },
};
