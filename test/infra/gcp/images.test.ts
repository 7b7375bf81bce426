import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { GcpImages, type ImageOptions } from '../../../infra/gcp/images.ts';
import { putTrainer } from '../../../infra/gcp/put-trainer.ts';
import { folderStore } from '../../../infra/local/folder-store.ts';
import { imageKinds, ownTrainerFolder, trainerArchive, trainerHash } from '../../../infra/trainer-image.ts';
import { describeSimulated } from '../../cloud-sim/gcp/describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from '../../cloud-sim/gcp/open-simulation-for-test.ts';

const hash = '0123456789ab';
const other = 'ba9876543210';

describeSimulated('the image of a machine, before there is a machine', () => {
  let cloud: SimulationForTest;
  let folder: string;
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-images-'));
    const images = imageKinds.map((kind) => ({
      name: `trainyard-${kind}-${hash}`,
      family: `trainyard-${kind}`,
      labels: { 'trainyard-trainer': hash },
    }));
    cloud = await openSimulationForTest(undefined, { images });
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = cloud.sim.keyFile;
    // Of somebody else, and newer: the family alone would be this one.
    await cloud.sim.admin.ask('image', { name: `trainyard-cpu-${other}`, family: 'trainyard-cpu' });
    await cloud.sim.admin.ask('image', { name: 'by-hand', family: 'own' });
  });
  afterAll(async () => {
    await cloud.close();
    await rm(folder, { recursive: true });
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
  });

  const imagesFor = (more: Partial<ImageOptions> = {}) => {
    const { endpoint, project } = cloud.sim;
    const api = new GoogleApi(openAuth(endpoint), project, endpoint);
    return new GcpImages(api, { image: '', trainerHash: hash, trainerFolder: ownTrainerFolder, ...more });
  };
  const pathOf = (name: string) => `projects/${cloud.sim.project}/global/images/${name}`;

  it('is the very one of this trainer, whatever is newer in its family', async () => {
    expect(await imagesFor().fitting('cpu')).toBe(pathOf(`trainyard-cpu-${hash}`));
    expect(await imagesFor({ image: pathOf(`trainyard-gpu-${hash}`) }).fitting('gpu')).toBe(
      pathOf(`trainyard-gpu-${hash}`),
    );
    expect(await imagesFor({ image: 'own', trainerHash: '' }).fitting('cpu')).toBe(pathOf('by-hand'));
  });

  it.each([
    [
      { trainerHash: 'aaaaaaaaaaaa' },
      `trainyard-cpu-${other} carries the trainer ${other}, and this Trainyard is at aaaaaaaaaaaa`,
    ],
    [{ image: 'own' }, 'by-hand carries no trainer by its name or its label'],
    [{ image: 'none' }, 'has no image of the family none.'],
  ])('is refused with the command that makes it: %j', async (more, words) => {
    const asked = { trainerHash: hash, ...more };
    await expect(imagesFor(more).fitting('cpu')).rejects.toMatchObject({
      type: 'ImageMissing',
      message: expect.stringContaining(words),
      hint: expect.stringContaining(
        `gcloud builds submit --project ${cloud.sim.project} --config trainer-image/images/cloudbuild-machine.yaml --substitutions _KINDS=cpu,_TRAINER_HASH=${asked.trainerHash} .`,
      ),
    });
  });

  it('is made by Packer where the trainer is from another folder', async () => {
    await expect(imagesFor({ image: 'none', trainerFolder: '/srv/trainer' }).fitting('gpu')).rejects.toMatchObject({
      hint: expect.stringContaining(
        `packer init /srv/trainer/images/machine.pkr.hcl && packer build -force -var project=${cloud.sim.project} -var kind=gpu -var trainer_hash=${hash} /srv/trainer/images/machine.pkr.hcl`,
      ),
    });
  });

  it('is asked for once a minute when it fits, and each time when it does not', async () => {
    const name = 'trainyard-cpu-cccccccccccc';
    const images = imagesFor({ trainerHash: 'cccccccccccc' });
    await expect(images.fitting('cpu')).rejects.toMatchObject({ type: 'ImageMissing' });
    await cloud.sim.admin.ask('image', { name, family: 'rest' });
    expect(await images.fitting('cpu')).toBe(pathOf(name));
    await cloud.sim.admin.ask('removeImage', { name });
    expect(await images.fitting('cpu')).toBe(pathOf(name));
  });

  it('is a plain Debian where none fits and that is allowed, but never one with another trainer in it', async () => {
    const allowed = { setUpAtBoot: true };
    const path = 'projects/debian-cloud/global/images/family/debian-12';
    expect(await imagesFor(allowed).choose('cpu')).toEqual({ path: pathOf(`trainyard-cpu-${hash}`), isPlain: false });
    const without = { ...allowed, trainerHash: 'aaaaaaaaaaaa' };
    expect(await imagesFor(without).choose('cpu')).toEqual({ path, isPlain: true });
    expect(await imagesFor(without).obstacle('cpu')).toBeUndefined();
    expect(await imagesFor({ ...without, image: 'own' }).choose('cpu')).toEqual({
      path: pathOf('family/own'),
      isPlain: true,
    });
    for (const wrong of [
      { trainerHash: 'aaaaaaaaaaaa' },
      { ...without, image: 'rest-is-none' },
      { ...without, image: pathOf(`trainyard-gpu-${hash}`) },
    ])
      await expect(imagesFor(wrong).choose('cpu')).rejects.toMatchObject({ type: 'ImageMissing' });
  });

  it('that is plain gets this very trainer by way of its bucket, and the script that sets it up', async () => {
    const held = new Map<string, Buffer>();
    const buckets = {
      putFile: async (_holder: unknown, object: string, from: string) => void held.set(object, await readFile(from)),
    };
    const told = { trainerFolder: ownTrainerFolder, trainerHash: await trainerHash(ownTrainerFolder) };
    const script = await putTrainer(told, buckets, { kind: 'job', id: randomUUID() });
    expect(script).toBe(await readFile(join(ownTrainerFolder, 'images/startup-script.sh'), 'utf8'));
    expect([...held.keys()]).toEqual([trainerArchive]);
    // As the script asks for it.
    expect(script).toContain(`/o/${encodeURIComponent(trainerArchive)}?alt=media`);
    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    await writeFile(join(folder, 'trainer.tar.gz'), held.get(trainerArchive) as Buffer);
    await promisify(execFile)('tar', ['-xzf', join(folder, 'trainer.tar.gz'), '-C', unpacked]);
    expect(await trainerHash(unpacked)).toBe(told.trainerHash);
    expect((await stat(join(unpacked, 'images/provision.sh'))).mode & 0o111).not.toBe(0);
    const stale = putTrainer({ ...told, trainerHash: other }, buckets, { kind: 'job', id: randomUUID() });
    await expect(stale).rejects.toMatchObject({ type: 'CloudUnavailable' });
  });

  it('is none of another trainer: no machine is made, and Terraform is not even called', async () => {
    const { endpoint, pubsubEndpoint, project } = cloud.sim;
    const house = openGcpCloud({
      ...{ project, endpoint, pubsubEndpoint, zones: ['us-central1-a'], network: 'default', subnetwork: '' },
      ...{ publicAddress: true, image: '', machineTypes: [], places: 1, installationId: 'home', host: 'test' },
      ...{
        terraform: join(folder, 'there-is-none'),
        terraformAtOnce: 1,
        providerMirror: '',
        dataFolder: folder,
        cacheFolder: folder,
      },
      ...{ heartbeatSeconds: 1, logCapBytes: 1_000_000, trainerHash: 'aaaaaaaaaaaa', trainerFolder: ownTrainerFolder },
      store: folderStore(join(folder, 'store')),
    });
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const labels = { kind: ref.kind, id: ref.id, installationId: 'home', owner: 'owner' };
    await house.createBucket(labels);
    const times = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000 };
    const order = { ...ref, labels, type: 'e2-standard-2', spot: false, engine: 'sklearn', ...times };
    await expect(house.createMachine(order)).rejects.toMatchObject({ type: 'ImageMissing' });
    expect((await cloud.sim.audit()).filter(({ kind }) => kind === 'instance')).toEqual([]);
    expect(await house.removeMachine(ref)).toMatchObject({ state: 'absent', startedAtMs: null });
    await house.removeBucket(ref);
  });
});
