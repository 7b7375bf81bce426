import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Labels } from '../../../infra/cloud.ts';
import type { GcpBuckets } from '../../../infra/gcp/buckets.ts';
import { Terraform } from '../../../infra/gcp/terraform/run-terraform.ts';
import { signalsStack } from '../../../infra/gcp/terraform/signals-stack.ts';
import { type Lease, type LeaseTimes, leaseTimes, StackLease } from '../../../infra/gcp/terraform/state-lock.ts';
import { until } from '../waiting.ts';
import { belowHouse, type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(120_000);

const isLease = { query: 'name=[^&]*lease\\.json' };
/** Its worker sleeps: nothing is heard of it, and it notices nothing. */
const asleep: LeaseTimes = { ...leaseTimes, renewEveryMs: 1_000_000 };
const impatient: LeaseTimes = { renewEveryMs: 200, giveUpAfterMs: 500, killAfterMs: 900, deadAfterMs: 1000 };

suite('who holds a stack', () => {
  let house: GcpHouse;
  let buckets: GcpBuckets;
  let labels: Labels;
  beforeAll(async () => {
    house = await openGcpHouse();
    ({ buckets } = belowHouse(house));
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    labels = { kind: 'job', id: randomUUID(), installationId: house.installationId, owner: 'owner' };
    await house.cloud.createBucket(labels);
  });
  afterEach(() => house.simulation.admin.clearFaults());

  const lying = async (): Promise<Lease> => {
    const [bytes] = await buckets.bucket(labels).file('.trainyard/terraform/stack/lease.json').download();
    return JSON.parse(bytes.toString('utf8'));
  };

  test('never writes over its successor when it wakes, and what it started must be dead', async () => {
    const bucket = buckets.bucket(labels);
    const sleeper = new StackLease(bucket, 'stack', 'one', asleep);
    await sleeper.take(1000);
    const successor = new StackLease(bucket, 'stack', 'two', impatient);
    await successor.take(20_000);
    await successor.runs(process.pid);

    await expect(sleeper.runs(1)).rejects.toMatchObject({ type: 'StateLocked' });
    expect([sleeper.lost.aborted, sleeper.over.aborted]).toEqual([true, true]);
    await sleeper.release();
    expect(await lying()).toMatchObject({ terraform: { pid: process.pid }, released: false });
    expect((await lying()).host).toMatch(/^two\//);

    await successor.release();
    expect(successor.lost.aborted).toBe(false);
    expect(await lying()).toMatchObject({ released: true });
  });

  test('knows its own word again when the answer to it was lost', async () => {
    const lease = new StackLease(buckets.bucket(labels), 'stack', 'one', leaseTimes);
    await house.simulation.admin.error({ method: 'POST', ...isLease, status: 503, after: true, times: 1 });
    await lease.take(1000);
    await house.simulation.admin.error({ method: 'POST', ...isLease, status: 503, after: true, times: 1 });
    await lease.runs(process.pid);
    expect(lease.lost.aborted).toBe(false);
    expect((await lying()).terraform).toMatchObject({ pid: process.pid });
    await lease.release();
    expect((await lying()).released).toBe(true);
  });

  test('that cannot renew kills what it started before another may begin, and may be asked again', async () => {
    const { options, simulation } = house;
    const { project, endpoint } = options;
    const program = join(simulation.folder, 'deaf-terraform.sh');
    const begun = join(simulation.folder, 'begun');
    // Deaf to every Ctrl-C, as one is whose provider waits for Google.
    const deaf = `[ "$1" = apply ] || exec '${options.terraform}' "$@"\ntrap '' INT\necho $$ >'${begun}'\nsleep 60\n`;
    await writeFile(program, `#!/bin/sh\n${deaf}`, { mode: 0o755 });
    const terraform = new Terraform({ ...options, program, atOnce: 1, leaseTimes: impatient });
    const stack = signalsStack({ labels, project, endpoint, projectNumber: '0' });
    const signal = new AbortController().signal;
    const applied = terraform.apply(stack, { bucket: buckets.bucket(labels), say: () => {}, signal });
    const failed = expect(applied).rejects.toMatchObject({ type: 'CloudUnavailable' });
    await until('it is at work', async () => (await readFile(begun, 'utf8').catch(() => '')) !== '', 60_000);
    await simulation.admin.error({ method: 'POST', ...isLease, status: 403, times: 1000 });
    const fromMs = Date.now();
    await failed;
    expect(Date.now() - fromMs).toBeLessThan(10_000);
    const pid = Number(await readFile(begun, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
