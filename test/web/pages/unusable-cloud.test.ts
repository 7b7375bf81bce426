import { absentCloud } from '../../../infra/absent-cloud.ts';
import type { Cloud } from '../../../infra/cloud.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

/** A cloud that cannot be used is offered with its reason and what mends it, and keeps nobody from this machine. */

const reason = 'The price list of 2026-11-01 has no zone “us-centrl1-a”.';
const mend = 'gcpZones takes zones of us-central1.';
const gcp = absentCloud('gcp', { reason, mend }, ({ name }) => `gcloud remove ${name}`);
const aws: Cloud = Object.assign(
  new SimulatedCloud({ script: () => async () => {}, name: 'aws', usual: { name: 'big', title: 'Big' } }),
  { obstacleTo: async () => ({ reason: 'There is no image.', mend: 'make-image now' }) },
);

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let address = '';
beforeAll(async () => {
  pages = await openPageApp({ clouds: [gcp, aws] });
  session = formSession(pages.app);
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  address = uploaded.headers['location'] as string;
});
afterAll(() => pages.close());

test('the form says why and what to do, and takes a job on this machine', async () => {
  const { text } = await session.get(address);
  expect(text).toContain('<h3>Google cannot be used</h3>');
  expect(text).toContain(reason);
  expect(text).toContain(mend);
  const fields = fieldsOf(text, '/jobs/confirm');
  expect((await session.post(address, '/jobs/confirm', fields)).status).toBe(200);
});

test.each([
  ['gcp/e2-standard-2', `gcp cannot be used: ${reason} ${mend}`],
  ['aws/big', 'There is no image. make-image now'],
])('a job on %s is refused with the same words, before anything is accepted', async (machine, words) => {
  const fields = fieldsOf((await session.get(address)).text, '/jobs/confirm');
  const { status, text } = await session.post(address, '/jobs/confirm', { ...fields, machine, budget: '5' });
  expect([status, text.includes(words)]).toEqual([422, true]);
});

test('the page of machines says it, too, and that it could not be asked', async () => {
  const { text } = await session.get('/machines');
  expect(text).toContain('<h3>Google cannot be used</h3>');
  expect(text).toContain('could not be asked: The price list of');
});
