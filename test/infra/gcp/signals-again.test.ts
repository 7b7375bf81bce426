import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { bucketNameOf } from '../../../domain/ids.ts';
import type { Labels } from '../../../infra/cloud.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { namesOf } from '../../../infra/gcp/names.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('signals that are made again', () => {
  let house: GcpHouse;
  let labels: Labels;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  beforeEach(async () => {
    labels = { kind: 'job', id: randomUUID(), installationId: house.installationId, owner: 'owner' };
    await house.cloud.createBucket(labels);
  });
  afterEach(async () => {
    await house.simulation.admin.clearFaults();
    await house.cloud.removeSignals(labels);
    await house.cloud.removeBucket(labels);
  });
  afterAll(() => house.close());

  /** What was made and deleted of them so far. */
  const acts = async () => {
    const name = bucketNameOf(labels);
    const { accountEmail } = namesOf(labels, house.installationId, house.options.project);
    const audit = await house.simulation.audit();
    const own = audit.filter((one) => one.name.includes(name) || one.name.includes(accountEmail));
    return own.flatMap(({ act, kind }) => (/topic|account/i.test(kind) ? [`${act} ${kind}`] : [])).toSorted();
  };
  const onceEach = ['created service-account', 'created topic', 'created topic'];

  test('go on from what Terraform knows, with the same account: another would have to spread from the beginning', async () => {
    // As for an account that is not known everywhere yet, though without the patience for that.
    await house.simulation.admin.error({ method: 'POST', path: 'topics/.*:setIamPolicy', status: 403, times: 20 });
    await expect(house.cloud.createSignals(labels)).rejects.toMatchObject({ type: 'PermissionDenied' });
    await expect(openGcpCloud(house.options).createSignals(labels)).rejects.toMatchObject({ type: 'PermissionDenied' });
    await house.simulation.admin.clearFaults();
    await openGcpCloud(house.options).createSignals(labels);
    expect(await acts()).toEqual(onceEach);
  });

  test('are not taken for left behind by whoever comes right after they were made', async () => {
    const { simulation, options, cloud } = house;
    await simulation.admin.delay({ method: 'POST', query: 'signals-made', ms: 3000, times: 1 });
    let second: Promise<void> | undefined;
    await cloud.createSignals(labels, (sentence) => {
      if (sentence.startsWith('Making the subscription')) second ??= openGcpCloud(options).createSignals(labels);
    });
    expect(second).toBeDefined();
    await second;
    expect(await acts()).toEqual(onceEach);
  });
});
