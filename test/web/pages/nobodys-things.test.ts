import { randomUUID } from 'node:crypto';
import { dollars } from '../../../domain/money.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { openPageApp, type PageApp } from '../page-app.ts';
import { formSession } from './form-session.ts';

const cloud = new SimulatedCloud({ script: () => async () => {}, name: 'gcp' });
let pages: PageApp;
let session: ReturnType<typeof formSession>;
beforeAll(async () => {
  pages = await openPageApp({ clouds: [cloud] });
  session = formSession(pages.app);
});
afterAll(() => pages.close());

const labelsOf = (id: string) => ({ installationId: 'pages', kind: 'job' as const, id, owner: 'ada' });

test('what is there for a job that is done is told as nobody’s, with the command, and when that was asked', async () => {
  const before = await session.get('/machines');
  expect(before.text).toMatch(/0 orphans, asked at \d\d:\d\d/);
  const dataset = await pages.seed.dataset();
  const job = await pages.seed.job({ dataset, phase: 'done', done_at_ms: Date.now(), outcome: 'succeeded' });
  const [open, unknown] = [await pages.seed.job({ dataset, phase: 'training' }), randomUUID()];
  for (const id of [job.id, open.id, unknown]) await cloud.createBucket(labelsOf(id));
  await new Promise((resolve) => setTimeout(resolve, 3100));
  const { body } = await session.agent.get('/api/v1/orphans');
  const gcp = body.find((report: { cloud: string }) => report.cloud === 'gcp');
  expect(gcp).toMatchObject({ things: 3, problem: null });
  expect(
    gcp.orphans.map(({ holder, because }: { holder: { id: string }; because: string }) => [holder.id, because]),
  ).toEqual([
    [job.id, 'the job that it was made for is done'],
    [unknown, 'the job that it was made for is not in the database'],
  ]);
  const { text } = await session.get('/machines');
  expect(text).toMatch(/2 orphans, asked at \d\d:\d\d/);
  expect(text).toContain(gcp.orphans[0].manualRemoval);
}, 20_000);

test('a machine that does not go is a red banner on its job, with age, price and command, also when its cloud is away', async () => {
  const askedAtMs = Date.now() - 11 * 60_000;
  const job = await pages.seed.job({ dataset: await pages.seed.dataset(), phase: 'releasing' });
  const price = { cloud: 'gcp', price_per_hour_micros: dollars(0.4), last_problem: 'Quota of removals is used up.' };
  await pages.seed.resources('job', job.id, 1, {
    ...price,
    started_at_ms: askedAtMs - 3_600_000,
    removal_asked_at_ms: askedAtMs,
  });
  cloud.list = async () => {
    throw new Error('The cloud does not answer.');
  };
  await new Promise((resolve) => setTimeout(resolve, 3100));
  const { text } = await session.get(`/jobs/${job.id}`);
  expect(text).toContain('role="alert"');
  expect(text).toMatch(/✕ Not removed: machine ty-j-/);
  expect(text).toMatch(
    /its removal was asked for 11 min ago and is not confirmed\. It costs \$0\.40 an hour, \$0\.47 so far/,
  );
  expect(text).toContain('Quota of removals is used up.');
  expect(text).toMatch(/By hand:<\/p><pre[^>]*>remove machine ty-j-/);
}, 20_000);
