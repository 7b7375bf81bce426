import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { finishJob } from './finish-job.ts';
import { customersCsv, jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;
let datasetId: string;

beforeAll(async () => {
  yard = await openYard();
  datasetId = await uploadCustomers(yard);
});
afterAll(() => yard.close());

async function trained(options: { model?: boolean } = {}): Promise<{ id: string; archive: Buffer }> {
  const { body } = await yard.api.post('/jobs', jobRequest(datasetId));
  return { id: body.job.id, archive: await finishJob(yard, body.job.id, options) };
}

it('sends the archive whole, by parts, and not again when nothing has changed', async () => {
  const { id, archive } = await trained();
  const whole = await yard.api.get(`/jobs/${id}/model`).buffer().parse(bytes);
  expect(whole.status).toBe(200);
  expect(whole.headers).toMatchObject({
    'content-type': 'application/zip',
    'content-length': String(archive.length),
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment; filename=churn-spring.zip',
  });
  expect(archive.equals(whole.body as Buffer)).toBe(true);
  const { etag } = whole.headers;
  const part = await yard.api.get(`/models/${id}/archive`).set('Range', 'bytes=10-19').buffer().parse(bytes);
  expect(part.status).toBe(206);
  expect(part.headers['content-range']).toBe(`bytes 10-19/${archive.length}`);
  expect((part.body as Buffer).equals(archive.subarray(10, 20))).toBe(true);
  const changed = await yard.api
    .get(`/jobs/${id}/model`)
    .set('Range', 'bytes=10-19')
    .set('If-Range', '"old"')
    .buffer()
    .parse(bytes);
  expect(changed.status).toBe(200);
  expect((await yard.api.get(`/jobs/${id}/model`).set('If-None-Match', String(etag))).status).toBe(304);
  expect((await yard.api.get(`/jobs/${id}/model`).set('Range', `bytes=${archive.length}-`)).status).toBe(416);
  const head = await request(yard.app).head(`/api/v1/jobs/${id}/model`);
  expect([head.status, head.headers['content-length']]).toEqual([200, String(archive.length)]);
});

it('sends the report as JSON, and as a page that can run nothing', async () => {
  const { id } = await trained();
  expect((await yard.api.get(`/jobs/${id}/report`)).body).toEqual({ version: 1, engine: 'sklearn' });
  const page = await yard.api.get(`/jobs/${id}/report?format=html`);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-disposition']).toBeUndefined();
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; style-src 'unsafe-inline'");
  expect(page.headers['content-security-policy']).toContain('sandbox');
  expect(page.text).toContain('<p>Good.');
});

it('says why there is no model', async () => {
  const { body } = await yard.api.post('/jobs', jobRequest(datasetId));
  const early = await yard.api.get(`/jobs/${body.job.id}/model`);
  expect([early.status, early.body.hint]).toEqual([404, 'It is there when the job is done.']);
  const { id } = await trained({ model: false });
  expect((await yard.api.get(`/jobs/${id}/model`)).body.hint).toBe('The label has one value.');
});

it('lists models and shows one with what it needs', async () => {
  const { id } = await trained();
  const list = await yard.api.get('/models?search=churn&limit=1');
  expect(list.body).toMatchObject({ limit: 1, items: [{ engine: 'sklearn', metric: 'roc_auc', testScore: 0.93 }] });
  const { body } = await yard.api.get(`/models/${id}`);
  expect(body.inputSchema).toHaveLength(4);
  expect(body.signature).toEqual({ keyId: 'k' });
});

it('predicts a new file, kept as a dataset, on a machine like the one that trained', async () => {
  const { id } = await trained();
  const { status, body, headers } = await yard.api.upload(`/jobs/${id}/predict`, customersCsv(30), 'new.csv');
  expect(status).toBe(202);
  expect(headers.location).toBe(`/api/v1/predictions/${body.prediction.id}`);
  expect(yard.work.started.get(`prediction-${body.prediction.id}`)).toMatchObject({ modelId: id, engine: 'sklearn' });
  const shown = await yard.api.get(`/predictions/${body.prediction.id}`);
  expect(shown.body).toMatchObject({
    modelName: 'churn-spring',
    datasetName: 'new.csv',
    phase: 'queued',
    preview: null,
  });
  expect((await yard.api.get(`/predictions?modelId=${id}`)).body).toMatchObject({ total: 1 });
  expect((await yard.api.get(`/predictions/${body.prediction.id}/output`)).status).toBe(409);
});

it('refuses data that lacks a column of the model, names it, and keeps nothing', async () => {
  const { id } = await trained();
  const before = (await yard.api.get('/datasets')).body.total;
  const { status, body } = await yard.api.upload(`/models/${id}/predict`, 'age,spend\n30,4\n40,5\n', 'short.csv');
  expect(status).toBe(422);
  expect(body.problems).toEqual([{ field: 'file', message: expect.stringContaining('“plan”') }]);
  expect(body.detail).toMatch(/^file: The data lacks the column “plan”/);
  expect((await yard.api.get('/datasets')).body.total).toBe(before);
  const both = await yard.api.post('/predictions', { modelId: id, datasetId: randomUUID() });
  expect(both.body.problems[0].field).toBe('datasetId');
  expect((await yard.api.upload(`/models/${randomUUID()}/predict`, customersCsv())).status).toBe(404);
});

it('names the first of many columns that data lacks, and counts the rest', async () => {
  const { id } = await trained();
  const schema = Array.from({ length: 28 }, (_, index) => ({ name: `c${index}`, sqlType: 'BIGINT', role: 'feature' }));
  await yard.stores.database.run(undefined, (db) =>
    db('models')
      .where('id', id)
      .update({ input_schema_json: JSON.stringify(schema) }),
  );
  const { body } = await yard.api.upload(`/models/${id}/predict`, 'age,spend\n30,4\n40,5\n', 'other.csv');
  expect(body.problems[0].message).toContain(
    'lacks the columns “c0” (whole number), “c1” (whole number), “c2” (whole number), “c3” (whole number), “c4” (whole number) and 23 more, which',
  );
});

it('accepts a prediction once for an id', async () => {
  const { id: modelId } = await trained();
  const id = randomUUID();
  const send = (data: string) => yard.api.post(`/models/${modelId}/predict`, { id, datasetId: data });
  const [one, two] = await Promise.all([send(datasetId), send(datasetId)]);
  expect([one.body.prediction.id, two.body.prediction.id]).toEqual([id, id]);
  const other = await uploadCustomers(yard, 'other.csv');
  expect((await send(other)).status).toBe(409);
  expect((await yard.api.get(`/predictions?modelId=${modelId}`)).body.total).toBe(1);
});

it('sends predictions as CSV, JSON and Parquet', async () => {
  const { id: modelId } = await trained();
  const { body } = await yard.api.post(`/models/${modelId}/predict`, { datasetId });
  const { id } = body.prediction;
  const dataset = await yard.stores.datasets.find(datasetId);
  const parquet = yard.store.path?.(`datasets/${dataset?.content_hash}/data.parquet`) ?? '';
  await yard.store.put(`predictions/${id}/predictions.parquet`, parquet);
  await yard.store.putText(`predictions/${id}/predictions.csv`, customersCsv());
  await yard.stores.predictions.setOutput(id, {
    rowCount: 60,
    outputHash: 'abc',
    previewJson: '{"columns":[],"rows":[]}',
  });
  const csv = await yard.api.get(`/predictions/${id}/output`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.headers['content-disposition']).toContain('churn-spring predictions.csv');
  expect(csv.text).toBe(customersCsv());
  const json = await yard.api.get(`/predictions/${id}/output?format=json`);
  expect(json.body).toHaveLength(60);
  expect(json.body[0]).toMatchObject({ age: 20, plan: 'basic' });
  const raw = await yard.api.get(`/predictions/${id}/output?format=parquet`).buffer().parse(bytes);
  expect((raw.body as Buffer).subarray(0, 4).toString()).toBe('PAR1');
  expect((await yard.api.get(`/predictions/${id}/output?format=xls`)).status).toBe(422);
  expect((await yard.api.get(`/predictions/${id}`)).body.preview).toEqual({ columns: [], rows: [] });
  await yard.stores.predictions.forgetOutput(id);
  const retired = await yard.api.get(`/predictions/${id}/output`);
  expect(retired.status).toBe(404);
  expect(JSON.stringify(retired.body)).toContain('It was kept for the time that the settings say.');
});

it('removes a job with its model, and its log only when told', async () => {
  const { id } = await trained();
  const { body, status } = await yard.api.delete(`/jobs/${id}`);
  expect(status).toBe(200);
  expect(body.goes.join()).toContain('the model “churn-spring”');
  expect(body.stays.join()).toContain('its log');
  expect(await yard.store.list(`models/${id}/`)).toEqual([]);
  expect((await yard.api.get(`/jobs/${id}`)).status).toBe(404);
  expect((await yard.stores.log.stats({ kind: 'job', id })).lines).toBe(3);
  const { id: other } = await trained();
  expect((await yard.api.delete(`/jobs/${other}?withLog=true`)).body.goes.join()).toContain('its log');
  expect((await yard.stores.log.stats({ kind: 'job', id: other })).lines).toBe(0);
});

it('refuses to remove what is open or in use, and says by what', async () => {
  const open = await yard.api.post('/jobs', jobRequest(datasetId));
  expect((await yard.api.delete(`/jobs/${open.body.job.id}`)).status).toBe(409);
  const { id } = await trained();
  const { body } = await yard.api.post(`/models/${id}/predict`, { datasetId });
  for (const path of [`/jobs/${id}`, `/models/${id}`]) {
    const refused = await yard.api.delete(path);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('the prediction')]);
  }
  expect((await yard.api.delete(`/predictions/${body.prediction.id}`)).status).toBe(409);
  await yard.stores.predictions.enterPhase(body.prediction.id, 'releasing', 'Releasing.', 0);
  await yard.stores.predictions.close(body.prediction.id, { outcome: 'cancelled', reason: 'Cancelled.', nowMs: 1 });
  expect((await yard.api.delete(`/predictions/${body.prediction.id}`)).status).toBe(200);
  expect((await yard.api.delete(`/models/${id}`)).status).toBe(200);
  expect((await yard.api.get(`/jobs/${id}/model`)).body.hint).toBe('It was removed.');
});

it('sends the log whole, in parts, and searched', async () => {
  const { id } = await trained();
  const raw = await yard.api.get(`/jobs/${id}/log`);
  expect(raw.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(raw.text.trimEnd().split('\n')).toHaveLength(3);
  const numbers = async (query: string) => {
    const { body } = await yard.api.get(`/jobs/${id}/log?${query}`);
    return [body.lines.map(({ line }: { line: number }) => line), body.total];
  };
  expect(await numbers('tail=2')).toEqual([[2, 3], 3]);
  expect(await numbers('from=1&limit=2')).toEqual([[1, 2], 3]);
  expect(await numbers('before=3&limit=1')).toEqual([[2], 3]);
  expect(await numbers('search=WARN')).toEqual([[2], 1]);
  expect((await yard.api.get(`/jobs/${id}/log?from=0`)).status).toBe(422);
});

function bytes(response: request.Response, done: (error: Error | null, body: unknown) => void): void {
  const pieces: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (piece: Buffer) => pieces.push(Buffer.from(piece)));
  stream.on('end', () => done(null, Buffer.concat(pieces)));
}
