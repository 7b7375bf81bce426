import { dollars } from '../../domain/money.ts';
import { monthBegan, tooMuchForMonth, workspaceLimitsOf } from '../../domain/workspace-limits.ts';

test.each([
  ['2026-11-21T14:05:00Z', 'UTC', '2026-11-01T00:00:00Z'],
  ['2026-11-01T00:00:00Z', 'UTC', '2026-11-01T00:00:00Z'],
  // There it is still October.
  ['2026-11-01T05:00:00Z', 'America/Los_Angeles', '2026-10-01T07:00:00Z'],
  // Summer time ended in the meantime.
  ['2026-10-30T12:00:00Z', 'Europe/Berlin', '2026-09-30T22:00:00Z'],
  ['2026-10-31T12:00:00Z', 'Pacific/Auckland', '2026-10-31T11:00:00Z'],
  ['2026-11-20T12:00:00Z', 'Asia/Kathmandu', '2026-10-31T18:15:00Z'],
])('the month of %s in %s began at %s', (now, zone, began) => {
  expect(new Date(monthBegan(Date.parse(now), zone)).toISOString()).toBe(new Date(began).toISOString());
});

const limits = { machines: null, monthlyMicros: dollars(50) };
const use = { machines: 1, spentMicros: dollars(12), openMicros: dollars(20) };

test('what fits into the month is not too much, to the last cent', () => {
  expect(tooMuchForMonth(limits, use, dollars(18))).toBeUndefined();
  expect(tooMuchForMonth(limits, use, dollars(18) + 1)).toBe(
    'This workspace may spend $50.00 a month; $12.00 is spent and what is open may come to $20.00, which leaves $18.00, and this may come to $18.00.',
  );
});

test('what costs nothing is never too much, nor anything without a limit', () => {
  expect(tooMuchForMonth(limits, { ...use, spentMicros: dollars(90) }, 0)).toBeUndefined();
  expect(tooMuchForMonth({ machines: null, monthlyMicros: null }, use, dollars(1e6))).toBeUndefined();
});

test('nothing in the settings is no limit', () => {
  expect(workspaceLimitsOf({ workspaceMachines: 0, workspaceMonthlyDollars: 0 })).toEqual({
    machines: null,
    monthlyMicros: null,
  });
  expect(workspaceLimitsOf({ workspaceMachines: 3, workspaceMonthlyDollars: 0.5 })).toEqual({
    machines: 3,
    monthlyMicros: 500_000,
  });
});
