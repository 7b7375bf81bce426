import * as fc from 'fast-check';
import { costOf, dollars, formatMoney, secondsFor, totalCost } from '../../domain/money.ts';

/** Up to a hundred dollars an hour and a month, in milliseconds: more than any job of ours. */
const price = fc.integer({ min: 0, max: 100_000_000 });
const milliseconds = fc.integer({ min: 0, max: 31 * 86_400_000 });

const exactCost = (pricePerHour: number, ms: number) =>
  Number((BigInt(pricePerHour) * BigInt(ms) + 3_599_999n) / 3_600_000n);

test('a cost is exact and rounded up, however long it lasts', () => {
  fc.assert(fc.property(price, milliseconds, (micros, ms) => costOf(micros, ms) === exactCost(micros, ms)));
  expect(costOf(99_999_999, 31 * 86_400_000 - 1)).toBe(exactCost(99_999_999, 31 * 86_400_000 - 1));
  expect(costOf(1, 1)).toBe(1);
});

test('time that runs backwards costs nothing', () => {
  expect(costOf(3_600_000, -5000)).toBe(0);
});

test('what an amount pays for costs no more than the amount, and a second more costs more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000_000 }), fc.integer({ min: 0, max: 10 ** 10 }), (micros, amount) => {
      const seconds = secondsFor(amount, micros);
      expect(costOf(micros, seconds * 1000)).toBeLessThanOrEqual(amount);
      expect(costOf(micros, (seconds + 1) * 1000)).toBeGreaterThan(amount);
    }),
  );
});

test('a machine that costs nothing lasts for ever', () => {
  expect(secondsFor(0, 0)).toBe(Number.POSITIVE_INFINITY);
});

test('a total is the sum of its intervals, and what is still there counts until now', () => {
  const interval = fc.record({
    pricePerHourMicros: price,
    fromMs: fc.integer({ min: 0, max: 1_000_000 }),
    toMs: fc.option(fc.integer({ min: 1_000_000, max: 2_000_000 })),
  });
  fc.assert(
    fc.property(fc.array(interval), fc.integer({ min: 2_000_000, max: 3_000_000 }), (intervals, nowMs) => {
      const each = intervals.map((i) => exactCost(i.pricePerHourMicros, (i.toMs ?? nowMs) - i.fromMs));
      expect(totalCost(intervals, nowMs)).toBe(each.reduce((sum, micros) => sum + micros, 0));
    }),
  );
  expect(totalCost([], 5)).toBe(0);
});

test('an hour at an hourly price costs that price', () => {
  const hour = { pricePerHourMicros: dollars(1.23), fromMs: 0, toMs: 3_600_000 };
  expect(totalCost([hour, hour], 0)).toBe(dollars(2.46));
});

test.each([
  [0, '$0.00'],
  [dollars(12.345), '$12.35'],
  [dollars(0.1), '$0.10'],
  [dollars(0.0123), '$0.0123'],
  [dollars(-0.05), '$-0.0500'],
  [1, '$0.0000'],
])('%d micros are written %s', (micros, text) => {
  expect(formatMoney(micros)).toBe(text);
});

test('dollars become whole micros', () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (amount) => Number.isInteger(dollars(amount))));
  expect(dollars(0.1) + dollars(0.2)).toBe(dollars(0.3));
});

test('what is billed at least is billed from the first moment, and nothing is added beyond', () => {
  const interval = { pricePerHourMicros: dollars(36), fromMs: 1000, toMs: 2000 as number | null, leastSeconds: 60 };
  expect(totalCost([interval], 5000)).toBe(dollars(0.6));
  expect(totalCost([{ ...interval, toMs: null }], 1000)).toBe(dollars(0.6));
  expect(totalCost([{ ...interval, toMs: 91_000 }], 0)).toBe(dollars(0.9));
});
