import { randomUUID } from 'node:crypto';
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { machineNameOf } from '../../../domain/ids.ts';
import { ComputeApi, environmentOf } from '../../../infra/gcp/compute-api.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { ownTrainerFolder, trainerArchive, trainerHash } from '../../../infra/trainer-image.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('a machine without an image of this trainer', () => {
  let house: GcpHouse;
  let folder: string;
  beforeAll(async () => {
    house = await openGcpHouse();
    folder = await mkdtemp(join(tmpdir(), 'trainyard-set-up-'));
  });
  afterAll(async () => {
    await house.close();
    await rm(folder, { recursive: true });
  });

  test('boots a plain Debian with the script that sets it up, and finds this very trainer in its bucket', async () => {
    const hash = await trainerHash(ownTrainerFolder);
    const { project, endpoint } = house.options;
    // The images of the simulation carry the stand-in, so none fits.
    const cloud = openGcpCloud({ ...house.options, setUpAtBoot: true, trainerHash: hash });
    expect(cloud.setUpSeconds).toBeGreaterThan(600);
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const labels = { kind: ref.kind, id: ref.id, installationId: house.installationId, owner: 'owner' };
    await cloud.createBucket(labels);
    await cloud.putText(ref, 'input/stand-in.json', '{}');
    await cloud.createSignals(labels);
    const times = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000 };
    await cloud.createMachine({ ...ref, labels, type: 'e2-standard-2', spot: false, engine: 'sklearn', ...times });

    const name = machineNameOf(ref);
    const instance = await new ComputeApi(new GoogleApi(openAuth(endpoint), project, endpoint)).findInstance(name);
    const script = instance?.metadata?.items?.find(({ key }) => key === 'startup-script')?.value;
    expect(script).toBe(await readFile(join(ownTrainerFolder, 'images/startup-script.sh'), 'utf8'));
    expect(instance && environmentOf(instance)['TRAINYARD_TRAINER_HASH']).toBe(hash);
    const archive = join(folder, 'trainer.tar.gz');
    expect(await cloud.getObject(ref, trainerArchive, archive)).toBe(true);
    await mkdir(join(folder, 'unpacked'));
    await promisify(execFile)('tar', ['-xzf', archive, '-C', join(folder, 'unpacked')]);
    expect(await trainerHash(join(folder, 'unpacked'))).toBe(hash);

    await cloud.removeMachine(ref);
    await cloud.removeSignals(ref);
    await cloud.removeBucket(ref);
    expect(await cloud.list()).toEqual([]);
  });
});
