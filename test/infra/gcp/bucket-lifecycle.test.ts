import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { bucketNameOf } from '../../../domain/ids.ts';
import type { Labels } from '../../../infra/cloud.ts';
import type { GcpBuckets } from '../../../infra/gcp/buckets.ts';
import type { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { until } from '../waiting.ts';
import { belowHouse, type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(60_000);
const dayMs = 86_400_000;

suite('the rule by which a bucket empties itself, if nobody does', () => {
  let house: GcpHouse;
  let api: GoogleApi;
  let buckets: GcpBuckets;
  beforeAll(async () => {
    house = await openGcpHouse();
    ({ api, buckets } = belowHouse(house));
  });
  afterAll(() => house.close());

  const made = async (): Promise<Labels> => {
    const labels: Labels = { kind: 'job', id: randomUUID(), installationId: house.installationId, owner: 'owner' };
    await buckets.create(labels);
    return labels;
  };
  const rulesOf = async (labels: Labels): Promise<unknown> => {
    type Bucket = { lifecycle?: { rule?: unknown } };
    return (await api.get<Bucket>('storage', `b/${bucketNameOf(labels)}`))?.lifecycle?.rule;
  };
  const deletedAfter = (age: number) => [{ action: { type: 'Delete' }, condition: { age } }];

  test('stands from the first moment, and leaves two weeks', async () => {
    expect(await rulesOf(await made())).toEqual(deletedAfter(14));
  });

  test('leaves a week after the end of a machine that works for long', async () => {
    const beforeMs = Date.now();
    const labels = await made();
    await buckets.outlive(labels, beforeMs + 3 * dayMs);
    expect(await rulesOf(labels)).toEqual(deletedAfter(14));
    await buckets.outlive(labels, beforeMs + 30 * dayMs);
    expect(await rulesOf(labels)).toEqual(deletedAfter(37));
  });

  test('counts from when the bucket was made: what was laid there for the first machine, a late one needs too', async () => {
    const { nowMs } = await house.simulation.admin.clock({ jumpMs: 20 * dayMs });
    const labels = await made();
    await buckets.outlive(labels, nowMs + 30 * dayMs);
    expect(await rulesOf(labels)).toEqual(deletedAfter(37));
  });

  test('takes away what lies there, and not a day before', async () => {
    const labels = await made();
    await buckets.putText(labels, 'input/data.csv', 'x\n1\n');
    await house.simulation.admin.clock({ jumpMs: 13 * dayMs });
    expect(await buckets.list(labels, '')).toEqual(['input/data.csv']);
    await house.simulation.admin.clock({ jumpMs: 2 * dayMs });
    await until('it is gone by itself', async () => (await buckets.list(labels, '')).length === 0, 20_000);
  });
});
