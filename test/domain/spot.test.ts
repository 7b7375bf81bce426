import { dollars } from '../../domain/money.ts';
import { machineWaitsSeconds, marketFor, waitForMachine } from '../../domain/spot.ts';

const asked = {
  ...{ wantsSpot: true, spotTries: 0, spotAttempts: 2, moneyLeftMicros: null },
  ...{ spotPerHourMicros: dollars(0.25), onDemandPerHourMicros: dollars(1) },
};

test('stays on demand where nobody asked for spot, and says nothing of it', () => {
  const market = marketFor({ ...asked, wantsSpot: false, spotTries: 9 });
  expect(market).toEqual({ spot: false, pricePerHourMicros: dollars(1), decision: '' });
});

test.each([0, 1])('is spot after %d of 2 tries', (spotTries) => {
  expect(marketFor({ ...asked, spotTries })).toEqual({ spot: true, pricePerHourMicros: dollars(0.25), decision: '' });
});

test('is on demand after so many tries, at its price', () => {
  expect(marketFor({ ...asked, spotTries: 2 })).toEqual({
    spot: false,
    pricePerHourMicros: dollars(1),
    decision: '2 tries on spot came to nothing: on demand from here, at $1.00 an hour.',
  });
});

test('stays spot where what is left does not pay for five minutes on demand, and says so', () => {
  // Two minutes to set up, one to be worth it, two to take down: 300 s at a dollar an hour.
  const paysJust = { ...asked, spotTries: 2, moneyLeftMicros: 83_334 };
  expect(marketFor(paysJust).spot).toBe(false);
  const less = marketFor({ ...paysJust, moneyLeftMicros: paysJust.moneyLeftMicros - 300 });
  expect(less).toMatchObject({ spot: true, pricePerHourMicros: dollars(0.25) });
  expect(less.decision).toContain('the budget does not pay for one on demand, at $1.00 an hour');
});

test('is on demand where there is no spot machine of the type', () => {
  const market = marketFor({ ...asked, spotPerHourMicros: null });
  expect(market).toMatchObject({ spot: false, pricePerHourMicros: dollars(1) });
  expect(market.decision).toBe('There are no spot machines of this type: on demand, at $1.00 an hour.');
});

test('what is not to be had is asked for again after a while, a few times, and then no more', () => {
  const failure = { type: 'NoCapacity', message: 'Google has none.' } as const;
  expect(waitForMachine(failure, 1, [30, 120])).toEqual({
    seconds: 30,
    sentence: 'Google has none. Asked 1 of 3 times; again in 30 s.',
  });
  expect(waitForMachine(failure, 2, [30, 120])?.sentence).toContain('Asked 2 of 3 times; again in 2 min.');
  expect(waitForMachine(failure, 3, [30, 120])).toBeNull();
  expect(machineWaitsSeconds.reduce((sum, each) => sum + each, 0)).toBeLessThan(2 * 3600);
});
