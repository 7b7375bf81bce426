import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { bucketNameOf, type AttemptRef } from '../../../domain/ids.ts';
import type { Cloud } from '../../../infra/cloud.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import { folderStore } from '../../../infra/local/folder-store.ts';
import { ownTrainerFolder } from '../../../infra/trainer-image.ts';
import { describeSimulated } from '../../cloud-sim/gcp/describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from '../../cloud-sim/gcp/open-simulation-for-test.ts';
import { readUntil } from '../waiting.ts';

/** What cannot be delivered is set aside where it can be seen, and nothing is driven there by who only passes it on. */
describeSimulated('messages of a machine that nobody takes', () => {
  let open: SimulationForTest;
  let folder: string;
  let house: Cloud;
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  const base = '/v1/projects/trainyard-sim';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-dead-'));
    open = await openSimulationForTest();
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = open.sim.keyFile;
    const { endpoint, pubsubEndpoint, project } = open.sim;
    house = openGcpCloud({
      ...{ project, endpoint, pubsubEndpoint, zones: ['us-central1-a'], network: 'default', subnetwork: '' },
      ...{ publicAddress: true, image: '', machineTypes: [], places: 1, installationId: 'home', host: 'test' },
      ...{
        terraform: 'none',
        terraformAtOnce: 1,
        providerMirror: '',
        dataFolder: folder,
        cacheFolder: folder,
        heartbeatSeconds: 1,
      },
      ...{ logCapBytes: 1_000_000, trainerHash: '', trainerFolder: ownTrainerFolder },
      store: folderStore(join(folder, 'store')),
    });
  });
  afterAll(async () => {
    await open.close();
    await rm(folder, { recursive: true });
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
  });

  /** The signals as the stack makes them, and given up sooner. */
  async function signals(): Promise<AttemptRef> {
    const ref = { kind: 'job' as const, id: randomUUID(), attempt: 1 };
    const name = bucketNameOf(ref);
    await house.createBucket({ ...ref, installationId: 'home', owner: 'owner' });
    const topic = (end: string) => `projects/trainyard-sim/topics/${name}${end}`;
    for (const end of ['-dead', '']) await open.ask('PUT', `${base}/topics/${name}${end}`, {});
    await open.ask('PUT', `${base}/subscriptions/${name}-dead`, { topic: topic('-dead') });
    const deadLetterPolicy = { deadLetterTopic: topic('-dead'), maxDeliveryAttempts: 5 };
    await open.ask('PUT', `${base}/subscriptions/${name}`, {
      ...{ topic: topic(''), enableMessageOrdering: true, deadLetterPolicy, ackDeadlineSeconds: 60 },
      retryPolicy: { minimumBackoff: '0s', maximumBackoff: '0.1s' },
    });
    return ref;
  }

  async function publish({ attempt, ...holder }: AttemptRef, seq: number, end = ''): Promise<void> {
    const event = { seq, atMs: Date.now(), type: 'log', stream: 'out', text: `line ${seq}` };
    const json = Buffer.from(JSON.stringify(event));
    const record = Buffer.concat([
      Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} `),
      json,
      Buffer.from('\n'),
    ]);
    const attributes = { attempt: String(attempt), first: String(seq), last: String(seq) };
    const message = { data: record.toString('base64'), attributes, orderingKey: `attempt-${attempt}` };
    const { status } = await open.ask('POST', `${base}/topics/${bucketNameOf(holder)}${end}:publish`, {
      messages: [message],
    });
    expect(status).toBe(200);
  }

  test('are told by what they held, each attempt its own, and stay to be told again', async () => {
    const ref = await signals();
    expect(await house.deadLetters?.(ref)).toEqual([]);
    await publish(ref, 7, '-dead');
    await publish(ref, 3, '-dead');
    await publish({ ...ref, attempt: 2 }, 1, '-dead');
    expect(await house.deadLetters?.(ref)).toEqual([
      { firstSeq: 3, lastSeq: 3 },
      { firstSeq: 7, lastSeq: 7 },
    ]);
  });

  test('are none where there is no such subscription, as of a job of before', async () => {
    expect(await house.deadLetters?.({ kind: 'job', id: randomUUID(), attempt: 1 })).toEqual([]);
  });

  test('are not those of the next machine, while the last words of the one before are taken in', async () => {
    const ref = await signals();
    const next = { ...ref, attempt: 2 };
    await publish(ref, 1);
    await publish(next, 1);
    const enough = new AbortController();
    const drained: number[] = [];
    const draining = (async () => {
      for await (const { events } of house.readSignals(ref, 0, enough.signal))
        drained.push(...events.map(({ seq }) => seq));
    })();
    await wait(3000);
    enough.abort();
    await draining;
    expect(drained).toEqual([1]);
    expect(await house.deadLetters?.(next)).toEqual([]);
    const taken = await readUntil(house, next, 0, (events) => events.length > 0);
    expect(taken.map(({ seq }) => seq)).toEqual([1]);
  }, 30_000);
});
