import * as fc from 'fast-check';
import { bootGraceSeconds, collectGraceSeconds, latestDeadline, machineTimes } from '../../domain/machine-times.ts';
import { costOf, dollars } from '../../domain/money.ts';

const nowMs = 1_790_000_000_000;
const hour = 3600;

const limits = fc
  .record({ secondsLeft: fc.integer({ min: 0, max: 14 * 86_400 }), more: fc.integer({ min: 0, max: 14 * 86_400 }) })
  .map(({ secondsLeft, more }) => ({ nowMs, secondsLeft, longestSecondsLeft: secondsLeft + more }));
const orders = fc.record({
  limits,
  moneyLeftMicros: fc.option(fc.integer({ min: -dollars(1), max: dollars(10_000) })),
  pricePerHourMicros: fc.integer({ min: 0, max: dollars(100) }),
});
const timesFor = ({ limits: given, ...money }: typeof orders extends fc.Arbitrary<infer T> ? T : never) =>
  machineTimes({ ...given, ...money });

test('a machine and two minutes of teardown never cost more than what is left of the budget', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const { endsAtMs } = timesFor(order);
      const money = order.moneyLeftMicros;
      if (money === null || endsAtMs <= nowMs) return;
      const most = costOf(order.pricePerHourMicros, endsAtMs + 120_000 - nowMs);
      expect(most).toBeLessThanOrEqual(Math.max(0, money));
    }),
  );
});

test('a machine never outlives the longest time its job may get, with grace', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const longest = bootGraceSeconds + order.limits.longestSecondsLeft + collectGraceSeconds;
      expect(timesFor(order).endsAtMs).toBeLessThanOrEqual(nowMs + longest * 1000);
    }),
  );
});

test('training stops before its machine ends, and never after its time', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const { deadlineAtMs, endsAtMs } = timesFor(order);
      expect(deadlineAtMs).toBeGreaterThanOrEqual(nowMs);
      expect(deadlineAtMs).toBeLessThanOrEqual(nowMs + order.limits.secondsLeft * 1000);
      // A millisecond of money cannot be divided any more.
      if (endsAtMs > nowMs + 1) expect(deadlineAtMs).toBeLessThan(endsAtMs);
      else expect(deadlineAtMs).toBeLessThanOrEqual(endsAtMs);
    }),
  );
});

test('money limits a machine exactly when it trains less than its time', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const { deadlineAtMs, limitedBy } = timesFor(order);
      expect(limitedBy).toBe(deadlineAtMs < nowMs + order.limits.secondsLeft * 1000 ? 'money' : 'time');
    }),
  );
});

test('without a budget, or without a price, time alone counts', () => {
  const order = { nowMs, secondsLeft: hour, longestSecondsLeft: 2 * hour };
  const free = { endsAtMs: nowMs + (2 * hour + 720) * 1000, deadlineAtMs: nowMs + hour * 1000, limitedBy: 'time' };
  expect(machineTimes({ ...order, moneyLeftMicros: null, pricePerHourMicros: dollars(100) })).toEqual(free);
  expect(machineTimes({ ...order, moneyLeftMicros: 0, pricePerHourMicros: 0 })).toEqual(free);
});

test('with little money a fifth of the time is kept for handing in', () => {
  const order = { nowMs, secondsLeft: hour, longestSecondsLeft: hour };
  // A dollar a second, 1120 dollars: 1000 seconds beside the margin.
  const times = machineTimes({ ...order, moneyLeftMicros: dollars(1120), pricePerHourMicros: dollars(3600) });
  expect(times).toEqual({ endsAtMs: nowMs + 1_000_000, deadlineAtMs: nowMs + 800_000, limitedBy: 'money' });
});

test('with no money left nothing is begun', () => {
  const order = { nowMs, secondsLeft: hour, longestSecondsLeft: hour, pricePerHourMicros: dollars(1) };
  for (const moneyLeftMicros of [0, -5, dollars(120 / 3600)]) {
    expect(machineTimes({ ...order, moneyLeftMicros })).toEqual({
      endsAtMs: nowMs,
      deadlineAtMs: nowMs,
      limitedBy: 'money',
    });
  }
});

test('an extension can go as far as the job was allowed, and leaves time to hand in', () => {
  fc.assert(
    fc.property(orders, (order) => {
      const { endsAtMs, deadlineAtMs, limitedBy } = timesFor(order);
      const latest = latestDeadline({ startedAtMs: nowMs, endsAtMs });
      expect(latest).toBeGreaterThanOrEqual(deadlineAtMs - 1);
      expect(latest).toBeLessThanOrEqual(endsAtMs);
      const allowed = nowMs + order.limits.longestSecondsLeft * 1000;
      if (order.moneyLeftMicros === null) expect(latest).toBeGreaterThanOrEqual(allowed);
      if (limitedBy === 'money') expect(latest - deadlineAtMs).toBeLessThanOrEqual(1);
    }),
  );
});

test('training stops before 95 % of the budget is used, whatever the machines before it cost', () => {
  const money = fc.record({
    budgetMicros: fc.integer({ min: 0, max: dollars(10_000) }),
    spent: fc.double({ min: 0, max: 1.2, noNaN: true }),
  });
  fc.assert(
    fc.property(orders, money, ({ limits: given, pricePerHourMicros }, { budgetMicros, spent }) => {
      const moneyLeftMicros = Math.floor(budgetMicros * (1 - spent));
      const times = machineTimes({ ...given, moneyLeftMicros, budgetMicros, pricePerHourMicros });
      if (times.deadlineAtMs <= nowMs || pricePerHourMicros === 0) return;
      const used = budgetMicros - moneyLeftMicros + costOf(pricePerHourMicros, times.deadlineAtMs - nowMs);
      expect(used).toBeLessThanOrEqual(budgetMicros * 0.95 + 1);
    }),
  );
});
