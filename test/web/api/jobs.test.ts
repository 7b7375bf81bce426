import { randomUUID } from 'node:crypto';
import { finishJob } from './finish-job.ts';
import { jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;
let datasetId: string;

beforeAll(async () => {
  yard = await openYard();
  datasetId = await uploadCustomers(yard);
});
afterAll(() => yard.close());
beforeEach(() => {
  yard.work.away = false;
});

const train = async (more: object = {}): Promise<string> => {
  const { body, status } = await yard.api.post('/jobs', jobRequest(datasetId, more));
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.job.id as string;
};

it('accepts a job, keeps it complete and tells Temporal', async () => {
  const { status, body, headers } = await yard.api.post('/jobs', jobRequest(datasetId));
  expect(status).toBe(201);
  expect(headers.location).toBe(`/api/v1/jobs/${body.job.id}`);
  expect(body.sentence).toBe('Accepted.');
  const started = yard.work.started.get(`job-${body.job.id}`);
  expect(started).toMatchObject({
    owner: 'ada',
    engine: { name: 'sklearn', settings: { effort: 'balanced', trees: 200 } },
    limits: { trainingSeconds: 600, longestSeconds: 1200 },
  });
  const job = await yard.api.get(`/jobs/${body.job.id}`);
  expect(job.body).toMatchObject({
    phase: 'queued',
    spec: started,
    attempts: [],
    model: null,
    continues: null,
    logLines: 0,
  });
});

it('accepts a job while Temporal is away', async () => {
  yard.work.away = true;
  const { status, body } = await yard.api.post('/jobs', jobRequest(datasetId));
  expect(status).toBe(201);
  expect(body.sentence).toContain('as soon as the Temporal server answers');
  expect(yard.work.started.has(`job-${body.job.id}`)).toBe(false);
  expect((await yard.api.get(`/jobs/${body.job.id}`)).body.phase).toBe('queued');
});

it('makes one job of a double click, and of the same key sent again', async () => {
  const before = (await yard.api.get('/jobs')).body.total;
  const id = randomUUID();
  const clicks = await Promise.all(
    Array.from({ length: 5 }, () => yard.api.post('/jobs', jobRequest(datasetId, { id }))),
  );
  expect(clicks.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 200, 200, 201]);
  const send = () => yard.api.post('/jobs', jobRequest(datasetId)).set('Idempotency-Key', 'spring 1');
  const [one, two] = await Promise.all([send(), send()]);
  expect(one.body.job.id).toBe(two.body.job.id);
  expect([one.status, two.status].toSorted((a, b) => a - b)).toEqual([200, 201]);
  expect((await send()).status).toBe(200);
  expect((await yard.api.get('/jobs')).body.total).toBe(before + 2);
});

it('refuses the same key or id for another request', async () => {
  const id = randomUUID();
  await yard.api.post('/jobs', jobRequest(datasetId, { id })).set('Idempotency-Key', 'once').expect(201);
  const otherBody = await yard.api
    .post('/jobs', jobRequest(datasetId, { name: 'other' }))
    .set('Idempotency-Key', 'once');
  expect(otherBody.status).toBe(409);
  expect((await yard.api.post('/jobs', jobRequest(datasetId, { id, name: 'other' }))).status).toBe(409);
  expect((await yard.api.post('/jobs', jobRequest(datasetId)).set('Idempotency-Key', ' ')).status).toBe(422);
});

it.each([
  ['no name', { name: ' ' }, 'name'],
  ['a field that there is not', { labelColumn: 'x' }, ''],
  ['no label', { task: { kind: 'binary', labels: [] } }, 'task.labels'],
  ['a column that there is not', { task: { kind: 'binary', labels: ['gone'] } }, 'task.labels'],
  ['a metric of another task', { task: { kind: 'binary', labels: ['churned'], metric: 'rmse' } }, 'task.metric'],
  ['an ignored column that there is not', { ignoredColumns: ['gone'] }, 'ignoredColumns'],
  ['the label among the ignored', { ignoredColumns: ['churned'] }, 'ignoredColumns'],
  ['an engine that there is not', { engine: { name: 'nope' } }, 'engine.name'],
  ['a setting that there is not', { engine: { name: 'sklearn', settings: { tries: 1 } } }, 'engine.settings.tries'],
  ['a setting out of range', { engine: { name: 'sklearn', settings: { trees: 1 } } }, 'engine.settings.trees'],
  [
    'a task the engine cannot',
    { engine: { name: 'classes_only' }, task: { kind: 'regression', labels: ['spend'] } },
    'task.kind',
  ],
  ['a dataset that there is not', { datasetId: randomUUID() }, 'datasetId'],
  ['a cloud that there is not', { machine: { cloud: 'gcp', type: 'n1' } }, 'machine.cloud'],
  ['a machine that there is not', { machine: { type: 'huge' } }, 'machine.type'],
  ['a limit out of range', { limits: { trainingSeconds: 1 } }, 'limits.trainingSeconds'],
  ['a job to continue that there is not', { continuesJobId: randomUUID() }, 'continuesJobId'],
])('refuses %s and names the field', async (_what, more, field) => {
  const before = (await yard.api.get('/jobs')).body.total;
  const { status, body } = await yard.api.post('/jobs', jobRequest(datasetId, more));
  expect(status).toBe(422);
  expect(body.problems.map((problem: { field: string }) => problem.field)).toContain(field);
  const check = await yard.api.post('/jobs/check', jobRequest(datasetId, more));
  expect(check.status).toBe(200);
  expect(check.body.problems).toEqual(body.problems);
  expect((await yard.api.get('/jobs')).body.total).toBe(before);
});

it('says what a job creates and costs at most, never above its budget', async () => {
  const { body } = await yard.api.post(
    '/jobs/check',
    jobRequest(datasetId, { limits: { trainingSeconds: 3600, attempts: 2 } }),
  );
  expect(body.problems).toEqual([]);
  // 360,000 an hour: 1 h of training (2 if extended), and twice 120 s to set up, 120 s of silence, 600 s to hand in,
  // 120 s to be gone.
  expect(body.worstCase).toMatchObject({
    micros: 360_000 + 2 * 96_000,
    extendedMicros: 2 * 360_000 + 2 * 96_000,
    sentence: 'At most $0.55; if extended, at most $0.91. Usually much less.',
  });
  expect(body.creates).toHaveLength(4);
  const limits = { trainingSeconds: 3600, budgetMicros: 100_000 };
  const capped = await yard.api.post('/jobs/check', jobRequest(datasetId, { limits }));
  expect(capped.body.worstCase).toMatchObject({
    micros: 100_000,
    extendedMicros: 100_000,
    sentence: 'At most $0.10, extended or not: the budget ends it there.',
  });
});

it('says what a job will probably need', async () => {
  const { body } = await yard.api.post('/jobs/check', jobRequest(datasetId));
  expect(body.estimate).toMatchObject({ fits: true, suggestedType: null });
  expect(body.estimate.memoryBytes).toBeGreaterThan(50 * 1024 ** 2);
  expect(body.estimate.memoryBytes).toBeLessThan(1024 ** 3);
  expect(body.warnings).toEqual([]);
  const unknown = await yard.api.post('/jobs/check', jobRequest(datasetId, { engine: { name: 'classes_only' } }));
  expect(unknown.body).not.toHaveProperty('estimate');
});

it('reads a file of settings in the names of an engine, and tells what has no place', async () => {
  const { body } = await yard.api.post('/engines/sklearn/settings', { trees: 50, flux: 3 });
  expect(body.settings).toEqual({ trees: 50 });
  expect(body.told).toEqual(['“flux” is no setting of scikit-learn and was left out.']);
  expect((await yard.api.post('/engines/oracle/settings', {})).status).toBe(404);
});

it('warns of the first use of an engine, and refuses while the disk is nearly full', async () => {
  const { body } = await yard.api.post('/jobs/check', jobRequest(datasetId, { engine: { name: 'classes_only' } }));
  expect(body.warnings[0]).toContain('1400 MB');
  yard.disk.free = 10;
  const refused = await yard.api.post('/jobs', jobRequest(datasetId));
  yard.disk.free = 1e12;
  expect(refused.status).toBe(422);
  expect(refused.body.detail).toContain('free');
});

it('lists with filter, search, order and pages', async () => {
  const first = await train({ name: 'filter alpha' });
  const second = await train({ name: 'filter beta', engine: { name: 'classes_only' } });
  await finishJob(yard, first);
  const ids = async (query: string) =>
    (await yard.api.get(`/jobs?search=filter&${query}`)).body.items.map((job: { id: string }) => job.id);
  expect(await ids('sort=name&order=asc')).toEqual([first, second]);
  expect(await ids('sort=name&order=desc')).toEqual([second, first]);
  expect(await ids('sort=name&order=asc&limit=1&offset=1')).toEqual([second]);
  expect(await ids('open=true')).toEqual([second]);
  expect(await ids('open=false')).toEqual([first]);
  expect(await ids('phase=done&outcome=succeeded')).toEqual([first]);
  expect(await ids('engine=classes_only')).toEqual([second]);
  expect((await yard.api.get('/jobs?sort=cheese')).status).toBe(422);
  const { body } = await yard.api.get(`/jobs?search=${first.slice(0, 8)}`);
  expect(body.items[0]).toMatchObject({ id: first, modelId: first, cost: { micros: 12_345, isFinal: true } });
});

it('keeps what was asked, whether or not anybody can be told', async () => {
  const id = await train();
  const stopped = await yard.api.post(`/jobs/${id}/stop`);
  expect(stopped.status).toBe(202);
  expect(stopped.body.delivered).toBe(true);
  yard.work.away = true;
  const cancelled = await yard.api.post(`/jobs/${id}/cancel`);
  expect(cancelled.status).toBe(202);
  expect(cancelled.body).toMatchObject({ delivered: false, sentence: expect.stringContaining('as soon as') });
  expect((await yard.api.post(`/jobs/${id}/cancel`)).status).toBe(202);
  expect(yard.work.signals.filter((signal) => signal.endsWith(id))).toEqual([`stop job-${id}`]);
  const { body } = await yard.api.get(`/jobs/${id}`);
  expect(body.cancelAskedAtMs).toBeGreaterThan(0);
  expect(body.timeline.map((entry: { text: string }) => entry.text)).toEqual([
    'Stop, keeping the best so far, was asked for (ada)',
    'Cancel was asked for (ada)',
  ]);
});

it('extends an open job by what its workflow answers', async () => {
  const id = await train();
  const { status, body } = await yard.api.post(`/jobs/${id}/extend`, { trainingSeconds: 900 });
  expect(status).toBe(200);
  expect(body).toMatchObject({ trainingSeconds: 900, longestSeconds: 1200 });
  expect((await yard.api.post(`/jobs/${id}/extend`, { trainingSeconds: 5000 })).status).toBe(422);
  expect((await yard.api.post(`/jobs/${id}/extend`, { seconds: 900 })).status).toBe(422);
  yard.work.away = true;
  expect((await yard.api.post(`/jobs/${id}/extend`, { trainingSeconds: 1000 })).status).toBe(503);
});

it.each([
  { asked: [600], sentence: 'The new limit must be longer than the old one (600 seconds now).' },
  { asked: [900, 900], sentence: 'The new limit must be longer than the old one (900 seconds now).' },
  { asked: [900, 1100, 900], sentence: 'The new limit must be longer than the old one (1100 seconds now).' },
])('refuses a limit that is no longer than the present one: $asked', async ({ asked, sentence }) => {
  const id = await train();
  const answers = [];
  for (const trainingSeconds of asked) answers.push(await yard.api.post(`/jobs/${id}/extend`, { trainingSeconds }));
  const refused = answers.pop();
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(refused).toMatchObject({ status: 422, body: { detail: sentence } });
});

it('refuses to cancel, stop or extend what is done', async () => {
  const id = await train();
  await finishJob(yard, id);
  for (const what of ['cancel', 'stop']) expect((await yard.api.post(`/jobs/${id}/${what}`)).status).toBe(409);
  expect((await yard.api.post(`/jobs/${id}/extend`, { trainingSeconds: 900 })).status).toBe(409);
});

it('starts a job that continues another, once that has a model, on the same engine', async () => {
  const id = await train();
  await expect(
    yard.services.jobs.requestContinuing({ workspaceId: 'default', owner: 'ada' }, id, 300),
  ).rejects.toMatchObject({
    status: 409,
  });
  await finishJob(yard, id);
  const request = await yard.services.jobs.requestContinuing({ workspaceId: 'default', owner: 'ada' }, id, 300);
  expect(request).toMatchObject({
    name: 'churn-spring, continued',
    continuesJobId: id,
    limits: { trainingSeconds: 300 },
  });
  const warningsOf = async (asked: object) => (await yard.api.post('/jobs/check', asked)).body.warnings;
  const goesOn = 'The kept model stays until one is better.';
  expect(await warningsOf(request)).toContain(`${goesOn} Balanced: Many are fitted anew.`);
  expect(await warningsOf({ ...request, engine: { name: 'sklearn', settings: { effort: 'quick' } } })).toContain(
    `${goesOn} Quick: A few are fitted anew.`,
  );
  expect((await warningsOf({ ...request, continuesJobId: null })).join(' ')).not.toContain(goesOn);
  const wrong = await yard.api.post('/jobs', { ...request, engine: { name: 'classes_only' } });
  expect(wrong.body.problems[0].field).toBe('continuesJobId');
  expect(wrong.body.problems[0].message).toMatch(/was made by (?!sklearn)[^,]+, and only that can continue it/);
  const { body } = await yard.api.post('/jobs', request);
  expect((await yard.api.get(`/jobs/${body.job.id}`)).body.continues).toEqual({ id, name: 'churn-spring' });
  expect((await yard.api.get(`/jobs/${id}`)).body.continuedBy).toEqual([
    { id: body.job.id, name: 'churn-spring, continued' },
  ]);
});

it('gives the request of a job back, complete, for another like it', async () => {
  const id = await train({ limits: { trainingSeconds: 77 }, ignoredColumns: ['plan'] });
  const like = await yard.services.jobs.requestLike({ workspaceId: 'default', owner: 'ada' }, id);
  const again = await yard.api.post('/jobs', like);
  expect(again.status).toBe(201);
  const specs = await Promise.all(
    [id, again.body.job.id].map(async (each) => (await yard.api.get(`/jobs/${each}`)).body.spec),
  );
  expect({ ...specs[1], id }).toEqual(specs[0]);
});

it('shows metrics with last and best by their direction', async () => {
  const id = await train();
  const metric = (seq: number, value: number | null) =>
    ({ seq, atMs: seq, type: 'metric', name: 'loss', step: seq, value, unit: 's', higherIsBetter: false }) as const;
  await yard.stores.database.transaction((trx) =>
    yard.stores.metrics.insert(
      { kind: 'job', id, attempt: 1 },
      [metric(1, 3), metric(2, 1), metric(3, 2), metric(4, null)],
      trx,
    ),
  );
  const { body } = await yard.api.get(`/jobs/${id}/metrics`);
  expect(body).toMatchObject([{ name: 'loss', unit: 's', last: 2, best: 1 }]);
  expect(body[0].points).toHaveLength(4);
  const paged = await yard.api.get(`/jobs/${id}/metrics?name=loss&offset=1&limit=2`);
  expect(paged.body).toMatchObject([{ last: 2, best: 1, total: 4, points: [{ value: 1 }, { value: 2 }] }]);
  expect((await yard.api.get(`/jobs/${id}/metrics?name=none`)).body).toEqual([]);
  expect((await yard.api.get(`/jobs/${id}/metrics?limit=0`)).status).toBe(422);
});

it('hides what belongs to another workspace', async () => {
  const id = await train();
  const stranger = { workspaceId: 'other', owner: 'eve' };
  await expect(yard.services.jobs.get(stranger, id)).rejects.toMatchObject({ status: 404 });
  await expect(yard.services.jobs.cancel(stranger, id)).rejects.toMatchObject({ status: 404 });
  await expect(yard.services.log.count(stranger, { kind: 'job', id })).rejects.toMatchObject({ status: 404 });
  expect((await yard.services.jobs.list(stranger, {})).total).toBe(0);
});

it.each(['/jobs/none', `/jobs/${randomUUID()}`, `/jobs/${randomUUID()}/log`, `/jobs/${randomUUID()}/metrics`])(
  'answers 404 with a problem for %s',
  async (path) => {
    const { status, body } = await yard.api.get(path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ title: 'Not found', requestId: expect.any(String) });
  },
);
