import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { bucketNameOf } from '../../../domain/ids.ts';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { until } from '../waiting.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';
import { terraformsIn } from './terraform-processes.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('a worker and its Terraform, killed in the middle of an apply', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test.each(['createSignals', 'createMachine'] as const)(
    '%s is done by the next one, in spite of the lock',
    async (call) => {
      const { cloud, options, simulation } = house;
      const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
      const labels = { kind: ref.kind, id: ref.id, installationId: house.installationId, owner: 'owner' };
      const order = {
        ...ref,
        labels,
        type: 'e2-standard-2',
        spot: false,
        engine: 'sklearn',
        endsAtMs: Date.now() + 600_000,
        deadlineAtMs: Date.now() + 300_000,
      };
      const make = () => (call === 'createMachine' ? cloud.createMachine(order) : cloud.createSignals(labels));
      await cloud.createBucket(labels);
      await cloud.putText(ref, 'input/stand-in.json', '{}');
      if (call === 'createMachine') await cloud.createSignals(labels);
      const stack = call === 'createMachine' ? 'machine-1' : 'signals';
      const lock = encodeURIComponent(`.trainyard/terraform/${stack}/default.tflock`);
      const api = new GoogleApi(openAuth(options.endpoint), options.project, options.endpoint);
      const locked = () => api.get('storage', `b/${bucketNameOf(ref)}/o/${lock}`);

      const { store: _, measured: __, ...plain } = options;
      const argument = call === 'createMachine' ? order : labels;
      const told = { options: plain, store: join(plain.dataFolder, '../store'), call, argument, dieBefore: 0 };
      const worker = spawn(process.execPath, [join(import.meta.dirname, 'crashing-call.ts'), JSON.stringify(told)], {
        stdio: 'inherit',
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const kind = call === 'createMachine' ? 'instance' : 'topic';
      await until(
        'something is made',
        async () => (await simulation.leftOvers()).some((one) => one.kind === kind && one.name.includes(ref.id)),
        60_000,
      );
      worker.kill('SIGKILL');
      for (const { pid } of await terraformsIn(join(options.dataFolder, 'terraform', bucketNameOf(ref), stack))) {
        process.kill(pid, 'SIGKILL');
      }
      expect(await locked()).toBeDefined();

      await make();
      if (call === 'createMachine') await cloud.removeMachine(ref);
      await cloud.removeSignals(ref);
      await cloud.removeBucket(ref);
      expect(await cloud.list()).toEqual([]);
      expect((await simulation.leftOvers()).filter((one) => one.kind !== 'role')).toEqual([]);
    },
  );
});
