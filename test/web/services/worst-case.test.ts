import * as fc from 'fast-check';
import { machineTimes, teardownMarginSeconds } from '../../../domain/machine-times.ts';
import { completeLimits } from '../../../domain/job-spec.ts';
import { costOf, dollars } from '../../../domain/money.ts';
import { sensibleBudget } from '../../../domain/worst-case.ts';
import { worstCaseOf } from '../../../web/services/worst-case.ts';

const machine = {
  name: 'n1',
  title: 'A machine',
  cpus: 2,
  memoryGib: 8,
  gpus: [],
  pricePerHourMicros: dollars(36),
  priceListDate: '2026-11-01',
};
const asked = { trainingSeconds: 600, longestSeconds: null, attempts: 2, silenceSeconds: 100, budgetMicros: null };
const limitsOf = (given: object = {}) => completeLimits({ ...asked, ...given });
const worstOf = (given: object = {}, price = machine.pricePerHourMicros) =>
  worstCaseOf({ limits: limitsOf(given) }, { ...machine, pricePerHourMicros: price });

test('counts all that a machine may live for, in every attempt, and the time that may be added', () => {
  const worst = worstOf();
  // A cent a second: 600 s of training, and twice 120 s to set up, 100 s of silence, 600 s to hand in, 120 s to go.
  expect(worst.micros).toBe(dollars(6 + 2 * (1.2 + 1 + 6 + 1.2)));
  expect(worst.extendedMicros).toBe(worst.micros + dollars(6));
  expect(worst.parts.reduce((sum, { micros }) => sum + micros, 0)).toBe(worst.extendedMicros);
  expect(worst.sentence).toBe('At most $24.80; if extended, at most $30.80. Usually much less.');
});

test('says one number where the time cannot be extended', () => {
  const worst = worstOf({ longestSeconds: 600 });
  expect(worst).toMatchObject({ micros: dollars(24.8), extendedMicros: dollars(24.8) });
  expect(worst.sentence).toBe('At most $24.80; usually much less.');
  expect(worst.parts.map(({ title }) => title)).not.toContain('More training, if extended');
});

test.each([
  [20, [20, 20], 'At most $20.00, extended or not: the budget ends it there.'],
  [28, [24.8, 28], 'At most $24.80; if extended, at most $28.00, where the budget ends it. Usually much less.'],
  [30.8, [24.8, 30.8], 'At most $24.80; if extended, at most $30.80. Usually much less.'],
])('is never above a budget of $%d', (budget, [most, extended], sentence) => {
  const worst = worstOf({ budgetMicros: dollars(budget) });
  expect(worst).toMatchObject({ micros: dollars(most!), extendedMicros: dollars(extended!), sentence });
});

test('a machine without a price costs nothing, and that is all that is said', () => {
  expect(worstOf({}, 0)).toMatchObject({
    micros: 0,
    extendedMicros: 0,
    sentence: 'It costs nothing: A machine has no price.',
  });
});

test('covers a machine that lives to its own end because nobody takes it down', () => {
  const seconds = fc.integer({ min: 10, max: 86_400 });
  const given = fc.record({ trainingSeconds: seconds, more: fc.integer({ min: 0, max: 86_400 }), price: seconds });
  fc.assert(
    fc.property(given, ({ trainingSeconds, more, price }) => {
      const limits = limitsOf({ trainingSeconds, longestSeconds: trainingSeconds + more, attempts: 1 });
      const { endsAtMs } = machineTimes({
        nowMs: 0,
        secondsLeft: trainingSeconds,
        longestSecondsLeft: limits.longestSeconds,
        moneyLeftMicros: null,
        pricePerHourMicros: price,
      });
      const { extendedMicros } = worstCaseOf({ limits }, { ...machine, pricePerHourMicros: price });
      expect(extendedMicros).toBeGreaterThanOrEqual(costOf(price, endsAtMs + teardownMarginSeconds * 1000));
    }),
  );
});

describe('where the cloud has a larger machine', () => {
  const larger = { ...machine, name: 'n2', title: 'A larger machine', memoryGib: 16, pricePerHourMicros: dollars(72) };
  const types = [machine, larger];
  const withSizeUp = (given: object = {}) => worstCaseOf({ limits: limitsOf(given) }, machine, types);

  test('counts everything at the price of that, since memory may run out at once', () => {
    const worst = withSizeUp();
    expect(worst.micros).toBe(2 * worstOf().micros);
    expect(worst.extendedMicros).toBe(2 * worstOf().extendedMicros);
    expect(worst.parts.reduce((sum, { micros }) => sum + micros, 0)).toBe(worst.extendedMicros);
    expect(worst.parts.map(({ text }) => text)).toContain('41 min × $36.00 more an hour for A larger machine');
  });

  test('counts nothing for it where there is one attempt only, and stays within the budget', () => {
    expect(withSizeUp({ attempts: 1 }).micros).toBe(worstOf({ attempts: 1 }).micros);
    expect(withSizeUp({ budgetMicros: dollars(28) }).extendedMicros).toBe(dollars(28));
  });
});

test('tells the disk apart, and counts what spot and a size up may come to', () => {
  const spot = { ...machine, spotPricePerHourMicros: dollars(7.2), diskPricePerHourMicros: dollars(3.6) };
  const larger = { ...machine, name: 'n2', title: 'A larger one', memoryGib: 32, pricePerHourMicros: dollars(72) };
  const limits = limitsOf({ longestSeconds: 600 });
  const worst = worstCaseOf({ limits, machine: { spot: true } }, spot, [spot, larger]);
  const seconds = 600 + 2 * (120 + 100 + 600 + 120);
  expect(worst.parts.slice(-3).map(({ title, micros }) => [title, micros])).toEqual([
    ['Disk, as long as its machine', costOf(dollars(3.6), seconds * 1000)],
    ['On demand, should spot machines not last', costOf(dollars(36 - 7.2), seconds * 1000)],
    ['A size up, should memory run out', costOf(dollars(72 - 36), seconds * 1000)],
  ]);
  // All of it at the dearest price that it may come to.
  expect(worst.micros).toBe(costOf(dollars(72), seconds * 1000));
  expect(worstCaseOf({ limits, machine: { spot: false } }, spot).micros).toBe(costOf(dollars(36), seconds * 1000));
});

test.each([
  [0, 0],
  [0.0012, 0.01],
  [1.234, 1.3],
  [24.8, 25],
  [30, 30],
  [123.4, 130],
])('of a worst case of $%d a sensible cap is $%d', (worst, cap) => {
  expect(sensibleBudget(dollars(worst))).toBe(dollars(cap));
});
