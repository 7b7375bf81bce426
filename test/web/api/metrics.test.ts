import request from 'supertest';
import { openAttempt } from '../../db/made-rows.ts';
import { jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await openYard();
});
afterAll(() => yard.close());

async function numbers(): Promise<(name: string) => number | undefined> {
  const { status, text, headers } = await request(yard.app).get('/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('text/plain; version=0.0.4');
  const values = new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
  return (name) => values.get(name);
}

it('counts work by phase, places, and how long answers took', async () => {
  const before = await numbers();
  expect(before('trainyard_work{kind="job",phase="queued"}')).toBe(0);
  expect([before('trainyard_places'), before('trainyard_places_taken')]).toEqual([1, 0]);
  expect(before('trainyard_relay_lag_seconds')).toBe(0);
  const { body } = await yard.api.post('/jobs', jobRequest(await uploadCustomers(yard)));
  const { id } = body.job;
  const holder = { kind: 'job', id } as const;
  const { places, resources, attempts } = yard.stores;
  await places.ask({ holder, workspaceId: 'default', cloud: 'local', nowMs: 1 });
  const waits = await numbers();
  expect(waits('trainyard_work{kind="job",phase="queued"}')).toBe(1);
  expect([waits('trainyard_places_taken'), waits('trainyard_places_waited_for')]).toEqual([0, 1]);
  await places.claim(holder, 1, 2);
  const ref = { ...holder, attempt: 1 };
  await openAttempt(yard.stores, ref);
  const machine = { holder, kind: 'machine', attempt: 1 } as const;
  await resources.intend({ ...machine, name: 'm', cloud: 'local', pricePerHourMicros: 0, nowMs: 1 });
  await resources.created(machine, { startedAtMs: 1 });
  await attempts.heard(ref, { atMs: Date.now() - 30_000, hello: null, heartbeat: null });
  const works = await numbers();
  expect([works('trainyard_places_taken'), works('trainyard_places_waited_for')]).toEqual([1, 0]);
  expect(works('trainyard_relay_lag_seconds')).toBeGreaterThanOrEqual(30);
  expect(works('trainyard_relay_lag_seconds')).toBeLessThan(60);
  await yard.api.get(`/jobs/${id}`);
  const asked = await numbers();
  expect(asked('trainyard_request_seconds_count{method="GET",route="/api/v1/jobs/:id",status="200"}')).toBe(1);
});

it('answers to no foreign name', async () => {
  expect((await request(yard.app).get('/metrics').set('Host', 'foreign.example')).status).toBe(421);
});
