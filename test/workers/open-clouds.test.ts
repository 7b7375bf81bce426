import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from '../../infra/cloud.ts';
import type { EngineEnvironments } from '../../infra/local/engine-environments.ts';
import { folderStore } from '../../infra/local/folder-store.ts';
import { loadSettings } from '../../settings/settings.ts';
import { openClouds } from '../../workers/open-clouds.ts';
import { describeSimulated } from '../cloud-sim/gcp/describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from '../cloud-sim/gcp/open-simulation-for-test.ts';
import { until } from '../infra/waiting.ts';

/** What is wrong with Google Cloud stops nothing else, and what is open there can always go home. */
describeSimulated('the clouds of a yard', () => {
  let sim: SimulationForTest;
  let folder: string;
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

  beforeAll(async () => {
    sim = await openSimulationForTest();
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = sim.sim.keyFile;
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-clouds-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  afterAll(async () => {
    await sim.close();
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
  });

  const environments = { prepare: async () => 'python3' } as unknown as EngineEnvironments;
  const open = async (more: Record<string, string> = {}) => {
    const { endpoint, pubsubEndpoint } = sim.sim;
    const settings = loadSettings(
      {
        HOME: folder,
        TRAINYARD_DATA_FOLDER: join(folder, 'data'),
        TRAINYARD_GCP_PROJECT: sim.sim.project,
        TRAINYARD_GCP_ENDPOINT: endpoint,
        TRAINYARD_GCP_PUBSUB_ENDPOINT: pubsubEndpoint,
        ...more,
      },
      folder,
    );
    return openClouds(settings, 'home', environments, folderStore(join(folder, 'store')));
  };
  const gcpOf = (clouds: ReadonlyMap<string, Cloud>): Cloud => {
    const gcp = clouds.get('gcp');
    if (!gcp) throw new Error('There is no Google Cloud.');
    return gcp;
  };
  /** As of an open job: its bucket stands there. */
  const bucketIn = async (gcp: Cloud) => {
    const holder = { kind: 'job' as const, id: randomUUID() };
    await gcp.createBucket({ ...holder, installationId: 'home', owner: 'owner' });
    return holder;
  };

  test.each([
    [{ TRAINYARD_GCP_ZONES: 'us-centrl1-a' }, 'has no zone “us-centrl1-a”', 'gcpZones takes zones of'],
    [{ TRAINYARD_GCP_MACHINE_TYPES: 'e2-huge' }, 'has no machine type “e2-huge”', 'gcpMachineTypes takes'],
  ])(
    '%j: this machine goes on, nothing new is made there, and what is there goes home',
    async (wrong, reason, mend) => {
      const holder = await bucketIn(gcpOf(await open()));
      const clouds = await open(wrong);
      expect(await clouds.get('local')?.machineTypes()).toHaveLength(1);
      const gcp = gcpOf(clouds);
      expect(gcp.obstacle?.reason).toContain(reason);
      expect(gcp.obstacle?.mend).toContain(mend);
      expect(await gcp.machineTypes()).toEqual([]);
      await expect(bucketIn(gcp)).rejects.toMatchObject({ type: 'CloudNotUsable' });
      expect(await gcp.list()).toHaveLength(1);
      await gcp.removeBucket(holder);
      expect(await gcp.list()).toEqual([]);
    },
  );

  test('without a project that was there before, what is open is still taken down; then it is forgotten', async () => {
    const holder = await bucketIn(gcpOf(await open()));
    const none = { TRAINYARD_GCP_PROJECT: '' };
    const left = gcpOf(await open(none));
    expect(left).toMatchObject({
      isLeft: true,
      obstacle: { mend: `echo "gcpProject: ${sim.sim.project}" >> trainyard.yaml` },
    });
    expect(await left.machineTypes()).toEqual([]);
    await expect(bucketIn(left)).rejects.toMatchObject({ type: 'CloudNotUsable' });
    await left.removeBucket(holder);
    await until('it is forgotten', async () => !(await open(none)).has('gcp'), 20_000);
    expect(gcpOf(await open()).obstacle).toBeUndefined();
  });

  test('with another project, what is open in the one of before goes home first; then the new one is used', async () => {
    const holder = await bucketIn(gcpOf(await open()));
    const other = { TRAINYARD_GCP_PROJECT: 'another-project' };
    const left = gcpOf(await open(other));
    expect(left.isLeft).toBe(true);
    expect(left.obstacle?.reason).toContain('gcpProject is another-project now');
    await expect(bucketIn(left)).rejects.toMatchObject({ type: 'CloudNotUsable' });
    expect(await left.list()).toHaveLength(1);
    await left.removeBucket(holder);
    expect(gcpOf(await open(other)).isLeft).toBeUndefined();
  });

  test('never had a project: there is this machine alone', async () => {
    expect([...(await open({ TRAINYARD_GCP_PROJECT: '' })).keys()]).toEqual(['local']);
  });
});
