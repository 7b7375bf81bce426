import { checkGcp } from '../../../infra/gcp/doctor/check-gcp.ts';
import { machinePermissions, machineRole, yardPermissions, yardRole } from '../../../infra/gcp/permissions.ts';
import type { GcpCheckOptions, GcpFinding } from '../../../infra/gcp-checks.ts';
import { ownTrainerFolder } from '../../../infra/trainer-image.ts';
import { describeSimulated } from '../../cloud-sim/gcp/describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from '../../cloud-sim/gcp/open-simulation-for-test.ts';

const hash = '0123456789ab';
const other = 'ba9876543210';

describeSimulated('what ./x doctor gcp finds', () => {
  let cloud: SimulationForTest;
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

  beforeEach(async () => {
    const images = ['cpu', 'gpu'].map((kind) => ({
      name: `trainyard-${kind}-${hash}`,
      family: `trainyard-${kind}`,
      labels: { 'trainyard-trainer': hash },
    }));
    cloud = await openSimulationForTest(undefined, { images });
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = cloud.sim.keyFile;
    await makeRole(machineRole, machinePermissions);
  });
  afterEach(async () => {
    await cloud.close();
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
  });

  const makeRole = async (roleId: string, includedPermissions: readonly string[]) => {
    const { status } = await cloud.ask('POST', `/v1/projects/${cloud.sim.project}/roles`, {
      roleId,
      role: { title: roleId, includedPermissions },
    });
    expect(status).toBe(200);
  };
  const check = (more: Partial<GcpCheckOptions> = {}) =>
    checkGcp({
      project: cloud.sim.project,
      zones: ['us-central1-a', 'europe-west4-b'],
      network: 'default',
      subnetwork: '',
      publicAddress: true,
      image: '',
      machineTypes: [],
      endpoint: cloud.sim.endpoint,
      trainerHash: hash,
      trainerFolder: ownTrainerFolder,
      ...more,
    });
  const named = (found: GcpFinding[], name: string): GcpFinding => {
    const one = found.find((finding) => finding.name === name);
    if (!one) throw new Error(`There is nothing on ${name}: ${found.map((finding) => finding.name).join(', ')}`);
    return one;
  };
  /** What is not good. */
  const wrong = (found: GcpFinding[]) =>
    found.filter(({ state }) => state !== 'good').map(({ name, state }) => ({ name, state }));

  it('is that nothing is missing where nothing is, and it makes nothing', async () => {
    const made = await cloud.sim.audit();
    const found = await check();
    expect(found.map(({ name, state, detail }) => `${name} ${state} ${detail}`)).toEqual([
      expect.stringMatching(/^Machines good 33 types/),
      `Credentials good the key file of a service account, trainyard@${cloud.sim.project}.iam.gserviceaccount.com; Google gives it a token`,
      expect.stringMatching(/^Project good/),
      expect.stringMatching(/^Billing good/),
      'APIs good all 7 are turned on',
      `Permissions good all ${yardPermissions.length} are held`,
      expect.stringMatching(/^Machine role good/),
      'Zones good us-central1-a, europe-west4-b',
      'Network good default in us-central1, default in europe-west4; machines get a public address',
      `Image cpu good trainyard-cpu-${hash}, with this trainer (${hash})`,
      `Image gpu good trainyard-gpu-${hash}, with this trainer (${hash})`,
      expect.stringMatching(/^Quotas good/),
    ]);
    expect(await cloud.sim.audit()).toEqual(made);
  });

  it('is an API that is turned off, with the command that turns it on', async () => {
    await cloud.sim.admin.ask('service', { name: 'pubsub.googleapis.com', enabled: false });
    const found = await check();
    expect(wrong(found)).toEqual([{ name: 'APIs', state: 'bad' }]);
    expect(named(found, 'APIs').mend).toBe(
      `gcloud services enable pubsub.googleapis.com --project ${cloud.sim.project}`,
    );
  });

  it('is that it cannot be known which APIs are on, when the one that says so is off', async () => {
    await cloud.sim.admin.ask('service', { name: 'serviceusage.googleapis.com', enabled: false });
    expect(named(await check(), 'APIs')).toMatchObject({
      state: 'bad',
      mend: `gcloud services enable serviceusage.googleapis.com --project ${cloud.sim.project}`,
    });
  });

  it('is that nobody pays, but not when that alone cannot be asked', async () => {
    await cloud.sim.admin.ask('billing', { enabled: false });
    const found = await check();
    expect(wrong(found)).toEqual([{ name: 'Billing', state: 'bad' }]);
    expect(named(found, 'Billing').mend).toContain(`gcloud billing projects link ${cloud.sim.project}`);
    await cloud.sim.admin.ask('service', { name: 'cloudbilling.googleapis.com', enabled: false });
    expect(wrong(await check())).toEqual([
      { name: 'Billing', state: 'later' },
      { name: 'APIs', state: 'later' },
    ]);
  });

  describe('for an account that may not do all', () => {
    const withRole = async (permissions: readonly string[]): Promise<string> => {
      const { project, endpoint, admin, folder } = cloud.sim;
      await makeRole(yardRole, permissions);
      const made = await cloud.ask('POST', `/v1/projects/${project}/serviceAccounts`, { accountId: 'trainyard-yard' });
      const email = String(made.body['email']);
      const { body: policy } = await cloud.ask('POST', `/v1/projects/${project}:getIamPolicy`, {});
      const bindings = [
        ...(policy['bindings'] as unknown[]),
        { role: `projects/${project}/roles/${yardRole}`, members: [`serviceAccount:${email}`] },
      ];
      const set = await cloud.ask('POST', `/v1/projects/${project}:setIamPolicy`, { policy: { ...policy, bindings } });
      expect(set.status).toBe(200);
      const path = `${folder}/yard.json`;
      await admin.ask('serviceAccountKey', { email, path });
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path;
      expect(endpoint).not.toBe('');
      return email;
    };

    it('is nothing with the role of bootstrap: its permissions are enough to look, too', async () => {
      await withRole(yardPermissions);
      expect(wrong(await check())).toEqual([]);
    });

    it('is each permission that is missing, what it is for, and the commands that give it', async () => {
      const email = await withRole(
        yardPermissions.filter((one) => !/pubsub\.topics\.create|instances\.delete/.test(one)),
      );
      const { state, detail, mend } = named(await check(), 'Permissions');
      expect(state).toBe('bad');
      expect(detail).toContain(
        `2 of ${yardPermissions.length} are missing (compute.instances.delete, pubsub.topics.create)`,
      );
      expect(detail).toContain('take machines and disks away');
      expect(mend?.split('\n')).toEqual([
        `gcloud iam roles update ${yardRole} --project ${cloud.sim.project} --add-permissions compute.instances.delete,pubsub.topics.create`,
        `gcloud projects add-iam-policy-binding ${cloud.sim.project} --member serviceAccount:${email} --role projects/${cloud.sim.project}/roles/${yardRole} --condition None`,
      ]);
    });

    it('does not keep jobs from starting, when only looking is not allowed', async () => {
      await withRole(yardPermissions.filter((one) => one !== 'serviceusage.services.use'));
      expect(wrong(await check())).toEqual([{ name: 'Permissions', state: 'later' }]);
    });
  });

  it('is a role of machines that is missing, or allows too little', async () => {
    const path = `/v1/projects/${cloud.sim.project}/roles/${machineRole}`;
    await cloud.ask('PATCH', path, { includedPermissions: ['compute.instances.get'] });
    expect(named(await check(), 'Machine role').mend).toContain('gcloud iam roles update');
    await cloud.ask('DELETE', path);
    expect(named(await check(), 'Machine role')).toMatchObject({
      state: 'bad',
      mend: `gcloud iam roles undelete ${machineRole} --project ${cloud.sim.project}`,
    });
  });

  it('is a network that is not there', async () => {
    expect(named(await check({ network: 'nowhere' }), 'Network')).toMatchObject({
      state: 'bad',
      mend: `gcloud compute networks create nowhere --project ${cloud.sim.project} --subnet-mode auto`,
    });
    const found = await check({ subnetwork: 'regions/us-central1/subnetworks/nowhere', zones: ['us-central1-a'] });
    expect(named(found, 'Network').mend).toContain('gcloud compute networks subnets create nowhere');
  });

  it('is a subnetwork without a way to Google, when machines get no public address', async () => {
    await cloud.sim.admin.ask('network', { name: 'closed', privateAccess: false });
    const zones = ['us-central1-a'];
    expect(named(await check({ network: 'closed', zones }), 'Network').state).toBe('good');
    expect(named(await check({ network: 'closed', zones, publicAddress: false }), 'Network')).toMatchObject({
      state: 'bad',
      mend: `gcloud compute networks subnets update closed --project ${cloud.sim.project} --region us-central1 --enable-private-ip-google-access`,
    });
    expect(named(await check({ zones, publicAddress: false }), 'Network').state).toBe('good');
  });

  it('is a subnetwork in another region than the zones', async () => {
    const { state, detail } = named(await check({ subnetwork: 'regions/us-central1/subnetworks/default' }), 'Network');
    expect({ state, detail }).toEqual({
      state: 'bad',
      detail: 'gcpSubnetwork lies in us-central1, and these of gcpZones do not: europe-west4-b',
    });
  });

  it('is a zone that is in no list, and a type that nobody knows', async () => {
    expect(named(await check({ zones: ['us-central1-x'] }), 'Machines').state).toBe('bad');
    // In the price list, and not in the project.
    expect(named(await check({ zones: ['us-east4-a'] }), 'Zones')).toMatchObject({
      state: 'bad',
      mend: expect.stringContaining('gcloud compute zones list'),
    });
    expect(named(await check({ machineTypes: ['e3-huge'] }), 'Machines').detail).toContain('e3-huge');
  });

  it('is an image that is missing; that of the GPU keeps only its own jobs', async () => {
    await cloud.sim.admin.ask('removeImage', { name: `trainyard-gpu-${hash}` });
    const found = await check();
    expect(wrong(found)).toEqual([{ name: 'Image gpu', state: 'later' }]);
    expect(named(found, 'Image gpu').mend).toContain(`_KINDS=gpu,_TRAINER_HASH=${hash}`);
    await cloud.sim.admin.ask('removeImage', { name: `trainyard-cpu-${hash}` });
    expect(named(await check(), 'Image cpu').state).toBe('bad');
    expect(named(await check({ machineTypes: ['g2-standard-4'] }), 'Image gpu').state).toBe('bad');
  });

  it('is no more than slower machines, where an image is missing and machines set themselves up', async () => {
    await cloud.sim.admin.ask('removeImage', { name: `trainyard-cpu-${hash}` });
    const found = named(await check({ setUpAtBoot: true }), 'Image cpu');
    expect(found).toMatchObject({
      state: 'later',
      detail: expect.stringContaining('sets itself up from a plain system'),
    });
  });

  it('is an image with another trainer in it', async () => {
    const { state, detail, mend } = named(await check({ trainerHash: other }), 'Image cpu');
    expect({ state, detail }).toEqual({
      state: 'bad',
      detail: `trainyard-cpu-${hash} carries the trainer ${hash}, and this is ${other}`,
    });
    expect(mend).toContain(`_TRAINER_HASH=${other}`);
    const image = `projects/${cloud.sim.project}/global/images/trainyard-cpu-${hash}`;
    expect(named(await check({ image }), 'Image').state).toBe('good');
  });

  it('is a quota that is used up, for some types or for all', async () => {
    const zones = ['us-central1-a'];
    await cloud.sim.admin.quota('us-central1', 'NVIDIA_T4_GPUS', 0);
    expect(named(await check({ zones }), 'Quotas')).toMatchObject({
      state: 'later',
      detail: expect.stringContaining('NVIDIA_T4_GPUS in us-central1'),
    });
    expect(named(await check({ zones, machineTypes: ['n1-standard-4-t4'] }), 'Quotas').state).toBe('bad');
    await cloud.sim.admin.quota('us-central1', 'CPUS', 3);
    expect(named(await check({ zones, machineTypes: ['e2-standard-4'] }), 'Quotas')).toMatchObject({
      state: 'bad',
      detail: expect.stringContaining('CPUS in us-central1'),
      mend: expect.stringContaining('gcloud compute regions describe us-central1'),
    });
    // The cores of this family are counted apart.
    expect(named(await check({ zones, machineTypes: ['n2-standard-4'] }), 'Quotas').state).toBe('good');
    // There is room in the other region.
    expect(named(await check({ machineTypes: ['e2-standard-4'] }), 'Quotas').detail).toContain('europe-west4');
  });

  it('does not wait for ever, and says what did not answer', async () => {
    await cloud.sim.admin.delay({ path: 'testIamPermissions', ms: 5000 });
    const from = Date.now();
    const found = await check({ patienceMs: 1500 });
    expect(Date.now() - from).toBeLessThan(4000);
    expect(wrong(found)).toEqual([{ name: 'Permissions', state: 'bad' }]);
    expect(named(found, 'Permissions').detail).toContain('did not answer within 1.5 s');
  });

  it('is credentials that Google does not take, and then nothing else is asked', async () => {
    await cloud.sim.admin.error({ path: '^/token$', status: 400, times: 50 });
    const found = await check();
    expect(wrong(found)).toEqual([
      { name: 'Credentials', state: 'bad' },
      { name: 'The rest', state: 'later' },
    ]);
    expect(named(found, 'Credentials').mend).toBe(
      `gcloud auth application-default login --impersonate-service-account trainyard-yard@${cloud.sim.project}.iam.gserviceaccount.com`,
    );
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nowhere/key.json';
    expect(named(await check(), 'Credentials').mend).toContain('unset GOOGLE_APPLICATION_CREDENTIALS');
  });

  it('holds nothing that is secret', async () => {
    const { readFileSync } = await import('node:fs');
    const key = JSON.parse(readFileSync(cloud.sim.keyFile, 'utf8')) as { private_key: string; private_key_id: string };
    const said = JSON.stringify(await check());
    expect(said).not.toContain('PRIVATE KEY');
    expect(said).not.toContain(key.private_key_id);
    expect(said).not.toContain('ya29.');
  });
});
