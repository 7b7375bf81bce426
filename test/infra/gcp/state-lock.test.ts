import { isLeftBy, isOver, type Lease, leaseTimes } from '../../../infra/gcp/terraform/state-lock.ts';

const { deadAfterMs } = leaseTimes;
const nowMs = 1_790_000_000_000;
const lease: Lease = {
  id: 'x',
  host: 'here/box',
  machine: 'box',
  worker: { pid: 10, began: 'w' },
  terraform: { pid: 11, began: 't' },
  takenAtMs: nowMs - 5000,
  renewedAtMs: nowMs - 5000,
  released: false,
};
const over = (change: Partial<Lease>, alive: Record<number, string>, host = 'here/box', atMs = nowMs) =>
  isOver({ ...lease, ...change }, { host, nowMs: atMs, began: (pid) => alive[pid] });

describe('who works on a stack', () => {
  test('is at work while its process is, or the Terraform that it started', () => {
    expect(over({}, { 10: 'w', 11: 't' })).toBe(false);
    expect(over({}, { 11: 't' })).toBe(false);
    expect(over({}, { 10: 'w' })).toBe(false);
  });

  test('is dead when both are, or their numbers are somebody else’s by now', () => {
    expect(over({}, {})).toBe(true);
    expect(over({}, { 10: 'later', 11: 'later' })).toBe(true);
    expect(over({ terraform: null }, {})).toBe(true);
  });

  test('is over when it said so', () => {
    expect(over({ released: true }, { 10: 'w', 11: 't' })).toBe(true);
  });

  test('of another host is dead only when nothing was heard of it for long enough to have stopped itself', () => {
    expect(over({}, {}, 'there/box')).toBe(false);
    expect(over({}, {}, 'there/box', lease.renewedAtMs + deadAfterMs)).toBe(false);
    expect(over({}, {}, 'there/box', lease.renewedAtMs + deadAfterMs + 1)).toBe(true);
  });

  test('a Terraform that still runs keeps it, however long it takes', () => {
    expect(over({}, { 11: 't' }, 'here/box', nowMs + 10 * deadAfterMs)).toBe(false);
  });
});

describe('a lock that was left behind', () => {
  const lock = { ID: '1', Who: 'root@box', Created: new Date(nowMs).toISOString() };

  test('is ours when it came from the machine of the lease, while it was held', () => {
    expect(isLeftBy(lease, lock)).toBe(true);
  });

  test('is not ours without a lease, from another machine, or from before', () => {
    expect(isLeftBy(undefined, lock)).toBe(false);
    expect(isLeftBy(lease, { ...lock, Who: 'ann@laptop' })).toBe(false);
    expect(isLeftBy(lease, { ...lock, Created: new Date(nowMs - 600_000).toISOString() })).toBe(false);
  });
});
