import { gzipSync } from 'node:zlib';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPageApp, type PageApp } from '../page-app.ts';
import { seedStories, seedStuck, type Stories } from '../seed-stories.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let stories: Stories;
let session: ReturnType<typeof formSession>;

beforeAll(async () => {
  pages = await openPageApp();
  stories = await seedStories(pages.seed);
  session = formSession(pages.app);
});
afterAll(() => pages.close());

test('every page answers, with its policy and without inline styles or scripts', async () => {
  const { dataset, training, queued, done, fees, failed, model, feesModel, prediction, predicting } = stories;
  const paths = [
    '/',
    '/jobs',
    '/data',
    `/data/${dataset}`,
    '/jobs/new',
    `/jobs/new?dataset=${dataset}`,
    ...[training, queued, done, fees, failed].map((id) => `/jobs/${id}`),
    `/jobs/${training}/live`,
    `/jobs/${training}/log`,
    `/jobs/${done}/delete`,
    '/models',
    `/models/${model}`,
    `/models/${feesModel}`,
    `/models/${model}/predict`,
    '/predictions',
    `/predictions/${prediction}`,
    `/predictions/${predicting}`,
    `/predictions/${predicting}/live`,
    '/machines',
  ];
  for (const path of paths) {
    const { status, text, headers } = await session.get(path);
    expect([path, status]).toEqual([path, 200]);
    expect([path, headers['content-security-policy']]).toEqual([path, expect.stringContaining("default-src 'self'")]);
    expect([path, / style="|<style|<script(?![^>]* src=)| on\w+="/.exec(text)]).toEqual([path, null]);
    expect([path, /undefined|NaN|\[object /.exec(text)]).toEqual([path, null]);
  }
});

test('the track names phases, time and attempts, and where it is', async () => {
  const { text } = await session.get(`/jobs/${stories.training}`);
  const track = /<ol class="track">[\s\S]*?<\/ol>/.exec(text)?.[0] ?? '';
  const words = [...track.matchAll(/<b>([^<]+)</g)].map(([, word]) => word);
  expect(words).toEqual(['Queued', 'Preparing', 'Machine', 'Training', 'Collecting', 'Releasing']);
  expect(track).toContain('0:12');
  expect(track).toContain('1:48 · 2 attempts');
  expect(track).toMatch(/aria-current="step"[^>]*><b>Training/);
  expect(text.match(/<progress[^>]*aria-label="Training"/g)).toHaveLength(1);
  expect(text).toContain('about 7 min left');
});

test('the leaderboard ranks the latest word on each model and marks the best', async () => {
  const { text } = await session.get(`/jobs/${stories.training}`);
  const board = text.slice(text.indexOf('id="leaderboard"'));
  expect(board.indexOf('WeightedEnsemble_L2')).toBeLessThan(board.indexOf('CatBoost_BAG_L1'));
  expect(board.indexOf('RandomForestEntr_BAG_L1')).toBeLessThan(board.indexOf('Baseline: most frequent class'));
  expect(board).toMatch(/<b>WeightedEnsemble_L2<\/b> <span class="chip go">[\s\S]{0,60}best so far/);
});

test('an open page asks again by itself without a script, a done one does not', async () => {
  expect((await session.get(`/jobs/${stories.training}`)).text).toContain('http-equiv="refresh"');
  expect((await session.get(`/jobs/${stories.done}`)).text).not.toContain('http-equiv="refresh"');
});

test('a done job shows both scores, the baseline, and that all is really gone', async () => {
  const { text } = await session.get(`/jobs/${stories.done}`);
  const between = ['between 0.9343 and 0.9463 (95 %)', 'between 0.9271 and 0.9451 (95 %)'];
  // Of its own ends, and of a row that an older trainer told.
  const inRows = ['>0.9311 to 0.9431<', '>0.9301 to 0.9421<'];
  expect(text).not.toMatch(/\d ±/);
  for (const words of [
    ...between,
    ...inRows,
    '0.9412',
    '0.9367',
    'Always saying “no”',
    'Really gone',
    'final',
    '1,380',
  ]) {
    expect(text).toContain(words);
  }
});

test('a failed job says why and what to do, and opens at its log', async () => {
  const { text } = await session.get(`/jobs/${stories.failed}`);
  expect(text).toContain('class with one row only');
  expect(text).toContain('Change the data or the settings');
  expect(text.indexOf('id="log"')).toBeLessThan(text.indexOf('id="money"'));
  expect(text).toMatch(/class="failed"[^>]*><b>Training/);
});

test('escapes names, wherever they come from', async () => {
  const nasty = `<script>alert(1)</script>' or 1=1; --`;
  const dataset = await pages.seed.dataset({ name: `${nasty}.csv` });
  const job = await pages.seed.job({ name: nasty, dataset, phase: 'training', sentence: nasty });
  await pages.seed.leaderboard(job.id, [{ model: nasty, atMs: pages.seed.nowMs, validation: 0.5 }]);
  await pages.seed.log('job', job.id, [[pages.seed.nowMs, 'o', nasty]]);
  const search = `/jobs?q=${encodeURIComponent(nasty)}`;
  for (const path of ['/', search, '/data', `/data/${dataset.id}`, `/jobs/${job.id}`, `/jobs/${job.id}/log?q=alert`]) {
    const { status, text } = await session.get(path);
    expect([path, status]).toEqual([path, 200]);
    expect(text).not.toContain('<script>alert');
    expect([path, text.includes('&lt;script&gt;alert')]).toEqual([path, true]);
  }
  expect((await session.get(search)).text).toContain('1 job<');
});

test('a per cent sign in a search is a per cent sign', async () => {
  expect((await session.get('/jobs?q=%25')).text).toContain('No job fits this filter');
});

test('sorts, filters and pages jobs on the server, with the state in the address', async () => {
  const dataset = await pages.seed.dataset();
  for (let index = 0; index < 30; index += 1) {
    const name = `many-${String(index).padStart(2, '0')}`;
    await pages.seed.job({ name, dataset, phase: 'done', outcome: 'over_budget', reason: 'Used up.', done_at_ms: 2 });
  }
  const first = await session.get('/jobs?status=over_budget&sort=name&direction=asc');
  expect(first.text).toContain('30 jobs, page 1 of 2');
  const names = [...first.text.matchAll(/>(many-\d\d)<\/a>/g)].map(([, name]) => name);
  expect(names).toHaveLength(25);
  expect(names).toEqual(names.toSorted((a, b) => String(a).localeCompare(String(b))));
  const next = /href="(\/jobs[^"]*page=2[^"]*)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&');
  const second = await session.get(next as string);
  expect([...second.text.matchAll(/>(many-\d\d)<\/a>/g)]).toHaveLength(5);
});

test('cancel and stop ask the workflow once and go back to the job', async () => {
  const page = `/jobs/${stories.queued}`;
  const cancelled = await session.post(page, `${page}/cancel`);
  expect([cancelled.status, cancelled.headers['location']]).toEqual([303, page]);
  expect(pages.asked).toContain(`cancel ${stories.queued}`);
  const { text } = await session.get(page);
  expect(text).toContain('Cancelling');
  expect(text).toContain('Cancel was asked for (by you)');
  const stopped = await session.post(`/jobs/${stories.training}`, `/jobs/${stories.training}/stop`);
  expect(stopped.status).toBe(303);
  expect(pages.asked).toContain(`stop ${stories.training}`);
});

test('more time is given once, and the form goes on from the limit that is in force', async () => {
  const dataset = await pages.seed.dataset();
  const { id } = await pages.seed.job({ dataset, phase: 'training', name: 'longer' });
  const page = `/jobs/${id}`;
  const offered = Number(/name="minutes"[^>]* value="(\d+)"/.exec((await session.get(page)).text)?.[1]);
  const extend = () => session.post(page, `${page}/extend`, { minutes: String(offered) });
  expect((await extend()).status).toBe(303);
  const { text } = await session.get(page);
  expect(text).toContain(`The limit is ${offered} min over all attempts`);
  expect(Number(/name="minutes"[^>]* value="(\d+)"/.exec(text)?.[1])).toBeGreaterThan(offered);
  const again = await extend();
  expect(again.status).toBe(422);
  expect(again.text).toContain(`The new limit must be longer than the old one (${offered * 60} seconds now).`);
  // It is said on the page of the job, and the form there asks for more than there is.
  expect(again.text).toContain(`data-job="${id}"`);
  expect(again.text).toMatch(new RegExp(`name="minutes" min="${offered + 1}"`));
  expect(again.text).not.toContain('http-equiv="refresh"');
  const none = await session.post(page, `${page}/extend`, { minutes: 'soon' });
  expect([none.status, none.text]).toEqual([422, expect.stringContaining('“soon” is no number of minutes.')]);
  expect(none.text).toContain(`data-job="${id}"`);
  expect(pages.asked.filter((asked) => asked.startsWith(`extend ${id}`))).toHaveLength(1);
});

test('names what goes and what stays before a job is deleted', async () => {
  const dataset = await pages.seed.dataset();
  const job = await pages.seed.job({ name: 'to go', dataset, phase: 'done', outcome: 'cancelled', done_at_ms: 3 });
  const page = await session.get(`/jobs/${job.id}/delete`);
  expect(page.text).toContain('This goes, for good');
  const gone = await session.post(`/jobs/${job.id}/delete`, `/jobs/${job.id}/delete`);
  expect(gone.headers['location']).toBe('/jobs');
  expect((await session.get(`/jobs/${job.id}`)).status).toBe(404);
});

test('searches the whole log with a true count and leads to the line', async () => {
  const { text } = await session.get(`/jobs/${stories.training}/log?q=MEMORY`);
  expect(text).toContain('<b>3 lines</b> hold “MEMORY”');
  expect(text).toMatch(/href="\/jobs\/[^"]+#L8"/);
  const raw = await session.get(`/jobs/${stories.training}/log/raw`);
  expect(raw.text.split('\n')).toHaveLength(61);
});

test('a prediction shows its first rows, what was added first, and three downloads', async () => {
  const { text } = await session.get(`/predictions/${stories.prediction}`);
  const heads = [...text.matchAll(/<th scope="col" class="([^"]*)">([^<]+)/g)].map(([, look, name]) => [name, look]);
  expect(heads.slice(0, 2)).toEqual([
    ['churned_predicted', 'new'],
    ['churned_probability_no', 'new num'],
  ]);
  expect(text).toContain('3 of 10,000 rows');
  expect(text).toContain('missing');
  for (const format of ['csv', 'json', 'parquet']) expect(text).toContain(`/output.${format}"`);
});

test('makes one prediction of an upload that is sent several times at once, another of another file', async () => {
  const page = `/models/${stories.model}/predict`;
  const form = await session.get(page);
  const { id: given, ...fields } = fieldsOf(form.text, `${page}/upload`);
  const id = String(given);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const names = [...form.text.matchAll(/<dt class="break">([^<]+)/g)].map(([, name]) => name);
  const row = (value: string) => names.map((name) => (name === 'signup' ? `2024-01-0${value}` : value)).join(',');
  const table = (value: string) => `${names.join(',')}\n${`${row(value)}\n`.repeat(5)}`;
  const send = (content: string) =>
    session.agent
      .post(`${page}/upload`)
      .field({ ...(fields as Record<string, string>), id })
      .attach('file', Buffer.from(content), 'twice.csv');
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(table('1'))));
  expect(new Set(answers.map(({ headers }) => headers['location']))).toEqual(new Set([`/predictions/${id}`]));
  const other = await send(table('2'));
  expect(other.status).toBe(303);
  expect(other.headers['location']).not.toBe(`/predictions/${id}`);
});

test('calls engines and types of columns as people do', async () => {
  const { text } = await session.get(`/models/${stories.model}`);
  expect(text).toContain('AutoGluon');
  for (const path of [`/models/${stories.model}`, `/models/${stories.model}/predict`])
    expect([path, /VARCHAR|BIGINT|DOUBLE/.exec((await session.get(path)).text)]).toEqual([path, null]);
  for (const path of ['/', '/models', '/jobs'])
    expect([path, />(sklearn|autogluon)</.exec((await session.get(path)).text)]).toEqual([path, null]);
});

test('what runs is named by its engine, and a prediction by its model and its data', async () => {
  const { text } = await session.get('/');
  expect(text).toMatch(/>AutoGluon · \d/);
  const recent = text.slice(text.indexOf('Recent results'));
  expect(recent).toMatch(new RegExp(`href="/predictions/${stories.prediction}">[^<]+ on [^<]+\\.csv<`));
});

test('tells the date of prices only where something has a price', async () => {
  const { seed, stores } = pages;
  const dataset = await seed.dataset();
  const { id } = await seed.job({
    dataset,
    phase: 'done',
    outcome: 'cancelled',
    done_at_ms: 3,
    cost_micros: 0,
    cost_is_final: 1,
    price_list_date: '2026-11-01',
  });
  await seed.resources('job', id, 1, { ended_at_ms: 3, state: 'gone' });
  expect((await session.get(`/jobs/${id}`)).text).toContain('Prices of 2026-11-01');
  await stores.database.run(undefined, (db) =>
    db('resources').where('holder_id', id).update({ price_per_hour_micros: 0 }),
  );
  const { text } = await session.get(`/jobs/${id}`);
  expect(text).toContain('Its machine has no price.');
  expect(text).not.toContain('Prices of');
});

test('the live parts of an open job hold the line of machines', async () => {
  const { text } = await session.get(`/jobs/${stories.training}/live`);
  expect(text).toMatch(/id="machines-chip"[^>]*data-live>\d+ machine/);
});

test('serves a report so that it can do nothing', async () => {
  const path = join(pages.folder, 'report.html');
  await writeFile(path, '<h1>Report</h1><script>alert(1)</script>');
  await pages.store.put(`models/${stories.model}/report.html`, path);
  const { status, headers, text } = await session.get(`/models/${stories.model}/report.html`);
  expect(status).toBe(200);
  expect(text).toContain('Report');
  expect(headers['content-security-policy']).toContain('sandbox');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-disposition'] ?? '').not.toContain('attachment');
});

test('reads lines of a log that lie in a chunk file and in the tail as one', async () => {
  const dataset = await pages.seed.dataset();
  const job = await pages.seed.job({ dataset, phase: 'done', outcome: 'cancelled', done_at_ms: 3 });
  const file = join(pages.folder, 'chunk.gz');
  await writeFile(file, gzipSync(`${JSON.stringify([1000, 'o', 1, 'from the chunk'])}\n`));
  await pages.store.put(`logs/job-${job.id}/1.jsonl.gz`, file);
  await pages.stores.database.run(undefined, (db) =>
    db('log_chunks').insert({
      holder_kind: 'job',
      holder_id: job.id,
      first_line: 1,
      line_count: 1,
      bytes: 30,
      object: `logs/job-${job.id}/1.jsonl.gz`,
    }),
  );
  await pages.stores.database.run(undefined, (db) =>
    db('log_tail').insert({
      holder_kind: 'job',
      holder_id: job.id,
      first_line: 2,
      line_count: 1,
      bytes: 30,
      lines_json: JSON.stringify([[2000, 'e', 1, 'from the tail']]),
    }),
  );
  const { text } = await session.get(`/jobs/${job.id}`);
  expect(text).toMatch(/id="L1"[\s\S]*from the chunk[\s\S]*id="L2"[\s\S]*from the tail/);
});

test('what is not removed for ten minutes is a red banner with age, price and command', async () => {
  const own = await openPageApp();
  try {
    const bucket = await seedStuck(own.seed);
    const home = await formSession(own.app).get('/');
    expect(home.text).toContain(`Not removed: bucket ${bucket}`);
    expect(home.text).toContain('asked for 14 min ago');
    expect(home.text).toContain('permission denied');
    expect(home.text).toContain('$0.38 an hour');
  } finally {
    await own.close();
  }
});

test('machines says what the cloud itself has, also what our ledger does not know', async () => {
  const own = await openPageApp();
  try {
    const id = '7b0f7a5e-1111-4111-8111-111111111111';
    await own.cloud.createBucket({ kind: 'job', id, installationId: 'pages', owner: 'ada' });
    const { text } = await formSession(own.app).get('/machines');
    expect(text).toMatch(/Kept for good[^]*\d+ (bytes|KB|MB|GB)[^]*365 days/);
    expect(text).toContain('asked at');
    expect(text).toContain('1 orphan, asked at');
    expect(text).toContain(`ty-j-${id}`);
  } finally {
    await own.close();
  }
});

test('an empty yard says why it is empty and offers a sample that leads to the form', async () => {
  const own = await openPageApp();
  try {
    const empty = formSession(own.app);
    const home = await empty.get('/');
    expect(home.text).toContain('Nothing is here yet');
    const sample = await empty.post('/', '/data/samples', { sample: 'diabetes' });
    expect(sample.status).toBe(303);
    const form = await empty.get(sample.headers['location'] as string);
    expect(form.text).toContain('Column to predict');
    for (const path of ['/jobs', '/models', '/predictions', '/machines']) {
      expect((await empty.get(path)).text).toMatch(/class="empty"/);
    }
  } finally {
    await own.close();
  }
});

test('an address that is not here says what to do, with a request id', async () => {
  for (const path of ['/jobs/nope', '/jobs/7b0f7a5e-2222-4222-8222-222222222222', '/models/x', '/nowhere']) {
    const { status, text } = await session.get(path);
    expect([path, status]).toEqual([path, 404]);
    expect(text).toContain('What to do');
    expect(text).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  }
});
