import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('a bucket that somebody else took away', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test('does not keep the signals of its job from going, for who had seen it nor for who had not', async () => {
    const { options, simulation, installationId } = house;
    const ids = [randomUUID(), randomUUID()].map((id) => ({ kind: 'job' as const, id }));
    for (const holder of ids) {
      const labels = { ...holder, installationId, owner: 'owner' };
      await house.cloud.createBucket(labels);
      await house.cloud.createSignals(labels);
      await openGcpCloud(options).removeBucket(holder);
    }
    const [first, second] = ids;
    if (!first || !second) throw new Error('two were made');
    await house.cloud.removeSignals(first);
    await openGcpCloud(options).removeSignals(second);
    await house.cloud.removeBucket(first);
    expect(await house.cloud.list()).toEqual([]);
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });

  test('may go while the signals are being taken away', async () => {
    const { options, simulation, installationId } = house;
    const holder = { kind: 'job' as const, id: randomUUID() };
    const labels = { ...holder, installationId, owner: 'owner' };
    await house.cloud.createBucket(labels);
    await house.cloud.createSignals(labels);
    let removed: Promise<void> | undefined;
    await house.cloud.removeSignals(holder, (sentence) => {
      if (sentence.startsWith('Removing')) removed ??= openGcpCloud(options).removeBucket(holder);
    });
    expect(removed).toBeDefined();
    await removed;
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });
});
