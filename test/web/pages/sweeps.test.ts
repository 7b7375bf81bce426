import { sweepActivities } from '../../../activities/sweeps.ts';
import request from 'supertest';
import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let asJob: Record<string, string | string[]>;
let address: string;

beforeAll(async () => {
  pages = await openPageApp({ pricePerHourMicros: 380_000 });
  session = formSession(pages.app);
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  address = uploaded.headers['location'] as string;
  asJob = fieldsOf((await session.get(address)).text, '/jobs/confirm');
});
afterAll(() => pages.close());

/** The form of a sweep, reached from the form of a job. */
async function sweepForm(): Promise<Record<string, string | string[]>> {
  const form = await session.post(address, '/sweeps/new', { ...asJob, name: 'mornings' });
  expect(form.status).toBe(200);
  return fieldsOf(form.text, '/sweeps/confirm');
}
async function startedSweep(fields: Record<string, string>): Promise<string> {
  const confirm = await session.post(address, '/sweeps/confirm', { ...(await sweepForm()), ...fields });
  expect(confirm.status).toBe(200);
  const { status, headers } = await session.post(address, '/sweeps', fieldsOf(confirm.text, '/sweeps'));
  expect(status).toBe(303);
  return headers['location'] as string;
}
const idOf = (href: string) => href.split('/').at(-1) ?? '';

async function advance(id: string): Promise<void> {
  const { stores, cloud } = pages;
  const work = { startJob: async () => {}, cancel: async () => {} } as never;
  const disk = { freeBytes: async () => 1e12, lowDiskBytes: 0 };
  const activities = sweepActivities({ stores, work, clouds: new Map([[cloud.name, cloud]]), ...disk, now: Date.now });
  await activities.advanceSweep({ id, asked: null });
}
async function ends(jobId: string, validation: number): Promise<void> {
  const { stores } = pages;
  await stores.jobs.markStarted(jobId, Date.now());
  await stores.jobs.enterPhase(jobId, 'releasing', '', 1);
  await stores.models.insert({
    ...{ id: jobId, workspace_id: 'default', owner: 'ada', job_id: jobId, name: 'm', engine: 'sklearn' },
    ...{ archive_hash: 'a', archive_bytes: 1, signature_json: '{}', input_schema_json: '[]', report_json: '{}' },
    ...{ metric: 'roc_auc', validation_score: validation, test_score: 0.1, created_at_ms: Date.now() },
  });
  await stores.jobs.close(jobId, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs: Date.now() });
}

test('an empty list says what a sweep is and how one begins', async () => {
  const { text } = await session.get('/sweeps');
  expect(text).toContain('No sweep yet');
  expect(text).toContain('Try several settings');
  expect((await session.get('/jobs')).text).toContain('href="/sweeps"');
});

test('each trial is judged by the engine before a machine is, and the trial that cannot be is named', async () => {
  const base = {
    ...{ datasetId: String(asJob['datasetId']), task: { kind: 'binary', labels: ['happy'] } },
    engine: { name: 'autogluon', settings: {} },
  };
  const search = { kind: 'grid', values: { stack_levels: [0, 1], preset: ['medium', 'good'] } };
  const { body } = await request(pages.app).post('/api/v1/sweeps/check').send({ name: 'levels', base, search });
  const message =
    'Stacking needs folds. Ask for at least two, or for a quality of good or above. So it is in trial 3 (stack_levels = 1, preset = "medium").';
  expect(body.problems).toEqual([{ field: 'search.values.stack_levels', message }]);
  const accepted = await request(pages.app).post('/api/v1/sweeps').send({ name: 'levels', base, search });
  expect(accepted.status).toBe(422);
  expect(accepted.body.problems).toEqual(body.problems);
});

test('from the form of a job to a sweep, without a script: what is tried, what it costs at most, started', async () => {
  const form = await sweepForm();
  expect(form).toMatchObject({ name: 'mornings, tried', kind: 'grid', 'try.trees': '' });
  const confirm = await session.post(address, '/sweeps/confirm', { ...form, 'try.trees': '50, 100', seeds: '2' });
  expect(confirm.status).toBe(200);
  expect(confirm.text).toContain('Start 4 trials');
  expect(confirm.text).toMatch(/At most \$\d+\.\d\d: 4 trials, each at most \$/);
  const sent = fieldsOf(confirm.text, '/sweeps');
  const both = await Promise.all([1, 2].map(() => session.post(address, '/sweeps', sent)));
  expect(both.map(({ headers }) => headers['location'])).toEqual([
    `/sweeps/${String(form['id'])}`,
    `/sweeps/${String(form['id'])}`,
  ]);
  expect(pages.asked.filter((what) => what.startsWith('startSweep'))).toContain(`startSweep ${String(form['id'])}`);
  const { text } = await session.get(`/sweeps/${String(form['id'])}`);
  expect(text.match(/>Trial \d</g)).toHaveLength(4);
  expect(text).toContain('To come');
  expect((await session.get('/sweeps')).text).toContain('mornings, tried');
});

test('what is wrong stands beside its field, and nothing that was typed is lost', async () => {
  const form = { ...(await sweepForm()), 'try.trees': '10..500', name: 'mine', seeds: 'two' };
  const refused = await session.post(address, '/sweeps/confirm', form);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('A range can only be tried at random');
  expect(refused.text).toContain('“two” is no number');
  expect(refused.text).toMatch(/id="f-try-trees"[^>]*aria-invalid="true"/);
  expect(fieldsOf(refused.text, '/sweeps/confirm')).toMatchObject({
    'try.trees': '10..500',
    name: 'mine',
    seeds: 'two',
  });
});

test('something can be changed after the confirm page', async () => {
  const confirm = await session.post(address, '/sweeps/confirm', { ...(await sweepForm()), 'try.trees': '50, 100' });
  const edited = await session.post(address, '/sweeps/confirm', {
    ...fieldsOf(confirm.text, '/sweeps'),
    action: 'edit',
  });
  expect(edited.status).toBe(200);
  expect(fieldsOf(edited.text, '/sweeps/confirm')).toMatchObject({ 'try.trees': '50, 100', kind: 'grid' });
});

test('a job that cannot be trained comes back as its own form', async () => {
  const refused = await session.post(address, '/sweeps/new', { ...asJob, name: '' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('This cannot be trained yet');
});

test('the page of a sweep marks the best by validation, draws the scores, and links to the jobs', async () => {
  const href = await startedSweep({ 'try.trees': '50, 100, 400', parallel: '3' });
  await advance(idOf(href));
  const jobs = await pages.stores.jobs.ofSweep(idOf(href));
  for (const [index, score] of [0.71, 0.93, 0.82].entries()) await ends(jobs[index]?.id ?? '', score);
  const { text } = await session.get(href);
  expect(text).toMatch(/<span class="bignum">0\.9300<\/span>/);
  expect(text).toMatch(new RegExp(`<tr data-best><th scope="row"><a href="/jobs/${jobs[1]?.id}">Trial 2</a>`));
  expect(text.match(/<circle class="dot"/g)).toHaveLength(2);
  expect(text.match(/<circle class="point"/g)).toHaveLength(1);
  expect(text).not.toContain('0.1000');
  const live = await session.get(`${href}/live`);
  expect(live.text).toContain('id="trials"');
  const job = await session.get(`/jobs/${jobs[1]?.id}`);
  expect(job.text).toContain(`A trial of <a href="${href}">mornings, tried</a>`);
  expect(job.text).toContain('Repeat with seeds');
  await pages.stores.jobs.softDelete('default', jobs[1]?.id ?? '', Date.now());
  const without = await session.get(href);
  expect(without.text).toContain('0.9300');
  expect(without.text).not.toContain(`/jobs/${jobs[1]?.id}`);
});

test('the list of jobs is narrowed to its trials, and stays when the sweep is deleted', async () => {
  const href = await startedSweep({ 'try.trees': '50, 100', parallel: '2' });
  const id = idOf(href);
  await advance(id);
  const jobs = await pages.stores.jobs.ofSweep(id);
  const listed = async () => (await session.get(`/jobs?sweep=${id}`)).text.match(/<th scope="row"/g)?.length ?? 0;
  expect(jobs.length).toBe(2);
  expect(await listed()).toBe(2);
  expect((await session.get(href)).text).toContain(`href="/jobs?sweep=${id}"`);
  expect((await session.get('/jobs')).text).toContain(`<option value="${id}">mornings, tried</option>`);

  const early = await session.get(`${href}/delete`);
  expect(early.text).toContain('It is not done. Cancel it first');
  expect((await session.post(href, `${href}/delete`)).status).toBe(409);
  for (const job of jobs) await ends(job.id, 0.5);
  await pages.stores.sweeps.close(id, { outcome: 'succeeded', reason: 'All done.', nowMs: Date.now() });

  expect((await session.get(href)).text).toContain(`href="${href}/delete"`);
  const asked = await session.get(`${href}/delete`);
  expect(asked.text).toContain('its 2 trials in the list of jobs');
  const gone = await session.post(`${href}/delete`, `${href}/delete`);
  expect([gone.status, gone.headers['location']]).toEqual([303, '/sweeps']);
  expect((await session.get(href)).status).toBe(404);
  expect((await session.get('/sweeps')).text).not.toContain(href);
  expect(await listed()).toBe(2);
  expect((await session.get(`/jobs/${jobs[0]?.id}`)).text).not.toContain('A trial of');
});

test('it is stopped and cancelled from its page', async () => {
  const href = await startedSweep({ 'try.trees': '50, 100' });
  await session.post(href, `${href}/stop`);
  expect((await session.get(href)).text).toContain('Stopping');
  await session.post(href, `${href}/cancel`);
  expect((await session.get(href)).text).toContain('Cancelling');
  expect(pages.asked.slice(-2)).toEqual([`stop ${idOf(href)}`, `cancel ${idOf(href)}`]);
});

test('a done job is repeated with several seeds: what it may cost first, and mean and spread after', async () => {
  const href = await startedSweep({ 'try.trees': '50, 100' });
  await advance(idOf(href));
  const [job] = await pages.stores.jobs.ofSweep(idOf(href));
  await ends(job?.id ?? '', 0.9);
  const at = `/jobs/${job?.id}`;
  const form = fieldsOf((await session.get(at)).text, `${at}/repeat`);
  const confirm = await session.post(at, `${at}/repeat`, { ...form, seeds: '3' });
  expect(confirm.text).toContain('Start 3 trials');
  const { headers } = await session.post(at, '/sweeps', fieldsOf(confirm.text, '/sweeps'));
  const repeated = headers['location'] as string;
  expect(repeated).toBe(`/sweeps/${String(form['sweepId'])}`);
  for (let n = 0; n < 3; n += 1) {
    await advance(idOf(repeated));
    const begun = (await pages.stores.jobs.ofSweep(idOf(repeated))).filter(({ phase }) => phase !== 'done');
    for (const [index, trial] of begun.entries()) await ends(trial.id, 0.8 + index / 10);
  }
  await advance(idOf(repeated));
  const { text } = await session.get(repeated);
  expect(text).toMatch(/<span class="bignum">0\.\d{4} ± 0\.\d+<\/span>/);
  expect(text).toContain('over 3 seeds');
});

test('where a machine costs nothing, repeating is one click, and twice is once', async () => {
  const free = await openPageApp();
  try {
    const own = formSession(free.app);
    const uploaded = await own.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
    const at = uploaded.headers['location'] as string;
    const confirm = await own.post(at, '/jobs/confirm', fieldsOf((await own.get(at)).text, '/jobs/confirm'));
    const accepted = await own.post(at, '/jobs', fieldsOf(confirm.text, '/jobs'));
    const job = accepted.headers['location'] as string;
    await free.stores.jobs.enterPhase(idOf(job), 'releasing', '', 1);
    await free.stores.jobs.close(idOf(job), { outcome: 'succeeded', reason: 'Done.', nowMs: Date.now() });
    const form = fieldsOf((await own.get(job)).text, `${job}/repeat`);
    const both = await Promise.all([1, 2].map(() => own.post(job, `${job}/repeat`, { ...form, seeds: '5' })));
    expect(both.map(({ headers }) => headers['location'])).toEqual([
      `/sweeps/${String(form['sweepId'])}`,
      `/sweeps/${String(form['sweepId'])}`,
    ]);
    expect(await free.stores.sweeps.list('default')).toHaveLength(1);
    expect((await own.post(job, `${job}/repeat`, { ...form, seeds: '1' })).status).toBe(422);
  } finally {
    await free.close();
  }
});
