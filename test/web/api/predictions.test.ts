import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { finishJob } from './finish-job.ts';
import { jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

/** The data that a prediction takes: mended as the person allowed, or refused with its columns. */

let yard: Yard;
let modelId: string;

beforeAll(async () => {
  yard = await openYard();
  const { body } = await yard.api.post('/jobs', jobRequest(await uploadCustomers(yard)));
  modelId = body.job.id;
  await finishJob(yard, modelId);
});
afterAll(() => yard.close());

/** One column more than the model knows, and whole numbers where it learned fractions. */
const differing = 'age,plan,spend,shoe\n30,basic,4,41\n40,plus,5,42\n';
const extra =
  'The data has the column “shoe” (whole number), which the model “churn-spring” does not know. Remove it, or allow extra columns: it is then ignored.';
const types =
  'The data has other types than the model “churn-spring” was trained on: “spend” is whole number, not number. Change the column, or allow types to be cast.';

async function uploaded(csv: string): Promise<string> {
  const { body } = await yard.api.upload('/datasets', csv, `${randomUUID()}.csv`);
  return body.id;
}

const started = () => yard.work.started.size;

it('mends what may be mended unless told otherwise, and says what', async () => {
  const { status, body } = await yard.api.post('/predictions', { modelId, datasetId: await uploaded(differing) });
  expect([status, body.sentence]).toEqual([
    202,
    'Accepted. The model does not look at “shoe”. Types are cast: “spend” from whole number to number.',
  ]);
  const allow = { extraColumns: true, castTypes: true };
  expect(yard.work.started.get(`prediction-${body.prediction.id}`)).toMatchObject({ allow });
  expect((await yard.api.get(`/predictions/${body.prediction.id}`)).body).toMatchObject({
    allow,
    mended: { ignored: ['shoe'], cast: [{ column: 'spend', from: 'whole number', to: 'number' }] },
  });
});

it.each([
  [{ extraColumns: false }, [extra]],
  [{ castTypes: false }, [types]],
  [{ extraColumns: false, castTypes: false }, [extra, types]],
])('refuses what may not be mended before anything is started: %j', async (allow, messages) => {
  const before = started();
  const datasetId = await uploaded(differing);
  for (const send of [
    yard.api.post('/predictions', { modelId, datasetId, allow }),
    yard.api.post(`/models/${modelId}/predict`, { datasetId, allow }),
  ]) {
    const { status, body } = await send;
    expect([status, body.problems]).toEqual([422, messages.map((message) => ({ field: 'datasetId', message }))]);
  }
  expect(started()).toBe(before);
});

it('keeps the choice in the spec where the data fits as it is', async () => {
  const datasetId = await uploaded('age,plan,spend,churned\n30,basic,4.5,yes\n40,plus,5.25,no\n');
  const allow = { extraColumns: false, castTypes: false };
  const { status, body } = await yard.api.post('/predictions', { modelId, datasetId, allow });
  expect([status, body.sentence]).toEqual([202, 'Accepted.']);
  expect(yard.work.started.get(`prediction-${body.prediction.id}`)).toMatchObject({ allow });
  const shown = await yard.api.get(`/predictions/${body.prediction.id}`);
  expect(shown.body).toMatchObject({ allow, mended: { ignored: [], cast: [] } });
});

it('takes the choice beside an uploaded file, too, and keeps nothing of what it refuses', async () => {
  const before = (await yard.api.get('/datasets')).body.total;
  const send = (fields: Record<string, string>) =>
    request(yard.app)
      .post(`/api/v1/jobs/${modelId}/predict`)
      .set('X-Trainyard', '1')
      .field(fields)
      .attach('file', Buffer.from(differing.replace('41', '43')), 'new.csv');
  const refused = await send({ extraColumns: 'false' });
  expect([refused.status, refused.body.problems]).toEqual([422, [{ field: 'file', message: extra }]]);
  expect((await yard.api.get('/datasets')).body.total).toBe(before);
  expect((await send({ castTypes: 'maybe' })).status).toBe(422);
  expect((await send({ castTypes: 'true' })).status).toBe(202);
});

it('refuses at once what no value can be cast to, whatever is allowed', async () => {
  const datasetId = await uploaded('age,plan,spend\n2024-01-31,basic,true\n2024-02-01,plus,false\n');
  const { status, body } = await yard.api.post('/predictions', { modelId, datasetId });
  expect([status, body.problems]).toEqual([
    422,
    [
      {
        field: 'datasetId',
        message:
          'The data has other types than the model “churn-spring” was trained on: “age” is date, not whole number, “spend” is yes/no, not number; no such value can be cast. Mend the columns, or predict data like that of the training.',
      },
    ],
  ]);
});

it('takes another choice under the same id for another request', async () => {
  const datasetId = await uploaded('age,plan,spend\n31,basic,4.5\n40,plus,5.25\n');
  const id = randomUUID();
  const send = (allow?: object) => yard.api.post('/predictions', { id, modelId, datasetId, allow });
  expect((await send()).status).toBe(202);
  expect((await send({ castTypes: true })).status).toBe(202);
  expect((await send({ castTypes: false })).status).toBe(409);
});

it('reads a prediction from before there was a choice as one that allowed both', async () => {
  const { body } = await yard.api.post('/predictions', { modelId, datasetId: await uploaded(differing) });
  const { id } = body.prediction;
  const row = await yard.stores.predictions.find(id);
  const { allow: _allow, ...spec } = JSON.parse(row?.spec_json ?? '') as { allow: unknown };
  await yard.stores.database.run(undefined, (db) =>
    db('predictions')
      .where('id', id)
      .update({ spec_json: JSON.stringify(spec) }),
  );
  expect((await yard.api.get(`/predictions/${id}`)).body).toMatchObject({
    allow: { extraColumns: true, castTypes: true },
    mended: { ignored: ['shoe'] },
  });
});

it('tells programs of the choice in the document of the API', async () => {
  const { body } = await request(yard.app).get('/openapi.json');
  const { content } = body.paths['/api/v1/models/{id}/predict'].post.requestBody;
  expect(Object.keys(content['multipart/form-data'].schema.properties)).toEqual([
    'extraColumns',
    'castTypes',
    'budgetMicros',
    'file',
  ]);
  expect(content['multipart/form-data'].schema.required).toEqual(['file']);
  expect(Object.keys(body.components.schemas.PredictRequest.properties.allow.properties)).toEqual([
    'extraColumns',
    'castTypes',
  ]);
  expect(body.components.schemas.PredictRequest.required).toEqual(['datasetId']);
});
