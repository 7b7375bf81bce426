import { type FailureType, failureFamilies, familyOf } from '../../domain/failures.ts';
import {
  endingOfFailure,
  endingRules,
  endings,
  outcomeMarks,
  outcomeOf,
  outcomes,
  sentenceOf,
} from '../../domain/outcomes.ts';

const failureTypes = Object.keys(failureFamilies) as FailureType[];

describe('every ending', () => {
  test('has a rule, and there is no rule for anything else', () => {
    expect(Object.keys(endingRules).toSorted()).toEqual([...endings].toSorted());
  });

  test.each(endings)('%s has a whole sentence for a person, with and without a result', (ending) => {
    for (const hasResult of [true, false]) expect(sentenceOf(ending, hasResult)).toMatch(/^[A-Z].{10,}\.$/);
  });

  test.each(endings)('%s succeeds only with a result that was collected', (ending) => {
    expect(outcomeOf(ending, false)).not.toBe('succeeded');
    if (outcomeOf(ending, true) === 'succeeded') expect(endingRules[ending].collects).toBe(true);
  });

  test('keeps a result unless it was thrown away on purpose or there can be none', () => {
    expect(endings.filter((ending) => endingRules[ending].collects)).toEqual([
      'finished',
      'stopped',
      'time_up',
      'money_up',
      'history_lost',
      'workflow_failed',
    ]);
  });
});

test.each([
  ['finished', 'succeeded', 'failed'],
  ['stopped', 'succeeded', 'cancelled'],
  ['time_up', 'succeeded', 'failed'],
  ['money_up', 'over_budget', 'over_budget'],
  ['cancelled', 'cancelled', 'cancelled'],
  ['terminated', 'cancelled', 'cancelled'],
  ['user_failure', 'failed', 'failed'],
  ['attempts_used_up', 'failed', 'failed'],
  ['bug', 'failed', 'failed'],
  ['history_lost', 'succeeded', 'failed'],
  ['workflow_failed', 'succeeded', 'failed'],
] as const)('%s is %s with a result and %s without one', (ending, withResult, withoutResult) => {
  expect(outcomeOf(ending, true)).toBe(withResult);
  expect(outcomeOf(ending, false)).toBe(withoutResult);
});

test('says why nothing was kept, and not that something was', () => {
  expect(sentenceOf('time_up', true)).toContain('the best so far was kept');
  for (const ending of endings) expect(sentenceOf(ending, false)).not.toContain('was kept');
});

test('a failure ends its job by its family, and a budget that is used up is not a mistake of the person', () => {
  expect(endingOfFailure('OverBudget')).toBe('money_up');
  for (const type of failureTypes.filter((one) => one !== 'OverBudget')) {
    const expected = { user: 'user_failure', platform: 'attempts_used_up', bug: 'bug' } as const;
    expect(endingOfFailure(type)).toBe(expected[familyOf(type)]);
  }
});

test('every outcome is told by icon and word, never by colour alone', () => {
  expect(Object.keys(outcomeMarks).toSorted()).toEqual([...outcomes].toSorted());
  const marks = Object.values(outcomeMarks);
  expect(new Set(marks.map(({ icon }) => icon)).size).toBe(outcomes.length);
  expect(new Set(marks.map(({ word }) => word)).size).toBe(outcomes.length);
});
