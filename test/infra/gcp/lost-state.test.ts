import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { bucketNameOf, machineNameOf } from '../../../domain/ids.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('all that Terraform knew, lost', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test('is not needed to list what there is, nor to take it away', async () => {
    const { options, simulation, installationId } = house;
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const labels = { kind: ref.kind, id: ref.id, installationId, owner: 'owner' };
    const ends = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000 };
    await house.cloud.createBucket(labels);
    await house.cloud.putText(ref, 'input/stand-in.json', '{}');
    await house.cloud.createSignals(labels);
    await house.cloud.createMachine({
      ...ref,
      labels,
      type: 'e2-standard-2',
      spot: false,
      engine: 'sklearn',
      ...ends,
    });

    const api = new GoogleApi(openAuth(options.endpoint), options.project, options.endpoint);
    const objects = `b/${bucketNameOf(ref)}/o`;
    const listing = await api.get<{ items: { name: string }[] }>('storage', objects, { prefix: '.trainyard/' });
    const names = (listing?.items ?? []).map(({ name }) => name);
    expect(names).toContain('.trainyard/terraform/machine-1/default.tfstate');
    for (const name of names) await api.delete('storage', `${objects}/${encodeURIComponent(name)}`);
    await rm(join(options.dataFolder, 'terraform'), { recursive: true, force: true });

    const listed = (await openGcpCloud(options).list()).map(({ kind, name }) => `${kind} ${name}`).toSorted();
    const bucket = bucketNameOf(ref);
    expect(listed).toEqual([`bucket ${bucket}`, `machine ${machineNameOf(ref)}`, `signals ${bucket}`]);

    // A worker that has never seen any of it, and was told of nothing.
    const cloud = openGcpCloud(options);
    expect(await cloud.removeMachine(ref)).toMatchObject({ state: 'absent' });
    await cloud.removeSignals(ref);
    await cloud.removeBucket(ref);
    expect(await cloud.list()).toEqual([]);
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });
});
