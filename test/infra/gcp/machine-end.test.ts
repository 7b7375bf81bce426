import type { Operation } from '../../../infra/gcp/compute-api.ts';
import { isBeingMade, lifeOf } from '../../../infra/gcp/machine-end.ts';

const at = (seconds: number) => new Date(1_790_000_000_000 + seconds * 1000).toISOString();
const operation = (operationType: string, seconds: number, more: Partial<Operation> = {}): Operation => ({
  name: `operation-${seconds}`,
  operationType,
  status: 'DONE',
  insertTime: at(seconds),
  startTime: at(seconds),
  endTime: at(seconds + 2),
  ...more,
});
const known = { accountEmail: 'own@p1.iam.gserviceaccount.com', endsAtMs: Date.parse(at(600)) };
const made = operation('insert', 0, { user: 'worker@p1.iam.gserviceaccount.com' });
const because = (...operations: Operation[]) => lifeOf([made, ...operations], known)?.endedBecause;

describe('the life of a machine, by its operations', () => {
  test('has its times', () => {
    expect(lifeOf([made, operation('delete', 60)], known)).toMatchObject({
      startedAtMs: Date.parse(at(0)),
      endedAtMs: Date.parse(at(62)),
    });
    expect(lifeOf([made], known)).toEqual({ startedAtMs: Date.parse(at(0)), endedAtMs: null, endedBecause: null });
    expect(lifeOf([], known)).toBeUndefined();
  });

  test('one that was never made has none', () => {
    const failed = operation('insert', 0, { error: { errors: [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED' }] } });
    expect(lifeOf([failed], known)).toBeUndefined();
  });

  test.each([
    ['finished', operation('delete', 60, { user: known.accountEmail })],
    ['finished', operation('compute.instances.guestTerminate', 60, { user: 'system' })],
    ['preempted', operation('compute.instances.preempted', 60, { user: 'system' })],
    ['killed', operation('compute.instances.hostError', 60, { user: 'system' })],
    ['killed', operation('delete', 60, { user: 'ann@example.org' })],
    ['killed', operation('delete', 600, { user: 'ann@example.org' })],
    ['expired', operation('delete', 601, { user: 'system' })],
    ['expired', operation('stop', 629)],
  ] as const)('%s', (why, ending) => {
    expect(because(ending)).toBe(why);
  });

  test('what was first said why it ended', () => {
    const preempted = operation('compute.instances.preempted', 60);
    expect(because(preempted, operation('delete', 70, { user: 'worker@p1' }))).toBe('preempted');
  });

  test('one on its way is known to be', () => {
    expect(isBeingMade([operation('insert', 0, { status: 'RUNNING' })])).toBe(true);
    expect(isBeingMade([made])).toBe(false);
  });
});
