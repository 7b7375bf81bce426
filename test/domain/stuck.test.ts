import { isStuck } from '../../domain/stuck.ts';

test('what was asked to go and is still there ten minutes later is stuck', () => {
  const askedAtMs = 1_700_000_000_000;
  const after = (minutes: number) => isStuck({ removal_asked_at_ms: askedAtMs }, askedAtMs + minutes * 60_000);
  expect([0, 9.9, 10].map(after)).toEqual([false, false, false]);
  expect([10.1, 600].map(after)).toEqual([true, true]);
});

test('what nobody asked to go is not stuck', () => {
  expect(isStuck({ removal_asked_at_ms: null }, Number.MAX_SAFE_INTEGER)).toBe(false);
});
