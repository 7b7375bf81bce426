import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dollars } from '../../../domain/money.ts';
import { openLocalCloud } from '../../../infra/local/local-cloud.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

const folder = mkdtempSync(join(tmpdir(), 'trainyard-billed-'));
const common = { host: 'far', installationId: 'pages', trainerFolder: 'trainer-image', places: 2 };
/** The real house of this machine, under another name and with a price: what it offers is billed. */
const gcp = openLocalCloud({
  ...{ ...common, folder, name: 'gcp', enginePython: async () => 'python3' },
  ...{ pricePerHourMicros: dollars(0.4), heartbeatSeconds: 10, logCapBytes: 1e6 },
});
const aws = new SimulatedCloud({
  script: () => async () => {},
  name: 'aws',
  usual: {
    ...{ name: 'big', title: 'Big', gpus: ['T4'], pricePerHourMicros: dollars(2) },
    ...{ spotPricePerHourMicros: dollars(0.5), diskPricePerHourMicros: dollars(0.1), billedAtLeastSeconds: 60 },
  },
});

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let address = '';
let fields: Record<string, string | string[]>;
let html = '';

beforeAll(async () => {
  const limits = { machines: 3, monthlyMicros: dollars(20) };
  pages = await openPageApp({ clouds: [gcp, aws], workspaceLimits: limits });
  session = formSession(pages.app);
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  address = uploaded.headers['location'] as string;
  html = (await session.get(address)).text;
  fields = fieldsOf(html, '/jobs/confirm');
});
afterAll(async () => {
  await pages.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = (given: Record<string, string | string[]>) =>
  session.post(address, '/jobs/confirm', { ...fields, ...given });
const onAws = { machine: 'aws/big' };

test('offers the machines of every cloud with their prices, and spot only where there is any', () => {
  expect(fields).toMatchObject({ machine: 'local/local', budget: '' });
  expect(html).toContain('Big, $2.00 an hour, as spot $0.50');
  expect(html).toContain('Amazon · T4 · $0.10 of it for its disk · prices of 2026-11-01');
  const marks = [...html.matchAll(/name="machine\.spot" value="([^"]+)"/g)].map(([, value]) => value);
  expect(marks).toEqual(['aws/big']);
});

test('tells the worst case of each machine with its parts, for the limits as they are', async () => {
  // 600 s of training, doubled if extended, and three times 120 + 120 + 600 + 120 s.
  expect(html).toContain('At most $1.93; if extended, at most $2.27. Usually much less.');
  expect(html).toMatch(/Disk, as long as its machine[^]*?\$0\.10 an hour/);
  const { text } = await send({ ...onAws, action: 'count', minutes: '60' });
  expect(text).toContain('At most $3.60; if extended, at most $5.60.');
});

test.each(['gcp/local', 'aws/big'])(
  'a job on %s is refused without a cap, and one that fits is filled in',
  async (machine) => {
    const { status, text } = await send({ machine });
    expect(status).toBe(422);
    expect(text).toContain('A job on a machine that is billed needs a cap.');
    const again = fieldsOf(text, '/jobs/confirm');
    expect(again).toMatchObject({ machine, budget: machine === 'aws/big' ? '2.3' : '0.46' });
    const confirm = await session.post(address, '/jobs/confirm', again);
    expect(confirm.status).toBe(200);
    expect(confirm.text).toContain(machine === 'aws/big' ? '$2.30' : '$0.46');
  },
);

test('the confirm page tells both prices, the cap, and the way from spot to on demand', async () => {
  const { status, text } = await send({ ...onAws, 'machine.spot': 'aws/big', budget: '3' });
  expect(status).toBe(200);
  expect(text).toContain('<span class="bignum">$0.50</span>');
  expect(text).toContain('On demand it costs $2.00 an hour.');
  expect(text).toContain('At least 60 s is billed.');
  expect(text).toContain('up to 3; on demand after 2 on spot');
  expect(text).toContain('On demand, should spot machines not last');
  expect(text).toMatch(/--machine aws\/big[^]*--spot[^]*--budget 3/);
});

test('a spot mark beside another machine says nothing', async () => {
  const { text } = await send({ machine: 'gcp/local', 'machine.spot': ['aws/big'], budget: '1' });
  expect(text).not.toContain('on demand after');
});

test('a machine that costs nothing needs no cap', async () => {
  expect((await send({})).status).toBe(200);
});

test('through the API: without a cap, with spot where there is none, and with all that is needed', async () => {
  const datasetId = fields['datasetId'];
  const ask = async (machine: object, limits: object) => {
    const request = { name: 'x', datasetId, engine: { name: 'sklearn' }, task: { kind: 'binary', labels: ['happy'] } };
    return session.agent.post('/api/v1/jobs').send({ ...request, machine, limits });
  };
  const big = { cloud: 'aws', type: 'big' };
  const without = await ask(big, {});
  expect(without.status).toBe(422);
  expect(JSON.stringify(without.body)).toContain('needs a cap. At worst this one costs $2.27; $2.30 covers all of it.');
  const noSpot = await ask({ cloud: 'gcp', type: 'local', spot: true }, { budgetMicros: dollars(1) });
  expect(JSON.stringify(noSpot.body)).toContain('is not offered as a spot machine');
  const good = await ask({ ...big, spot: true }, { budgetMicros: dollars(1.5), spotAttempts: 1 });
  expect(good.status).toBe(201);
  expect(await pages.stores.jobs.find(good.body.job.id)).toMatchObject({ worst_micros: dollars(1.5) });
});

test('a workspace spends no more in a month than it may, what is open included', async () => {
  const big = { cloud: 'aws', type: 'big' };
  const request = { name: 'x', engine: { name: 'sklearn' }, task: { kind: 'binary', labels: ['happy'] }, machine: big };
  const limits = { trainingSeconds: 36_000, budgetMicros: dollars(18.6) };
  const ask = (budgetMicros: number) =>
    session.agent
      .post('/api/v1/jobs')
      .send({ ...request, datasetId: fields['datasetId'], limits: { ...limits, budgetMicros } });
  const refused = await ask(dollars(18.6));
  expect(refused.status).toBe(422);
  expect(JSON.stringify(refused.body)).toContain(
    'This workspace may spend $20.00 a month; $0.00 is spent and what is open may come to $1.50, which leaves $18.50, and this may come to $18.60.',
  );
  // Two that would fit alone, at once: one of them is too much.
  const both = await Promise.all([ask(dollars(10)), ask(dollars(10))]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422]);
  const { text } = await session.get('/machines');
  expect(text).toMatch(
    /Limits of this workspace[^]*Machines now<\/dt><dd>0 of 3[^]*Open work may come to<\/dt><dd>\$11\.50[^]*\$20\.00/,
  );
});
