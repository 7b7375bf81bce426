import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapGcp } from '../../../infra/gcp/bootstrap/bootstrap-gcp.ts';
import { stateBucketName } from '../../../infra/gcp/bootstrap/state-bucket.ts';
import { checkGcp } from '../../../infra/gcp/doctor/check-gcp.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { machineRole, yardRole } from '../../../infra/gcp/permissions.ts';
import type { GcpBootstrapOptions } from '../../../infra/gcp-bootstrap.ts';
import { folderStore } from '../../../infra/local/folder-store.ts';
import { ownTrainerFolder } from '../../../infra/trainer-image.ts';
import { realProvider, terraformProgram } from '../../cloud-sim/gcp/google-provider.ts';
import { openSimulationForTest, type SimulationForTest } from '../../cloud-sim/gcp/open-simulation-for-test.ts';
import { hasCloudSim } from '../../../tools/cloud-sim/find-cloud-sim.ts';
import { loadSettings } from '../../../settings/settings.ts';

const { cacheFolder: ownCache } = loadSettings(process.env, join(import.meta.dirname, '../../..'));
// Ours knows the resources of jobs only, not those of a project.
const provider = hasCloudSim(ownCache) ? await realProvider() : undefined;
const hash = '0123456789ab';
const region = 'us-central1';

if (provider) {
  describe('./x gcp bootstrap, with the real provider, step by step', () => {
    let cloud: SimulationForTest;
    let folder: string;
    const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'trainyard-bootstrap-'));
      const images = [
        { name: `trainyard-cpu-${hash}`, family: 'trainyard-cpu', labels: { 'trainyard-trainer': hash } },
      ];
      cloud = await openSimulationForTest(undefined, { images });
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = cloud.sim.keyFile;
    });
    afterAll(async () => {
      await cloud.close();
      await rm(folder, { recursive: true, force: true });
      if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
      else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
    });

    const run = async (act: GcpBootstrapOptions['act'], more: Partial<GcpBootstrapOptions> = {}): Promise<string> => {
      const said: string[] = [];
      await bootstrapGcp({
        project: cloud.sim.project,
        region,
        ssh: true,
        act,
        terraform: terraformProgram,
        providerMirror: provider.mirror,
        cacheFolder: join(folder, 'cache'),
        endpoint: cloud.sim.endpoint,
        say: (line) => said.push(line),
        ...more,
      });
      return said.join('\n');
    };
    const state = () => `/storage/v1/b/${stateBucketName(cloud.sim.project)}`;
    const asYard = async (): Promise<string> => {
      const path = join(folder, 'yard.json');
      const email = `trainyard-yard@${cloud.sim.project}.iam.gserviceaccount.com`;
      // The simulation knows one key of an account.
      if (!existsSync(path)) await cloud.sim.admin.ask('serviceAccountKey', { email, path });
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path;
      return email;
    };
    const asOwner = () => {
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = cloud.sim.keyFile;
    };

    it('says what it would make, and makes nothing', async () => {
      const made = await cloud.sim.audit();
      const said = await run('plan');
      expect(said).toContain('Plan: 14 to add, 0 to change, 0 to destroy.');
      expect(await cloud.sim.audit()).toEqual(made);
      expect((await cloud.ask('GET', state())).status).toBe(404);
    }, 60_000);

    it('has nothing to take away where it has made nothing', async () => {
      expect(await run('destroy')).toContain('has made nothing here');
    });

    it('does not know a region that is in no price list', async () => {
      await expect(run('plan', { region: 'mars-north1' })).rejects.toThrow('no region “mars-north1”');
    });

    it('makes it, and takes over a role that was made by hand', async () => {
      const roles = `/v1/projects/${cloud.sim.project}/roles`;
      await cloud.ask('POST', roles, {
        roleId: machineRole,
        role: { title: 'by hand', includedPermissions: ['compute.instances.get'] },
      });
      const said = await run('apply');
      expect(said).toContain(`Made the bucket ${stateBucketName(cloud.sim.project)}`);
      expect(said).toContain('Apply complete! Resources: 1 imported, 13 added, 1 changed, 0 destroyed.');
      const { body } = await cloud.ask('GET', `${roles}/${machineRole}`);
      expect(body['includedPermissions']).toEqual(['compute.instances.delete']);
      expect((await cloud.ask('GET', state())).status).toBe(200);
      const asked = (await cloud.sim.admin.ask('requests', { sinceMs: 0 })).map(({ path }) => path);
      expect(asked.filter((path) => path.endsWith('pubsub.googleapis.com:generateServiceIdentity'))).toHaveLength(1);
    }, 120_000);

    it('has nothing left to do the second time', async () => {
      expect(await run('apply')).toContain('No changes. Your infrastructure matches the configuration.');
    }, 60_000);

    it('makes a network that the doctor finds good without public addresses, and an account that may do all', async () => {
      await asYard();
      try {
        const found = await checkGcp({
          project: cloud.sim.project,
          zones: [`${region}-b`],
          network: 'trainyard',
          subnetwork: `regions/${region}/subnetworks/trainyard`,
          publicAddress: false,
          image: '',
          machineTypes: ['e2-standard-2'],
          endpoint: cloud.sim.endpoint,
          trainerHash: hash,
          trainerFolder: ownTrainerFolder,
        });
        expect(found.filter((one) => one.state !== 'good')).toEqual([]);
      } finally {
        asOwner();
      }
    });

    it('gives that account all that a job needs, from its bucket to its end', async () => {
      const email = await asYard();
      try {
        const house = openGcpCloud({
          project: cloud.sim.project,
          zones: [`${region}-b`],
          network: 'trainyard',
          subnetwork: `regions/${region}/subnetworks/trainyard`,
          publicAddress: false,
          image: '',
          machineTypes: [],
          places: 1,
          terraform: terraformProgram,
          providerMirror: provider.mirror,
          terraformAtOnce: 1,
          endpoint: cloud.sim.endpoint,
          pubsubEndpoint: cloud.sim.pubsubEndpoint,
          installationId: 'home',
          host: 'test',
          dataFolder: join(folder, 'data'),
          cacheFolder: join(folder, 'cache'),
          store: folderStore(join(folder, 'store')),
          heartbeatSeconds: 1,
          logCapBytes: 1_000_000,
          trainerHash: '',
          trainerFolder: ownTrainerFolder,
        });
        const labels = { kind: 'job' as const, id: randomUUID(), installationId: 'home', owner: 'ann' };
        const ref = { kind: labels.kind, id: labels.id, attempt: 1 };
        await house.createBucket(labels);
        await house.putText(labels, 'input/spec.json', '{}');
        expect(await house.listObjects(labels, '')).toEqual(['input/spec.json']);
        await house.createSignals(labels);
        const inTenMinutes = Date.now() + 600_000;
        const order = { ...ref, labels, type: 'e2-standard-2', spot: true, engine: 'sklearn' };
        await house.createMachine({ ...order, endsAtMs: inTenMinutes, deadlineAtMs: inTenMinutes });
        expect((await house.lookAtMachine(ref)).state).toBe('running');
        await house.readConsole(ref);
        expect((await house.list()).map(({ kind }) => kind).toSorted()).toEqual(['bucket', 'machine', 'signals']);
        expect((await house.removeMachine(ref)).state).toBe('absent');
        await house.removeSignals(labels);
        await house.removeBucket(labels);
        expect(await house.list()).toEqual([]);
        const entries = (await cloud.sim.audit()).filter(({ kind }) => kind === 'instance');
        expect(entries[0]).toMatchObject({ act: 'created', who: email });
      } finally {
        asOwner();
      }
    }, 180_000);

    it('says what it would take away, then takes it away, with its bucket', async () => {
      expect(await run('plan-destroy')).toContain('Plan: 0 to add, 0 to change, 14 to destroy.');
      expect((await cloud.ask('GET', state())).status).toBe(200);
      expect(await run('destroy')).toContain('Apply complete! Resources: 0 added, 0 changed, 14 destroyed.');
      expect((await cloud.ask('GET', state())).status).toBe(404);
      expect((await cloud.sim.leftOvers()).filter(({ kind }) => kind !== 'disk')).toEqual([]);
    }, 120_000);

    it('makes it again although its roles rest for a week', async () => {
      expect(await run('apply')).toContain('Apply complete!');
      const { body } = await cloud.ask('GET', `/v1/projects/${cloud.sim.project}/roles/${yardRole}`);
      expect(body['deleted']).toBeUndefined();
    }, 120_000);

    it('keeps no key and no token in its state', async () => {
      const { body } = await cloud.ask('GET', `${state()}/o`);
      const names = (body['items'] as { name: string }[]).map(({ name }) => name);
      const name = names.find((one) => one.endsWith('default.tfstate')) ?? '';
      const { body: content } = await cloud.ask('GET', `${state()}/o/${encodeURIComponent(name)}?alt=media`);
      const text = JSON.stringify(content);
      expect(text).toContain('trainyardYard');
      const key = JSON.parse(await readFile(cloud.sim.keyFile, 'utf8')) as { private_key_id: string };
      for (const secret of ['ya29.', 'PRIVATE KEY', key.private_key_id]) expect(text).not.toContain(secret);
    });
  });
} else {
  const why = "Google's real provider is out of reach, or there is no Go to build the simulation";
  process.stderr.write(`./x gcp bootstrap SKIPPED: ${why}\n`);
  test.skip(`./x gcp bootstrap: ${why}`, () => {});
}
