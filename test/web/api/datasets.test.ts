import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { customersCsv, jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;

beforeAll(async () => {
  yard = await openYard();
});
afterAll(() => yard.close());

const waiting = async () => (await readdir(join(yard.folder, 'uploads'))).filter((name) => !name.startsWith('.'));
const stored = () => yard.store.list('datasets/');

it('keeps an uploaded file with its Parquet and answers with its columns', async () => {
  const { body, status, headers } = await yard.api.upload('/datasets', customersCsv(), 'Kunden März.csv');
  expect(status).toBe(201);
  expect(headers.location).toBe(`/api/v1/datasets/${body.id}`);
  expect(body).toMatchObject({ name: 'Kunden März.csv', rows: 60, columnCount: 4, owner: 'ada' });
  expect(body.columns.map((column: { name: string; type: string }) => `${column.name}: ${column.type}`)).toEqual([
    'age: whole number',
    'plan: text',
    'spend: number',
    'churned: text',
  ]);
  expect(await stored()).toEqual([
    `datasets/${body.contentHash}/data.parquet`,
    `datasets/${body.contentHash}/original`,
  ]);
  const again = await yard.api.get(`/datasets/${body.id}`);
  expect(again.body).toEqual(body);
});

it('keeps the same file once, and the same file under another name as another dataset on the same bytes', async () => {
  const first = await uploadCustomers(yard, 'one.csv');
  expect(await uploadCustomers(yard, 'one.csv')).toBe(first);
  const before = await stored();
  expect(await uploadCustomers(yard, 'two.csv')).not.toBe(first);
  expect(await stored()).toEqual(before);
});

it.each([
  ['nothing at all', ''],
  ['a header only', 'a,b\n'],
  ['a NUL byte', 'a,b\n1,\u00002\n'],
  ['ragged rows', 'a,b\n1,2\n3,4,5\n'],
  ['a header twice', 'a,a\n1,2\n3,4\n'],
])('refuses %s with what to do, and keeps nothing of it', async (_what, text) => {
  const before = [await stored(), (await yard.api.get('/datasets')).body.total];
  const { body, status, headers } = await yard.api.upload('/datasets', text, 'bad.csv');
  expect(status).toBe(422);
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ title: 'The file cannot be used', status: 422, requestId: headers['x-request-id'] });
  expect(body.problems[0].field).toBe('file');
  expect(body.detail.length).toBeGreaterThan(10);
  expect([await stored(), (await yard.api.get('/datasets')).body.total]).toEqual(before);
  expect(await waiting()).toEqual([]);
});

it('refuses a file over the limit, no file, and a broken upload', async () => {
  const large = await yard.api.upload('/datasets', `a,b\n${'1,2\n'.repeat(300_000)}`);
  expect(large.status).toBe(413);
  expect(large.body.hint).toContain('TRAINYARD_UPLOAD_LIMIT_MB');
  const none = await yard.api.post('/datasets');
  expect(none.status).toBe(422);
  const broken = await yard.api
    .post('/datasets')
    .set('X-Trainyard', '1')
    .set('Content-Type', 'multipart/form-data; boundary=x')
    .send('--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b');
  expect(broken.status).toBe(400);
  expect(await waiting()).toEqual([]);
});

it('refuses new files while the disk is nearly full', async () => {
  yard.disk.free = 999;
  const { status, body } = await yard.api.upload('/datasets', customersCsv(), 'late.csv');
  yard.disk.free = 1e12;
  expect(status).toBe(507);
  expect(body.detail).toContain('TRAINYARD_LOW_DISK_MB');
});

it('lists by pages, searches by name and shows rows', async () => {
  const id = await uploadCustomers(yard, 'listed.csv');
  const found = await yard.api.get('/datasets?search=LISTED&limit=1');
  expect(found.body).toMatchObject({ total: 1, limit: 1, offset: 0, items: [{ id, name: 'listed.csv' }] });
  const rows = await yard.api.get(`/datasets/${id}/rows?limit=2&offset=1`);
  expect(rows.body.total).toBe(60);
  expect(rows.body.numbers).toEqual([2, 3]);
  expect(rows.body.columns[0]).toMatchObject({ name: 'age' });
  expect((await yard.api.get('/datasets?limit=0')).status).toBe(422);
  expect((await yard.api.get('/datasets?limitt=1')).body.problems[0].message).toContain('limitt');
});

it('guesses what to predict, and what kind of task a label asks for', async () => {
  const id = await uploadCustomers(yard, 'guessed.csv');
  const guess = async (query = '') => (await yard.api.get(`/datasets/${id}/guess${query}`)).body;
  expect(await guess()).toMatchObject({ label: 'churned', kind: 'binary', positiveClass: 'yes' });
  expect(await guess('?label=spend')).toMatchObject({ label: 'spend', kind: 'regression' });
  expect(await guess('?label=gone')).toMatchObject({ status: 422, detail: expect.stringContaining('“age”') });
});

it('adds each of the samples that come with Trainyard', async () => {
  const samples = (await yard.api.get('/samples')).body as {
    name: string;
    label: string;
    task: string;
    source: string;
  }[];
  expect(samples.length).toBeGreaterThanOrEqual(2);
  for (const { name, label, task, source } of samples) {
    expect(source).not.toBe('');
    const added = await yard.api.post(`/samples/${name}`);
    expect(added.status).toBe(201);
    const guess = await yard.api.get(`/datasets/${added.body.id}/guess?label=${label}`);
    expect([name, guess.body.kind]).toEqual([name, task]);
  }
  expect((await yard.api.post('/samples/none')).status).toBe(404);
});

it('removes a dataset, but not while an open job uses it; its bytes are left to reconcile', async () => {
  const text = customersCsv(44);
  const one = (await yard.api.upload('/datasets', text, 'remove-one.csv')).body;
  const two = (await yard.api.upload('/datasets', text, 'remove-two.csv')).body;
  const { body } = await yard.api.post('/jobs', jobRequest(one.id));
  const refused = await yard.api.delete(`/datasets/${one.id}`);
  expect(refused.status).toBe(409);
  expect(refused.body.detail).toContain('churn-spring');
  await yard.stores.jobs.enterPhase(body.job.id, 'releasing', 'Releasing.', 0);
  await yard.stores.jobs.close(body.job.id, { outcome: 'cancelled', reason: 'Cancelled.', nowMs: 1 });
  expect((await yard.api.delete(`/datasets/${one.id}`)).status).toBe(200);
  expect((await yard.api.get(`/datasets/${one.id}`)).status).toBe(404);
  expect(await yard.store.exists(`datasets/${one.contentHash}/data.parquet`)).toBe(true);
  expect((await yard.api.delete(`/datasets/${two.id}`)).body.goes[0]).toContain('remove-two.csv');
  expect(await yard.store.exists(`datasets/${one.contentHash}/data.parquet`)).toBe(true);
  expect(await yard.stores.datasets.holdsContent(one.contentHash)).toBe(false);
});

it('does not remove a dataset on which a job is accepted at the same moment', async () => {
  const { id } = (await yard.api.upload('/datasets', customersCsv(45), 'wanted.csv')).body;
  const { datasets } = yard.stores;
  const { removeUnused } = datasets;
  datasets.removeUnused = async (...given) => {
    expect((await yard.api.post('/jobs', jobRequest(id))).status).toBe(201);
    return removeUnused.apply(datasets, given);
  };
  const refused = await yard.api.delete(`/datasets/${id}`);
  datasets.removeUnused = removeUnused;
  expect(refused.status).toBe(409);
  expect((await yard.api.get(`/datasets/${id}`)).status).toBe(200);
});

it('accepts no job on a dataset that is removed at the same moment', async () => {
  const { id } = (await yard.api.upload('/datasets', customersCsv(46), 'unwanted.csv')).body;
  const { database, datasets } = yard.stores;
  const { transaction } = database;
  database.transaction = async (...given) => {
    database.transaction = transaction;
    await datasets.removeUnused('default', id, Date.now());
    return transaction.apply(database, given) as never;
  };
  const refused = await yard.api.post('/jobs', jobRequest(id));
  database.transaction = transaction;
  expect(refused.status).toBe(422);
  expect(JSON.stringify(refused.body)).toContain('This dataset has just been removed.');
});
