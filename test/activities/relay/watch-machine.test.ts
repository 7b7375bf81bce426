import { lookAgainAfterMs } from '../../../activities/relay/watch-machine.ts';
import type { MachineSeen } from '../../../infra/cloud.ts';

const elsewhere = { isRemote: true } as const;
const seenAs = (state: MachineSeen['state']): MachineSeen => {
  return { name: 'machine', state, startedAtMs: 1, endedAtMs: null, endedBecause: null };
};

describe('how often a cloud is asked for a machine', () => {
  test('seldom, while it runs there and is heard of', () => {
    expect(lookAgainAfterMs(elsewhere, seenAs('running'), 0)).toBe(15_000);
    expect(lookAgainAfterMs(elsewhere, seenAs('running'), 11_000)).toBe(15_000);
  });

  test('every two seconds when it has fallen silent, is not up yet, or has ended', () => {
    expect(lookAgainAfterMs(elsewhere, seenAs('running'), 12_000)).toBe(2000);
    expect(lookAgainAfterMs(elsewhere, seenAs('starting'), 0)).toBe(2000);
    expect(lookAgainAfterMs(elsewhere, seenAs('ended'), 0)).toBe(2000);
    expect(lookAgainAfterMs(elsewhere, undefined, 0)).toBe(2000);
  });

  test('every two seconds on this host, where a look costs nothing', () => {
    expect(lookAgainAfterMs({}, seenAs('running'), 0)).toBe(2000);
  });
});
