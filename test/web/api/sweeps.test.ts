import { randomUUID } from 'node:crypto';
import { sweepActivities } from '../../../activities/sweeps.ts';
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

function sweepRequest(more: object = {}, base: object = {}) {
  const { name: _name, ...request } = jobRequest(datasetId, base);
  return { name: 'trees', base: request, search: { kind: 'grid', values: { trees: [50, 100, 200] } }, ...more };
}
const accept = async (more: object = {}): Promise<string> => {
  const { body, status } = await yard.api.post('/sweeps', sweepRequest(more));
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.sweep.id as string;
};

/** What its workflow would ask for, done here. */
async function advance(id: string): Promise<void> {
  const { stores, work, clouds } = yard.options;
  const parts = { stores, work, clouds: new Map(clouds.map((cloud) => [cloud.name, cloud])) };
  const disk = { freeBytes: async () => 1e12, lowDiskBytes: 0 };
  await sweepActivities({ ...parts, ...disk, now: Date.now }).advanceSweep({ id, asked: null });
}
async function ends(id: string, validation: number): Promise<void> {
  const { stores } = yard.options;
  const nowMs = Date.now();
  await stores.jobs.enterPhase(id, 'releasing', '', 1);
  await stores.models.insert({
    ...{ id, workspace_id: 'default', owner: 'ada', job_id: id, name: 'm', engine: 'sklearn', metric: 'roc_auc' },
    ...{ archive_hash: 'a', archive_bytes: 1, signature_json: '{}', input_schema_json: '[]', report_json: '{}' },
    ...{ validation_score: validation, test_score: 0.5, created_at_ms: nowMs },
  });
  await stores.jobs.setCost(id, 1000, true, '2026-11-01');
  await stores.jobs.close(id, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs });
}

it('accepts a sweep, keeps it complete with all its trials, and tells Temporal', async () => {
  const { status, body, headers } = await yard.api.post('/sweeps', sweepRequest());
  expect(status).toBe(201);
  const { id } = body.sweep;
  expect(headers['location']).toBe(`/api/v1/sweeps/${id}`);
  expect(body.sweep).toMatchObject({
    phase: 'queued',
    metric: 'roc_auc',
    trials: { planned: 3, begun: 0 },
    best: null,
  });
  expect(yard.work.started.get(`sweep-${id}`)).toMatchObject({ id, name: 'trees', engine: 'sklearn' });
  const sweep = await yard.api.get(`/sweeps/${id}`);
  expect(sweep.body).toMatchObject({
    varied: ['trees'],
    // Nobody extends a trial: the shared limits count on that.
    spec: {
      base: { engine: { settings: { effort: 'balanced' } }, limits: { trainingSeconds: 600, longestSeconds: 600 } },
    },
    trialList: [50, 100, 200].map((trees, n) => ({ number: n + 1, settings: { trees }, job: null })),
  });
  expect((await yard.api.get('/sweeps')).body.items[0].id).toBe(id);
});

it('makes one sweep of a double click, and of the same key sent again, and refuses it for another request', async () => {
  const id = randomUUID();
  const clicks = await Promise.all([1, 2, 3, 4].map(() => yard.api.post('/sweeps', sweepRequest({ id }))));
  expect(clicks.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 200, 201]);
  expect((await yard.api.post('/sweeps', sweepRequest({ id, parallel: 5 }))).status).toBe(409);
  const key = randomUUID();
  const keyed = () =>
    yard.services.sweeps.accept({ workspaceId: 'default', owner: 'ada' }, sweepRequest(), { idempotencyKey: key });
  const [first, second] = [await keyed(), await keyed()];
  expect([first, second]).toEqual([
    expect.objectContaining({ created: true }),
    expect.objectContaining({ created: false }),
  ]);
});

it('is accepted while Temporal is away', async () => {
  yard.work.away = true;
  const { status, body } = await yard.api.post('/sweeps', sweepRequest());
  expect(status).toBe(201);
  expect(body.sentence).toContain('as soon as the Temporal server answers');
});

it.each<[string, object, object, string, string]>([
  [
    'an unknown setting',
    { search: { kind: 'grid', values: { tree: [1, 2] } } },
    {},
    'search.values.tree',
    'scikit-learn has no setting “tree”',
  ],
  [
    'a value out of range',
    { search: { kind: 'grid', values: { trees: [5, 50] } } },
    {},
    'search.values.trees',
    'Trees is at least 10.',
  ],
  [
    'a base that cannot be trained',
    {},
    { task: { kind: 'binary', labels: ['nothing'] } },
    'base.task.labels',
    'nothing',
  ],
  ['a misspelt field', { paralel: 3 }, {}, '', 'paralel'],
  [
    'a budget below one trial',
    { limits: { budgetMicros: 10 } },
    {},
    'limits.budgetMicros',
    'more than the shared budget',
  ],
  [
    'a shared time below one trial',
    { limits: { totalSeconds: 60 } },
    {},
    'limits.totalSeconds',
    'more than the shared time',
  ],
])('%s is refused with its field and a sentence', async (_what, more, base, field, sentence) => {
  const { status, body } = await yard.api.post('/sweeps', sweepRequest(more, base));
  expect(status).toBe(422);
  expect(body.problems).toEqual([expect.objectContaining({ field, message: expect.stringContaining(sentence) })]);
});

it('says before what it would be, and what it costs at most', async () => {
  const { body } = await yard.api.post('/sweeps/check', sweepRequest({ seeds: 2 }));
  expect(body.problems).toEqual([]);
  expect(body.trials).toHaveLength(6);
  const { micros, trialMicros } = body.worstCase;
  expect(trialMicros).toBeGreaterThan(0);
  expect(micros).toBe(6 * trialMicros);
  const capped = await yard.api.post('/sweeps/check', sweepRequest({ limits: { budgetMicros: trialMicros } }));
  expect(capped.body.worstCase).toMatchObject({
    micros: trialMicros,
    sentence: expect.stringContaining('the shared budget ends it'),
  });
});

it('shows its trials, what they came to, and the best so far by validation, with the spread over seeds', async () => {
  const id = await accept({ seeds: 2, parallel: 4 });
  await advance(id);
  const begun = (await yard.api.get(`/sweeps/${id}`)).body;
  expect(begun.trials).toEqual({ planned: 6, begun: 4, open: 4, succeeded: 0 });
  const jobIds = begun.trialList.slice(0, 4).map(({ job }: { job: { id: string } }) => job.id);
  const job = await yard.api.get(`/jobs/${jobIds[3]}`);
  expect(job.body).toMatchObject({
    name: 'trees · trial 4',
    sweep: { id, trial: 4 },
    spec: { split: { seed: 1 }, engine: { settings: { trees: 100, effort: 'balanced' } } },
  });
  for (const [index, score] of [0.7, 0.9, 0.84, 0.86].entries()) await ends(jobIds[index], score);
  const { body } = await yard.api.get(`/sweeps/${id}`);
  expect(body.best).toMatchObject({ combination: 2, settings: { trees: 100 }, scored: 2, isComplete: true });
  expect(body.best.mean).toBeCloseTo(0.85, 12);
  expect(body.best.spread).toBeCloseTo(0.0141421, 6);
  expect(body).toMatchObject({ bestTrial: 4, bestJobId: jobIds[3], costMicros: 4000 });
});

it('is cancelled and stopped once, and not when it is done', async () => {
  const id = await accept();
  expect((await yard.api.post(`/sweeps/${id}/stop`)).body.sentence).toContain('No more trials are begun');
  expect((await yard.api.post(`/sweeps/${id}/cancel`)).status).toBe(202);
  expect(yard.work.signals.filter((signal) => signal.endsWith(id))).toEqual([`stop sweep-${id}`, `cancel sweep-${id}`]);
  await advance(id);
  expect((await yard.api.get(`/sweeps/${id}`)).body).toMatchObject({ phase: 'done', outcome: 'cancelled' });
  expect((await yard.api.post(`/sweeps/${id}/cancel`)).status).toBe(409);
  expect((await yard.api.get(`/sweeps/${randomUUID()}`)).status).toBe(404);
});

it('keeps its data from being removed while it is open', async () => {
  const own = await uploadCustomers(yard, 'only-for-this.csv');
  const id = await accept({ base: { ...sweepRequest().base, datasetId: own } });
  const removed = await yard.api.delete(`/datasets/${own}`).set('X-Trainyard', '1');
  expect(removed.status).toBe(409);
  expect(removed.body.detail).toContain('the sweep “trees”');
  await yard.api.post(`/sweeps/${id}/cancel`);
});
