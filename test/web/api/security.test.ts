import request from 'supertest';
import { customersCsv, jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;

beforeAll(async () => {
  yard = await openYard();
});
afterAll(() => yard.close());

const post = (path: string) => request(yard.app).post(path);

it.each(['evil.example', 'evil.example:8700', '127.0.0.1.evil.example', 'localhost.evil.example:80', '[::2]:8700'])(
  'answers to no name but its own: %s',
  async (host) => {
    const { status, body } = await request(yard.app).get('/api/v1/jobs').set('Host', host);
    expect(status).toBe(421);
    expect(body.hint).toContain('TRAINYARD_ALLOWED_HOSTS');
  },
);

it.each(['127.0.0.1:8700', 'localhost:1234', '[::1]:8700', 'LOCALHOST', 'yard.example', 'yard.example:443'])(
  'answers to %s',
  async (host) => {
    expect((await request(yard.app).get('/healthz').set('Host', host)).status).toBe(200);
  },
);

it.each([
  ['another site', { Origin: 'https://evil.example' }],
  ['another port of this machine', { Origin: 'http://127.0.0.1:9999' }],
  ['a sandboxed page', { Origin: 'null' }],
  ['no origin but another site by the browser’s own word', { 'Sec-Fetch-Site': 'cross-site' }],
  ['no origin but another port by the browser’s own word', { 'Sec-Fetch-Site': 'same-site' }],
])('carries out nothing for %s', async (_who, headers) => {
  const before = (await yard.api.get('/datasets')).body.total;
  const sent = post('/api/v1/samples/diabetes').set({ Host: '127.0.0.1:8700', 'X-Trainyard': '1', ...headers });
  expect((await sent).status).toBe(403);
  expect((await yard.api.get('/datasets')).body.total).toBe(before);
});

it('takes requests of its own pages, and of programs', async () => {
  const own = { Host: '127.0.0.1:8700', Origin: 'http://127.0.0.1:8700', 'Sec-Fetch-Site': 'same-origin' };
  expect((await post('/api/v1/samples/diabetes').set(own).set('X-Trainyard', '1')).status).toBe(201);
  expect((await post('/api/v1/samples/diabetes').set('X-Trainyard', '1')).status).toBe(201);
});

it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', ''])(
  'takes no request that a form could send: “%s”',
  async (type) => {
    const sent = post('/api/v1/samples/diabetes');
    if (type !== '') void sent.set('Content-Type', type);
    const { status, body } = await sent.send(type === '' ? undefined : 'x=1');
    expect(status).toBe(403);
    expect(body.hint).toContain('X-Trainyard');
  },
);

it('lets nobody else read: no answer allows another origin, and no preflight is answered with yes', async () => {
  const preflight = await request(yard.app)
    .options('/api/v1/jobs')
    .set({ Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' });
  expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  const read = await request(yard.app).get('/api/v1/jobs').set('Origin', 'https://evil.example');
  expect(read.headers['access-control-allow-origin']).toBeUndefined();
  expect(read.headers['cross-origin-resource-policy']).toBe('same-origin');
});

it('sets the headers that keep pages to themselves', async () => {
  const { headers } = await request(yard.app).get('/healthz');
  expect(headers['content-security-policy']).toBe(
    "default-src 'self';img-src 'self' data:;object-src 'none';base-uri 'none';form-action 'self';frame-ancestors 'self'",
  );
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['x-powered-by']).toBeUndefined();
  expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});

it('answers known paths with 405 and Allow, unknown ones with 404, HEAD without a body', async () => {
  const wrong = await request(yard.app).put('/api/v1/jobs').send({});
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
  expect((await request(yard.app).get('/api/v1/nothing')).status).toBe(404);
  expect((await request(yard.app).get('/api/v2/jobs')).headers['content-type']).toMatch(/problem\+json/);
  const head = await request(yard.app).head('/api/v1/jobs');
  expect([head.status, head.text]).toEqual([200, undefined]);
});

it('refuses what is no JSON, too large, or not an object', async () => {
  const send = (body: string) => post('/api/v1/jobs').set('Content-Type', 'application/json').send(body);
  expect((await send('{"name":')).body).toMatchObject({ status: 400, title: 'Not JSON' });
  expect((await send(JSON.stringify({ name: 'x'.repeat(1_100_000) }))).status).toBe(413);
  expect((await send('"text"')).status).toBe(400);
  expect((await send('[]')).status).toBe(422);
});

it('keeps one that asks without end from the others', async () => {
  const strict = await openYard({ requestsPerMinute: { reads: 3, writes: 1 } });
  try {
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await strict.api.get('/jobs')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const last = await strict.api.get('/jobs');
    expect(last.headers['retry-after']).toBeDefined();
    expect((await request(strict.app).get('/healthz')).status).toBe(200);
  } finally {
    await strict.close();
  }
});

it('hides what went wrong inside, and gives the id to find it by', async () => {
  const broken = await openYard();
  await broken.stores.database.close();
  const { status, body } = await broken.api.get('/jobs');
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toMatch(/knex|sqlite|select|acquire/i);
  expect(body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  const ready = await request(broken.app).get('/readyz');
  expect(ready.status).toBe(503);
  await broken.close();
});

it('is ready when database, Temporal and disk are', async () => {
  const ready = async () => {
    const { status, body } = await request(yard.app).get('/readyz');
    return [status, body.checks.filter(({ ok }: { ok: boolean }) => !ok).map(({ name }: { name: string }) => name)];
  };
  expect(await ready()).toEqual([200, []]);
  yard.work.away = true;
  expect(await ready()).toEqual([503, ['temporal']]);
  yard.work.away = false;
  yard.disk.free = 1;
  expect(await ready()).toEqual([503, ['disk']]);
  yard.disk.free = 1e12;
  expect((await request(yard.app).get('/healthz')).status).toBe(200);
});

it('takes a file name and a job name for the text that they are', async () => {
  const { body } = await yard.api.upload('/datasets', customersCsv(31), '..\\..\\etc\\pass<b>wd.csv');
  expect(body.name).toBe('pass<b>wd.csv');
  const id = await uploadCustomers(yard, 'fine.csv');
  const accepted = await yard.api.post('/jobs', jobRequest(id, { name: '../x"\r\nSet-Cookie: a=b' }));
  const log = await yard.api.get(`/jobs/${accepted.body.job.id}/log`);
  expect(log.headers['set-cookie']).toBeUndefined();
  expect(log.headers['content-disposition']).toBe('attachment; filename="x-Set-Cookie- a-b.log"');
});
