import { until } from '../../infra/waiting.ts';
import { describeSimulated } from './describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from './open-simulation-for-test.ts';
import { signIn } from './sign-in.ts';

describeSimulated('simulated storage', () => {
  let open: SimulationForTest;
  const bucket = {
    name: 'ty-j-one',
    labels: { a: 'b', c: 'd' },
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 7 } }] },
  };
  const make = (name = bucket.name) => open.ask('POST', '/storage/v1/b?project=trainyard-sim', { ...bucket, name });
  const put = (name: string, text: string, query = '', of = bucket.name) =>
    open.ask('POST', `/upload/storage/v1/b/${of}/o?uploadType=media&name=${encodeURIComponent(name)}${query}`, text);

  beforeAll(async () => {
    open = await openSimulationForTest();
    await make();
  });
  afterAll(() => open.close());

  test('keeps labels and lifecycle of a bucket, and changes them', async () => {
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one')).body).toMatchObject({ ...bucket, kind: 'storage#bucket' });
    const changed = await open.ask('PATCH', '/storage/v1/b/ty-j-one', { labels: { a: null, e: 'f' } });
    expect(changed.body).toMatchObject({ labels: { c: 'd', e: 'f' }, metageneration: '2' });
    expect(changed.body['labels']).not.toHaveProperty('a');
    expect((await make()).status).toBe(409);
    const listed = await open.ask('GET', '/storage/v1/b?project=trainyard-sim&prefix=ty-');
    expect(listed.body).toMatchObject({ items: [{ name: 'ty-j-one' }] });
  });

  test('writes an object only at the generation that was meant', async () => {
    const made = await put('spec.json', '{}', '&ifGenerationMatch=0');
    expect(made.status).toBe(200);
    expect((await put('spec.json', '[]', '&ifGenerationMatch=0')).status).toBe(412);
    const again = await put('spec.json', '[1]', `&ifGenerationMatch=${String(made.body['generation'])}`);
    expect(again.status).toBe(200);
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one/o/spec.json?alt=media')).body).toEqual([1]);
    // As Go's client reads, and so Terraform its state.
    expect((await open.ask('GET', '/ty-j-one/spec.json')).status).toBe(200);
  });

  const begin = async (of: string): Promise<string> => {
    const begun = await fetch(`${open.sim.endpoint}/upload/storage/v1/b/${of}/o?uploadType=resumable&name=big`, {
      method: 'POST',
      headers: { authorization: `Bearer ${open.ask.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'big' }),
    });
    return begun.headers.get('location') ?? '';
  };

  test('takes an upload in several parts', async () => {
    const session = await begin('ty-j-one');
    expect(session).toContain(open.sim.endpoint);
    const quarter = 256 * 1024;
    const first = await fetch(session, {
      method: 'PUT',
      headers: { 'content-range': `bytes 0-${quarter - 1}/*` },
      body: 'a'.repeat(quarter),
    });
    expect(first.status).toBe(308);
    const last = await fetch(session, {
      method: 'PUT',
      headers: { 'content-range': `bytes ${quarter}-${quarter + 2}/${quarter + 3}` },
      body: 'end',
    });
    expect(last.status).toBe(200);
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one/o/big')).body).toMatchObject({ size: String(quarter + 3) });
  });

  test('a put to a bucket that is gone brings nothing back', async () => {
    await make('ty-j-gone');
    expect((await put('x', 'x', '', 'ty-j-gone')).status).toBe(200);
    expect((await open.ask('DELETE', '/storage/v1/b/ty-j-gone')).status).toBe(409);
    expect((await open.ask('DELETE', '/storage/v1/b/ty-j-gone/o/x')).status).toBe(204);
    const session = await begin('ty-j-gone');
    expect((await open.ask('DELETE', '/storage/v1/b/ty-j-gone')).status).toBe(204);
    expect((await put('x', 'x', '', 'ty-j-gone')).status).toBe(404);
    expect((await fetch(session, { method: 'PUT', body: 'x' })).status).toBe(404);
    expect((await open.ask('GET', '/storage/v1/b/ty-j-gone')).status).toBe(404);
    expect((await open.sim.leftOvers()).map(({ name }) => name)).not.toContain('ty-j-gone');
  });

  test('knows nobody without a token', async () => {
    const response = await fetch(`${open.sim.endpoint}/storage/v1/b/ty-j-one`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
  });

  test('hands in errors, late answers and lost ones, each as often as it is told', async () => {
    const look = () =>
      open.ask('GET', '/storage/v1/b/ty-j-one').then(
        ({ status }) => status,
        () => 'hung up',
      );
    await open.sim.admin.error({ path: '^/storage/v1/b/', status: 503, times: 2 });
    await open.sim.admin.error({ path: '^/storage/v1/b/', status: 500, hangUp: true });
    expect([await look(), await look(), await look(), await look()]).toEqual([503, 503, 'hung up', 200]);
    await open.sim.admin.error({ method: 'POST', path: '/b$', status: 503, after: true });
    expect((await make('ty-j-made-all-the-same')).status).toBe(503);
    expect((await make('ty-j-made-all-the-same')).status).toBe(409);
    await open.sim.admin.error({ method: 'POST', path: '^/upload/', status: 500, after: true });
    expect((await put('written', '1')).status).toBe(500);
    expect((await put('written', '1', '&ifGenerationMatch=0')).status).toBe(412);
    await open.sim.admin.delay({ path: '^/storage/', ms: 300 });
    const beganMs = performance.now();
    await look();
    expect(performance.now() - beganMs).toBeGreaterThan(290);
  });

  test('removes what is older than the bucket lets it be', async () => {
    await put('old', 'x');
    await open.sim.admin.clock({ jumpMs: 8 * 86_400_000 });
    await put('young', 'x');
    const look = async (name: string) => (await open.ask('GET', `/storage/v1/b/ty-j-one/o/${name}`)).status;
    await until('it is gone', async () => (await look('old')) === 404);
    expect(await look('young')).toBe(200);
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one')).status).toBe(200);
  });

  test('outlives a kill', async () => {
    await put('kept', '"kept"');
    await open.sim.restart();
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one/o/kept?alt=media')).body).toBe('kept');
    expect((await open.ask('GET', '/storage/v1/b/ty-j-one')).body).toMatchObject({ labels: { c: 'd' } });
    expect((await (await signIn(open.sim.endpoint, open.sim.keyFile))('GET', '/storage/v1/b/ty-j-one')).status).toBe(
      200,
    );
  });
});
