import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { keptPredictionSpec } from '../../../domain/prediction-spec.ts';
import { dollars } from '../../../domain/money.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { openPageApp, type PageApp } from '../page-app.ts';
import { seedStories, type Stories } from '../seed-stories.ts';
import { fieldsOf, formSession } from './form-session.ts';

/** A prediction runs on a machine like the one that trained its model: where that is billed, nothing is spent without a cap. */

const gcp = new SimulatedCloud({
  script: () => async () => {},
  name: 'gcp',
  usual: { name: 'big', title: 'Big', pricePerHourMicros: dollars(2) },
});

let pages: PageApp;
let stories: Stories;
let session: ReturnType<typeof formSession>;
let page: string;
let datasetId: string;

beforeAll(async () => {
  pages = await openPageApp({ clouds: [gcp] });
  stories = await seedStories(pages.seed);
  session = formSession(pages.app);
  page = `/models/${stories.model}/predict`;
  const { text } = await session.get(page);
  datasetId = fieldsOf(text, page)['datasetId'] as string;
});
afterAll(() => pages.close());

/** As if the model had been trained there. */
async function trainedOn(machine: { cloud: string; type: string }): Promise<void> {
  const { database } = pages.stores;
  const model = await pages.stores.models.find(stories.model);
  const job = await pages.stores.jobs.find(model?.job_id ?? '');
  const spec = { ...JSON.parse(job?.spec_json ?? '{}'), machine: { ...machine, spot: false } };
  await database.run(undefined, (db) =>
    db('jobs')
      .where('jobs.id', model?.job_id)
      .update({ spec_json: JSON.stringify(spec) }),
  );
}

const ask = (limits?: { budgetMicros: number | null }) =>
  request(pages.app)
    .post('/api/v1/predictions')
    .send({ id: randomUUID(), modelId: stories.model, datasetId, ...(limits && { limits }) });

test('a machine that costs nothing asks for no cap, and shows no field for one', async () => {
  expect(fieldsOf((await session.get(page)).text, page)).not.toHaveProperty('budget');
  expect((await ask()).status).toBe(202);
});

test('on a billed machine it is refused without a cap, and kept with one', async () => {
  await trainedOn({ cloud: 'gcp', type: 'big' });
  const refused = await ask();
  // An hour, and three times 120 + 120 + 600 + 120 s, at $2.00 an hour.
  const message =
    'A prediction on a machine that is billed needs a cap. At worst this one costs $3.60; $3.60 covers all of it.';
  expect([refused.status, refused.body.problems]).toEqual([422, [{ field: 'limits.budgetMicros', message }]]);
  const taken = await ask({ budgetMicros: dollars(1.5) });
  expect(taken.status).toBe(202);
  const row = await pages.stores.predictions.find(taken.body.prediction.id);
  expect(keptPredictionSpec(row?.spec_json ?? '').limits.budgetMicros).toBe(dollars(1.5));
  expect(Number(row?.worst_micros)).toBe(dollars(1.5));
  const { text } = await session.get(`/predictions/${taken.body.prediction.id}`);
  expect(text).toContain('of a $1.50 cap');
});

test('a cap of nothing is refused, as fields of a file too', async () => {
  const given = await ask({ budgetMicros: 0 });
  expect([given.status, given.body.problems]).toEqual([
    422,
    [{ field: 'limits.budgetMicros', message: 'The cap is an amount above $0. Leave it out for no limit.' }],
  ]);
  const sent = await request(pages.app)
    .post(`/api/v1/models/${stories.model}/predict`)
    .set('X-Trainyard', '1')
    .field('budgetMicros', '0')
    .attach('file', Buffer.from('x\n1\n'), 'more.csv');
  expect([sent.status, sent.body.problems]).toMatchObject([422, [{ field: 'budgetMicros' }]]);
});

test('the same id with another cap is another request', async () => {
  await trainedOn({ cloud: 'gcp', type: 'big' });
  const id = randomUUID();
  const send = (budgetMicros: number) =>
    request(pages.app)
      .post('/api/v1/predictions')
      .send({ id, modelId: stories.model, datasetId, limits: { budgetMicros } });
  expect((await send(dollars(1))).status).toBe(202);
  expect((await send(dollars(1))).status).toBe(202);
  expect((await send(dollars(2))).status).toBe(409);
});

test('both forms show the worst case and a cap that covers it; without one they come back', async () => {
  await trainedOn({ cloud: 'gcp', type: 'big' });
  const { text } = await session.get(page);
  for (const action of [page, `${page}/upload`]) expect(fieldsOf(text, action)).toMatchObject({ budget: '3.6' });
  expect(text).toContain('At most $3.60; usually much less.');
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.length).toBe(new Set(ids).size);
  const form = fieldsOf(text, page);
  for (const [budget, words] of [
    ['', 'needs a cap. At worst'],
    ['much', 'The cap is an amount above $0; “much” is none.'],
    ['0', 'The cap is an amount above $0; “0” is none.'],
  ] as const) {
    const back = await session.post(page, page, { ...form, datasetId, budget });
    expect([back.status, back.text.includes(words)]).toEqual([422, true]);
    expect(fieldsOf(back.text, page)).toMatchObject({ budget });
  }
  const taken = await session.post(page, page, { ...form, datasetId, budget: '2,50' });
  expect(taken.status).toBe(303);
  const id = String(taken.headers['location']).split('/').at(-1) as string;
  const row = await pages.stores.predictions.find(id);
  expect(keptPredictionSpec(row?.spec_json ?? '').limits.budgetMicros).toBe(dollars(2.5));
});

test.each([
  [{ cloud: 'gcp', type: 'gone' }, 'The model was trained on a machine “gone” (gcp), which is not offered any more'],
  [{ cloud: 'aws', type: 'big' }, 'This installation has no cloud “aws”. It has: local, gcp.'],
])('is refused at once where %j is not offered', async (machine, words) => {
  await trainedOn(machine);
  const { status, body } = await ask({ budgetMicros: dollars(1) });
  expect([status, body.problems[0].field]).toEqual([422, 'machine']);
  expect(body.problems[0].message).toContain(words);
  expect((await session.get(page)).text).toContain(words);
});
