import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { machineNameOf } from '../../../domain/ids.ts';
import type { MachineOrder } from '../../../infra/cloud.ts';
import type { GcpBuckets } from '../../../infra/gcp/buckets.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import type { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { StackLease } from '../../../infra/gcp/terraform/state-lock.ts';
import { belowHouse, type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('two workers at the machine of one attempt', () => {
  let house: GcpHouse;
  let api: GoogleApi;
  let buckets: GcpBuckets;
  let order: MachineOrder;
  beforeAll(async () => {
    house = await openGcpHouse();
    ({ api, buckets } = belowHouse(house));
  });
  afterAll(() => house.close());

  beforeEach(async () => {
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const labels = { kind: ref.kind, id: ref.id, installationId: house.installationId, owner: 'owner' };
    await house.cloud.createBucket(labels);
    await house.cloud.putText(ref, 'input/stand-in.json', '{}');
    await house.cloud.createSignals(labels);
    const times = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000 };
    order = { ...ref, labels, type: 'e2-standard-2', spot: false, engine: 'sklearn', ...times };
  });
  afterEach(async () => {
    await house.cloud.removeMachine(order);
    await house.cloud.removeSignals(order);
    await house.cloud.removeBucket(order);
    const left = (await house.simulation.leftOvers()).filter(({ kind }) => kind !== 'role');
    expect(left).toEqual([]);
  });

  const elsewhere = (host: string) => {
    const { options } = house;
    return openGcpCloud({ ...options, host, dataFolder: `${options.dataFolder}-${host}` });
  };
  const acts = async () => {
    const audit = await house.simulation.audit();
    const its = audit.filter(({ kind, name }) => kind === 'instance' && name.endsWith(`/${machineNameOf(order)}`));
    return its.map(({ act }) => act);
  };

  test('make one, which both answer with', async () => {
    const first = elsewhere('one').createMachine(order);
    await wait(300);
    const again = { ...order, endsAtMs: order.endsAtMs + 5000, deadlineAtMs: order.deadlineAtMs + 5000 };
    const second = elsewhere('two').createMachine(again);
    const [made, found] = await Promise.all([first, second]);
    expect(found).toEqual(made);
    expect(await acts()).toEqual(['created']);
    expect(await house.cloud.lookAtMachine(order)).toMatchObject({ state: 'running', startedAtMs: made.startedAtMs });
    const kept = await buckets.getBytes(order, '.trainyard/machine-1.json');
    expect(JSON.parse(String(kept))).toMatchObject({ startedAtMs: made.startedAtMs, endsAtMs: made.endsAtMs });
    await house.cloud.removeMachine(order);
    expect(await acts()).toEqual(['created', 'deleted']);
  });

  test('confirm that it is gone only when it stands in no other zone than they know of', async () => {
    await elsewhere('one').createMachine(order);
    const kept = { zone: 'us-central1-b', startedAtMs: null, endsAtMs: 0, deadlineAtMs: 0, fullZones: [] };
    await buckets.putOwn(order, '.trainyard/machine-1.json', JSON.stringify(kept));
    await elsewhere('two').removeMachine(order);
    expect(await acts()).toEqual(['created', 'deleted']);
  });

  test('do not train less for having waited for each other, and the machine lasts no longer than was ordered', async () => {
    const waitsMs = 7000;
    const other = new StackLease(buckets.bucket(order), 'machine-1', 'other');
    await other.take(1000);
    const lasts = order.endsAtMs - Date.now();
    const making = house.cloud.createMachine(order);
    await wait(waitsMs);
    await other.release();
    const made = await making;
    const putOffMs = made.endsAtMs - order.endsAtMs;
    expect(putOffMs).toBeGreaterThan(waitsMs - 1000);
    expect(made.deadlineAtMs - order.deadlineAtMs).toBe(putOffMs);
    const path = `projects/${house.options.project}/zones/${made.zone}/instances/${made.name}`;
    type Made = { labels: object; scheduling: { maxRunDuration: { seconds: string } } };
    const instance = await api.get<Made>('compute', path);
    expect(instance?.labels).toMatchObject({ 'trainyard-end': String(Math.ceil(made.endsAtMs / 1000)) });
    const mayRunMs = Number(instance?.scheduling.maxRunDuration.seconds) * 1000;
    expect(mayRunMs).toBeLessThanOrEqual(lasts);
    expect(mayRunMs).toBeGreaterThan(lasts - 5000);
  });
});
