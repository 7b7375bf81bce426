import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { dollars } from '../../../domain/money.ts';
import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

/** Nobody logs in to a machine unless that was asked for; then the job's page says how. */

const gcp = Object.assign(
  new SimulatedCloud({
    script: () => async () => {},
    name: 'gcp',
    usual: { name: 'big', pricePerHourMicros: dollars(1) },
  }),
  { loginCommand: ({ name, zone }: { name: string; zone: string }) => `gcloud compute ssh ${name} --zone ${zone}` },
);

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let address = '';
let fields: Record<string, string | string[]>;
beforeAll(async () => {
  pages = await openPageApp({ clouds: [gcp] });
  session = formSession(pages.app);
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  address = uploaded.headers['location'] as string;
  fields = fieldsOf((await session.get(address)).text, '/jobs/confirm');
});
afterAll(() => pages.close());

const onBig = { machine: 'gcp/big', budget: '5' };

/** As when its machine stands. */
async function runningJob(given: Record<string, string>): Promise<string> {
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, ...onBig, ...given });
  expect(confirm.status).toBe(200);
  const accepted = await session.post(address, '/jobs', fieldsOf(confirm.text, '/jobs'));
  const href = String(accepted.headers['location']);
  const ref = { kind: 'job' as const, id: href.split('/').at(-1) as string, attempt: 1 };
  const times = { endsAtMs: Date.now() + 600_000, deadlineAtMs: Date.now() + 300_000, limitedBy: 'time' as const };
  await pages.stores.attempts.open(ref, {
    ...{ machineName: 'ty-machine', machineType: 'big', cloud: 'gcp', spot: false, ...times },
    ...{ pricePerHourMicros: dollars(1), priceListDate: '2026-11-01' },
  });
  await pages.stores.attempts.standsIn(ref, 'us-central1-a');
  return href;
}

test('is off on the form, and told on the confirm page with its flag', async () => {
  expect(fields).not.toHaveProperty('machine.ssh');
  const { text } = await session.post(address, '/jobs/confirm', { ...fields, ...onBig, 'machine.ssh': 'on' });
  expect(text).toContain('SSH access');
  expect(text).toContain('--ssh');
});

test('the page of a job has the command where it was asked for, and not otherwise', async () => {
  const command = 'gcloud compute ssh ty-machine --zone us-central1-a';
  const asked = await runningJob({ 'machine.ssh': 'on' });
  expect((await session.get(asked)).text).toContain(command);
  fields = fieldsOf((await session.get(address)).text, '/jobs/confirm');
  expect((await session.get(await runningJob({}))).text).not.toContain(command);
});

test('it is refused for this computer, where nobody logs in', async () => {
  const given = { ...fields, machine: 'local/local', 'machine.ssh': 'on' };
  const { status, text } = await session.post(address, '/jobs/confirm', given);
  expect([status, text.includes('Leave SSH access out.')]).toEqual([422, true]);
  expect(fieldsOf(text, '/jobs/confirm')).toMatchObject({ 'machine.ssh': 'on' });
});
