import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Labels } from '../../../infra/cloud.ts';
import type { GcpBuckets } from '../../../infra/gcp/buckets.ts';
import { belowHouse, type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(60_000);
/** Above the size at which an upload is one that can be gone on with. */
const bytes = 20 * 1024 * 1024;

suite('what is too large for one request', () => {
  let house: GcpHouse;
  let buckets: GcpBuckets;
  let folder: string;
  let labels: Labels;
  beforeAll(async () => {
    house = await openGcpHouse();
    ({ buckets } = belowHouse(house));
    folder = await mkdtemp(join(tmpdir(), 'trainyard-large-'));
    labels = { kind: 'job', id: randomUUID(), installationId: house.installationId, owner: 'owner' };
    await buckets.create(labels);
  });
  afterAll(async () => {
    await house.close();
    await rm(folder, { recursive: true });
  });

  test('a file arrives as it was, and comes back as it was', async () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, randomBytes(bytes));
    await buckets.putFile(labels, 'input/data.parquet', from);
    expect(await buckets.getFile(labels, 'input/data.parquet', to)).toBe(true);
    expect((await readFile(to)).equals(await readFile(from))).toBe(true);
  });

  test('takes nobody’s patience away: what Google refuses once is asked again', async () => {
    await house.simulation.admin.error({ method: 'GET', path: '/storage/v1/b/[^/]+/o$', status: 503 });
    expect(await buckets.list(labels, 'input/')).toEqual(['input/data.parquet']);
  });

  test('a text too', async () => {
    const text = 'ü'.repeat(bytes / 2);
    await buckets.putText(labels, 'input/text.txt', text);
    expect(await buckets.getText(labels, 'input/text.txt')).toBe(text);
  });
});
