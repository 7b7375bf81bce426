import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('a machine that Google is slow to make', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test('is not waited for without end, and is found when it is asked for again', async () => {
    const { options, simulation, installationId } = house;
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const labels = { kind: ref.kind, id: ref.id, installationId, owner: 'owner' };
    const times = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000 };
    const order = { ...ref, labels, type: 'e2-standard-2', spot: false, engine: 'sklearn', ...times };
    await house.cloud.createBucket(labels);
    await house.cloud.putText(ref, 'input/stand-in.json', '{}');
    await house.cloud.createSignals(labels);

    const lateMs = 40_000;
    await simulation.admin.createLate(lateMs);
    const fromMs = Date.now();
    const impatient = openGcpCloud({ ...options, makeWithinMs: 12_000 });
    await expect(impatient.createMachine(order)).rejects.toMatchObject({ type: 'CloudUnavailable' });
    expect(Date.now() - fromMs).toBeLessThan(lateMs);

    const made = await house.cloud.createMachine(order);
    expect(made.state).toBe('running');
    const instances = (await simulation.audit()).filter(({ act, kind }) => act === 'created' && kind === 'instance');
    expect(instances).toHaveLength(1);
    await house.cloud.removeMachine(ref);
    await house.cloud.removeSignals(ref);
    await house.cloud.removeBucket(ref);
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });
});
