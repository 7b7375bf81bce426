import { randomUUID } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { jest } from '@jest/globals';
import { bucketNameOf } from '../../../domain/ids.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(600_000);

const jobs = 6;
const terraformAtOnce = 2;

suite('several jobs at once', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test('have their own things each, leave nothing, and share a few turns of Terraform', async () => {
    const { options, simulation, installationId } = house;
    const cloud = openGcpCloud({ ...options, terraformAtOnce });
    const refs = Array.from({ length: jobs }, () => ({ kind: 'job' as const, id: randomUUID(), attempt: 1 }));
    const most = watchStacks(join(options.dataFolder, 'terraform'));
    const create = async (ref: (typeof refs)[number]) => {
      const labels = { kind: ref.kind, id: ref.id, installationId, owner: 'owner' };
      await cloud.createBucket(labels);
      await cloud.putText(ref, 'input/stand-in.json', '{}');
      await cloud.createSignals(labels);
      const times = { endsAtMs: Date.now() + 1_200_000, deadlineAtMs: Date.now() + 900_000 };
      const order = { ...ref, labels, type: 'e2-standard-2', spot: false, engine: 'sklearn', ...times };
      expect((await cloud.createMachine(order)).state).toBe('running');
    };
    await Promise.all(refs.map(create));
    expect(most()).toBe(terraformAtOnce);

    const audit = (await simulation.audit()).filter(({ act }) => act === 'created');
    for (const ref of refs) {
      const its = audit.filter(({ kind, name }) => kind !== 'binding' && name.includes(ref.id));
      const kinds = its.map(({ kind }) => kind).toSorted();
      expect(kinds).toEqual(['bucket', 'disk', 'instance', 'subscription', 'subscription', 'topic', 'topic']);
    }
    expect(new Set((await cloud.list()).map(({ labels }) => bucketNameOf(labels))).size).toBe(jobs);

    const remove = async (ref: (typeof refs)[number]) => {
      await cloud.removeMachine(ref);
      await cloud.removeSignals(ref);
      await cloud.removeBucket(ref);
    };
    await Promise.all(refs.map(remove));
    expect(most.stop()).toBe(terraformAtOnce);
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });
});

/** How many stacks had a process at work in their folders at one moment, at most. */
function watchStacks(folder: string): { (): number; stop(): number } {
  let most = 0;
  const look = async () => {
    const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
    const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
    most = Math.max(most, new Set(folders.filter((one) => one.startsWith(folder + sep))).size);
  };
  const timer = setInterval(() => void look(), 300);
  const stop = () => {
    clearInterval(timer);
    return most;
  };
  return Object.assign(() => most, { stop });
}
