import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { processesOf } from '../../infra/local-house.ts';
import { until } from '../../infra/waiting.ts';
import { describeSimulated } from './describe-simulated.ts';
import { asJson, asList, asText, type Json } from './json.ts';
import { openSimulationForTest, type SimulationForTest } from './open-simulation-for-test.ts';
import { askAs, signIn } from './sign-in.ts';

/** Waits for a word in the console, asks the metadata server for it, and does what it says. */
const script = `
ask() { curl -s -H 'Metadata-Flavor: Google' "http://$GCE_METADATA_HOST/computeMetadata/v1/$1"; }
echo "started as $(ask instance/name)"
echo "environment $(ask instance/attributes/trainyard-environment)"
case "$(ask instance/attributes/does)" in
  ends) exit 3 ;;
  poweroff) poweroff; exec sleep 600 ;;
  waits-for-notice)
    echo "preempted: $(ask 'instance/preempted?wait_for_change=true')"
    exit 0 ;;
esac
setsid sleep 601 &
exec sleep 600`;

describeSimulated('simulated Compute Engine', () => {
  let open: SimulationForTest;
  const project = '/compute/v1/projects/trainyard-sim';
  const zone = `${project}/zones/us-central1-a`;
  let name: string;
  const body = (more: Json = {}, does = 'stays'): Json => ({
    name,
    machineType: 'zones/us-central1-a/machineTypes/n1-standard-4',
    labels: { 'trainyard-installation': 'home' },
    disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: 'global/images/family/trainyard-cpu' } }],
    networkInterfaces: [{ network: 'global/networks/default' }],
    metadata: {
      items: [
        { key: 'does', value: does },
        { key: 'trainyard-environment', value: JSON.stringify({ TRAINYARD_WORK: '/var/lib/trainyard/work', A: 'b' }) },
      ],
    },
    ...more,
  });
  const spot = { provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE', onHostMaintenance: 'TERMINATE' };
  const look = async () => (await open.ask('GET', `${zone}/instances/${name}`)).body;
  const status = async () => (await look())['status'] ?? 'gone';
  const is = (wanted: string) => until(wanted, async () => (await status()) === wanted);
  const consoleText = async () =>
    asText((await open.ask('GET', `${zone}/instances/${name}/serialPort`)).body['contents']);
  const says = (text: string) => until(text, async () => (await consoleText()).includes(text));
  const insert = async (more: Json = {}, does?: string) => {
    const { status: code, body: operation } = await open.ask('POST', `${zone}/instances`, body(more, does));
    expect({ code, operation }).toMatchObject({
      code: 200,
      operation: { kind: 'compute#operation', operationType: 'insert' },
    });
    return (await open.ask('POST', `${zone}/operations/${asText(operation['name'])}/wait`)).body;
  };
  const remove = async () => {
    const { body: operation } = await open.ask('DELETE', `${zone}/instances/${name}`);
    return (await open.ask('POST', `${zone}/operations/${asText(operation['name'])}/wait`)).body;
  };
  const inside = async () => (await open.sim.admin.ask('instances', {})).find((one) => one.name === name);
  const running = async () => processesOf(open.sim.folder, named(name));
  const operationsOf = async () => {
    const target = `https://www.googleapis.com/compute/v1/projects/trainyard-sim/zones/us-central1-a/instances/${name}`;
    const filter = encodeURIComponent(`targetLink="${target}"`);
    return asList((await open.ask('GET', `${zone}/operations?filter=${filter}`)).body['items']);
  };
  const leftOf = async () => (await open.sim.leftOvers()).filter((one) => one.name.includes(name));

  beforeAll(async () => {
    open = await openSimulationForTest(script, { shortestRunSeconds: 1 });
  });
  beforeEach(() => {
    name = `ty-j-${randomUUID()}-1`;
  });
  afterAll(() => open.close());

  test('boots an instance, shows it as Google does, and removes it with its disk', async () => {
    expect(await insert({ scheduling: spot })).toMatchObject({
      status: 'DONE',
      progress: 100,
      targetId: expect.any(String),
    });
    expect(await look()).toMatchObject({
      kind: 'compute#instance',
      status: 'RUNNING',
      labels: { 'trainyard-installation': 'home' },
      machineType: expect.stringContaining('/zones/us-central1-a/machineTypes/n1-standard-4'),
      scheduling: { provisioningModel: 'SPOT', preemptible: true, automaticRestart: false },
      disks: [{ boot: true, source: expect.stringContaining(`/disks/${name}`) }],
    });
    await says(`started as ${name}`);
    const { folder } = (await inside()) ?? { folder: '' };
    await says(`"TRAINYARD_WORK":"${folder}/work"`);
    expect((await open.ask('GET', `${zone}/instances?filter=labels.trainyard-installation%3Dhome`)).body).toMatchObject(
      {
        items: [{ name }],
      },
    );
    const everywhere = await open.ask('GET', `${project}/aggregated/instances`);
    expect(asJson(everywhere.body['items'])['zones/us-central1-a']).toMatchObject({ instances: [{ name }] });
    expect((await open.ask('POST', `${zone}/instances`, body())).status).toBe(409);

    expect(await remove()).toMatchObject({ operationType: 'delete', status: 'DONE' });
    expect(await running()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    expect(await status()).toBe('gone');
    expect((await open.ask('GET', `${zone}/disks/${name}`)).status).toBe(404);
    expect((await operationsOf()).map(({ operationType }) => operationType)).toEqual(['insert', 'delete']);
    expect(await leftOf()).toEqual([]);
  });

  test.each([
    ['ends', 'its entry process ends'],
    ['poweroff', 'it switches itself off'],
  ])('is terminated when %s: %s', async (does) => {
    await insert({}, does);
    await is('TERMINATED');
    await until('nothing runs', async () => (await running()).length === 0);
    await says('started as');
    await remove();
    expect(await leftOf()).toEqual([]);
  });

  test('has no end any more once it is off', async () => {
    await insert({ scheduling: { maxRunDuration: { seconds: '3' }, instanceTerminationAction: 'DELETE' } }, 'poweroff');
    await is('TERMINATED');
    expect(asJson(asJson((await look())['resourceStatus'])['scheduling'])['terminationTimestamp']).toBeUndefined();
    await open.sim.admin.clock({ jumpMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await status()).toBe('TERMINATED');
    await remove();
  });

  test('ends at its own end, and is removed', async () => {
    await insert({ scheduling: { maxRunDuration: { seconds: '1' }, instanceTerminationAction: 'DELETE' } });
    expect(asJson(asJson((await look())['resourceStatus'])['scheduling'])['terminationTimestamp']).toBeDefined();
    await is('gone');
    expect(await running()).toEqual([]);
    expect((await operationsOf()).map(({ operationType, user }) => [operationType, user])).toContainEqual([
      'delete',
      'system',
    ]);
    expect(await leftOf()).toEqual([]);
  });

  test('a fast clock brings a far end near', async () => {
    await insert({ scheduling: { maxRunDuration: { seconds: '3600' }, instanceTerminationAction: 'DELETE' } });
    await open.sim.admin.clock({ jumpMs: 3_600_000 });
    await is('gone');
    expect(await leftOf()).toEqual([]);
  });

  test('tells a spot instance before it goes, and takes it', async () => {
    await insert({ scheduling: spot }, 'waits-for-notice');
    await says('environment');
    await wait(200);
    await open.sim.admin.preempt(name, 20);
    await is('gone');
    expect((await operationsOf()).map(({ operationType }) => operationType)).toContain('compute.instances.preempted');
    expect(await leftOf()).toEqual([]);
  });

  test('takes it at the end of the notice, whatever it does', async () => {
    await insert({ scheduling: spot });
    await says('environment');
    await open.sim.admin.preempt(name, 0.2);
    await is('gone');
    expect(await running()).toEqual([]);
  });

  test('loses an instance with its disk and without a word', async () => {
    await insert();
    await says('environment');
    const { folder = '' } = (await inside()) ?? {};
    await open.sim.admin.loseInstance(name);
    expect(await status()).toBe('gone');
    expect(await running()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  test('instances go on while the simulation is dead, and are found again', async () => {
    await insert();
    // What it comes to, when its shell has made way.
    const sleepers = async () => (await running()).filter((one) => /^\d+ sleep 60[01] /.test(one)).toSorted();
    await until('both sleep', async () => (await sleepers()).length === 2);
    const before = await sleepers();
    const { metadataHost } = (await inside()) ?? {};
    await open.sim.kill();
    expect(await sleepers()).toEqual(before);
    await open.sim.restart();
    expect(await status()).toBe('RUNNING');
    const metadata = await fetch(`http://${metadataHost}/computeMetadata/v1/instance/name`, {
      headers: { 'Metadata-Flavor': 'Google' },
    });
    expect(await metadata.text()).toBe(name);
    await remove();
    expect(await running()).toEqual([]);
    expect(await leftOf()).toEqual([]);
  });

  test('is stopped with all that runs on it, though it was killed before', async () => {
    const other = await openSimulationForTest(script);
    await other.ask('POST', `${zone}/instances`, body());
    const runs = () => processesOf(other.sim.folder, named(name));
    await until('it runs', async () => (await runs()).some((one) => /^\d+ sleep 601 /.test(one)));
    await other.sim.kill();
    await other.close();
    expect(await runs()).toEqual([]);
  });

  test('says why there is none: no capacity, no quota, or what it was told', async () => {
    await open.sim.admin.noCapacity({ zone: 'us-central1-a' });
    expect(await insert()).toMatchObject({ error: { errors: [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED' }] } });
    await open.sim.admin.quota('us-central1', 'CPUS', 3);
    expect(await insert()).toMatchObject({
      error: {
        errors: [{ code: 'QUOTA_EXCEEDED', message: "Quota 'CPUS' exceeded.  Limit: 3.0 in region us-central1." }],
      },
      httpErrorStatusCode: 403,
    });
    await open.sim.admin.quota('us-central1', 'CPUS', 200);
    await open.sim.admin.operationError({ type: 'insert', code: 'INTERNAL_ERROR', message: 'Internal error.' });
    expect(await insert()).toMatchObject({ error: { errors: [{ code: 'INTERNAL_ERROR' }] } });
    expect(await status()).toBe('gone');
    expect(await leftOf()).toEqual([]);
  });

  test.each([
    ['a machine type that the zone has not', { machineType: 'zones/us-central1-a/machineTypes/n9-none' }, 400],
    ['an image that is not there', { disks: [{ initializeParams: { sourceImage: 'global/images/none' } }] }, 404],
    ['a label in capitals', { labels: { Owner: 'Me' } }, 400],
    [
      'a GPU that may be moved about',
      { guestAccelerators: [{ acceleratorType: 'nvidia-tesla-t4', acceleratorCount: 1 }] },
      400,
    ],
    ['a service account that is not there', { serviceAccounts: [{ email: 'none@x.iam.gserviceaccount.com' }] }, 400],
  ])('refuses %s', async (_, wrong, code) => {
    expect((await open.ask('POST', `${zone}/instances`, body(wrong))).status).toBe(code);
    expect(await status()).toBe('gone');
  });

  test('makes one later than anybody waits, once, whatever was asked meanwhile', async () => {
    await open.sim.admin.createLate(700);
    const { body: operation } = await open.ask('POST', `${zone}/instances?requestId=same`, body());
    expect(await status()).toBe('gone');
    expect((await open.ask('POST', `${zone}/instances?requestId=same`, body())).body['name']).toBe(operation['name']);
    await open.sim.restart();
    await is('RUNNING');
    await remove();
    expect(await leftOf()).toEqual([]);
  });

  test('its service account may do what it was allowed, and nothing else', async () => {
    const made = await open.ask('POST', '/v1/projects/trainyard-sim/serviceAccounts', { accountId: 'ty-machine' });
    const email = asText(made.body['email']);
    const member = `serviceAccount:${email}`;
    for (const bucket of ['ty-own', 'ty-other']) await open.ask('POST', '/storage/v1/b', { name: bucket });
    await open.ask('PUT', '/storage/v1/b/ty-own/iam', {
      bindings: [{ role: 'roles/storage.objectUser', members: [member] }],
    });
    await insert({ serviceAccounts: [{ email, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }] });
    const policy = { bindings: [{ role: 'roles/compute.instanceAdmin.v1', members: [member] }] };
    await open.ask('POST', `${zone}/instances/${name}/setIamPolicy`, { policy });
    const host = (await inside())?.metadataHost;
    const path = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
    expect((await fetch(path)).status).toBe(403);
    const { access_token: token } = (await (
      await fetch(path, { headers: { 'Metadata-Flavor': 'Google' } })
    ).json()) as { access_token: string };
    const machine = askAs(open.sim.endpoint, token);
    const put = (bucket: string) => machine('POST', `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=a`, 'a');
    expect((await put('ty-own')).status).toBe(200);
    expect((await put('ty-other')).body).toMatchObject({ error: { code: 403, errors: [{ reason: 'forbidden' }] } });
    expect((await machine('GET', `${zone}/instances`)).status).toBe(403);
    expect((await machine('DELETE', `${zone}/instances/ty-somebody-else`)).status).toBe(403);
    expect((await machine('DELETE', `${zone}/instances/${name}`)).status).toBe(200);
    await is('gone');
    await open.ask('DELETE', `/v1/projects/trainyard-sim/serviceAccounts/${email}`);
    expect((await put('ty-own')).status).toBe(401);
  });

  test('whoever makes an instance must be allowed to act as its service account', async () => {
    const account = async (accountId: string) =>
      asText((await open.ask('POST', '/v1/projects/trainyard-sim/serviceAccounts', { accountId })).body['email']);
    const [maker, guest] = [await account('ty-maker'), await account('ty-guest')];
    const path = '/v1/projects/trainyard-sim';
    const { body: policy } = await open.ask('POST', `${path}:getIamPolicy`, {});
    const member = `serviceAccount:${maker}`;
    const bindings = [...asList(policy['bindings']), { role: 'roles/compute.instanceAdmin.v1', members: [member] }];
    await open.ask('POST', `${path}:setIamPolicy`, { policy: { ...policy, bindings } });
    const keyFile = `${open.sim.folder}/maker.json`;
    await open.sim.admin.ask('serviceAccountKey', { email: maker, path: keyFile });
    const asMaker = await signIn(open.sim.endpoint, keyFile);
    const insertAs = () => asMaker('POST', `${zone}/instances`, body({ serviceAccounts: [{ email: guest }] }));
    expect((await insertAs()).body).toMatchObject({
      error: { code: 403, message: expect.stringContaining(`access to service account '${guest}'`) },
    });
    const actAs = { bindings: [{ role: 'roles/iam.serviceAccountUser', members: [member] }] };
    await open.ask('POST', `${path}/serviceAccounts/${guest}:setIamPolicy`, { policy: actAs });
    expect((await insertAs()).status).toBe(200);
    await is('RUNNING');
    await remove();
  });

  test('a policy that was changed in between is not written over', async () => {
    const path = '/v1/projects/trainyard-sim';
    const { body: policy } = await open.ask('POST', `${path}:getIamPolicy`, {});
    expect((await open.ask('POST', `${path}:setIamPolicy`, { policy })).status).toBe(200);
    expect((await open.ask('POST', `${path}:setIamPolicy`, { policy })).body).toMatchObject({
      error: { code: 409, status: 'ABORTED' },
    });
  });

  test('an API that is not enabled says so', async () => {
    await open.sim.admin.ask('service', { name: 'compute.googleapis.com', enabled: false });
    expect((await open.ask('GET', `${zone}/instances`)).body).toMatchObject({
      error: { code: 403, details: [{ reason: 'SERVICE_DISABLED', metadata: { service: 'compute.googleapis.com' } }] },
    });
    await open.ask('POST', '/v1/projects/trainyard-sim/services/compute.googleapis.com:enable', {});
    expect((await open.ask('GET', `${zone}/instances`)).status).toBe(200);
  });
});

function named(name: string) {
  const [, id = '', attempt = ''] = /^ty-j-(.*)-(\d+)$/.exec(name) ?? [];
  return { kind: 'job' as const, id, attempt: Number(attempt) };
}
