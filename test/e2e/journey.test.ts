import type { Page } from 'playwright-core';
import type { Visit } from '../browser/open-browser.ts';
import {
  download,
  faultsOf,
  idOf,
  type Journey,
  openJourney,
  press,
  sendTwice,
  untilDone,
  untilFitted,
  watchLive,
} from './journey.ts';
import {
  checkArchive,
  checkConfirmation,
  checkFollowed,
  checkLog,
  checkPredicted,
  checkReport,
} from './journey-checks.ts';
import { customers } from './made-tables.ts';

let journey: Journey;
let person: Visit;
let page: Page;
/** The job that succeeds first, and its model: they have the same id. */
let first: string;

const unseen = customers(250, { seed: 9, first: 601, withLabel: false });

beforeAll(async () => {
  // One place: what comes second waits for what runs.
  journey = await openJourney({ TRAINYARD_LOCAL_PLACES: '1' });
  person = await journey.open();
  page = person.page;
}, 120_000);
afterAll(async () => {
  await journey?.close();
}, 60_000);

const jobsCalled = async (name: string) => {
  const { items } = await journey.api.json<{ items: { id: string; name: string }[] }>('/jobs');
  return items.filter((job) => job.name === name);
};

async function untilTraining(): Promise<void> {
  await page.locator('#status', { hasText: 'Training' }).waitFor({ timeout: 60_000 });
}

test('a broken CSV comes back with its row and what to do, and nothing is kept of it', async () => {
  await page.goto('/');
  expect(await faultsOf(page, '01-first-visit')).toEqual([]);
  await page.getByRole('link', { name: 'Upload data' }).click();
  const broken = customers(20).replace(/^(C-00012),[^,]*,/m, '$1,');
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('broken.csv', broken));
  await press(page, 'Upload and go on');
  const alert = page.getByRole('alert');
  await alert.waitFor();
  const told = (await alert.textContent()) ?? '';
  expect(told).toMatch(/Row 12\b.*7 columns.*8 columns/);
  expect(told.match(/Row 12\b/g)).toHaveLength(1);
  expect(await faultsOf(page, '02-broken-file')).toEqual([]);

  const odd = customers(20).replace(/^(C-00007,[^,]*,)/m, '$1\0');
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('odd.csv', odd));
  await press(page, 'Upload and go on');
  await page.getByRole('alert').getByText('NUL').first().waitFor();
  expect(await page.getByRole('alert').textContent()).toMatch(/[Rr]ow 7\b.*column “plan”.*Export the file again/s);
  expect(await journey.api.json('/datasets')).toMatchObject({ total: 0 });
});

test('a CSV becomes a model on a page that follows, and a double click starts one job', async () => {
  await page.goto('/jobs/new');
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('customers.csv', customers(600)));
  await press(page, 'Upload and go on');
  await page.getByRole('heading', { name: 'What to predict' }).waitFor();
  expect(await page.getByLabel('Column to predict').inputValue()).toBe('leaves');
  expect(await page.getByLabel('What it is').inputValue()).toBe('binary');
  expect(await page.getByText('“no” and “yes”').isVisible()).toBe(true);
  for (const [column, kind] of [
    ['plan', 'multiclass'],
    ['leaves', 'binary'],
  ] as const) {
    await page.getByLabel('Column to predict').selectOption(column);
    await page.locator(`[name="task.kind"]:has(option:checked[value="${kind}"])`).waitFor();
  }

  await page.getByLabel('scikit-learn').check();
  await page.getByLabel('Trees', { exact: true }).fill('120');
  await page.getByLabel('Time limit, in minutes').fill('0.3333');
  await page.getByLabel('Name', { exact: true }).fill('who leaves');
  expect(await faultsOf(page, '03-new-job')).toEqual([]);
  await press(page, 'Check and confirm');

  await checkConfirmation(page);
  expect(await page.getByText('20 s of training').isVisible()).toBe(true);
  expect(await page.locator('dl', { hasText: 'Trees' }).last().textContent()).toContain('120');
  expect(await faultsOf(page, '04-confirm')).toEqual([]);
  const [led, ledAgain] = await sendTwice(page);
  expect(ledAgain).toBe(led);
  await page.getByRole('button', { name: 'Start training' }).dblclick();

  await page.waitForURL(String(led));
  await watchLive(page);
  first = idOf(page);
  await untilFitted(page, 1);
  expect(await faultsOf(page, '05-training')).toEqual([]);
  await untilDone(page, 'Succeeded');

  await checkFollowed(page);
  expect(await jobsCalled('who leaves')).toEqual([expect.objectContaining({ id: first })]);
}, 120_000);

test('the result says what it is worth, and the log is there to its last line', async () => {
  await page.locator('#result').waitFor();
  const scores = await page.locator('#result .bignum').allTextContents();
  expect(scores).toHaveLength(2);
  for (const score of scores) expect(Number.parseFloat(score)).toBeGreaterThan(0.7);
  const cells = await page.locator('table.matrix td.right, table.matrix td.wrong').allTextContents();
  expect(cells.map((cell) => Number.parseInt(cell, 10)).reduce((sum, count) => sum + count)).toBe(120);
  expect(await page.getByRole('list', { name: /^Importance of columns/ }).isVisible()).toBe(true);

  await checkLog(page, journey, first);
  expect(await page.getByText('Really gone').isVisible()).toBe(true);
  expect(await faultsOf(page, '06-done')).toEqual([]);
});

test('the model comes as one signed archive, with its full report', async () => {
  await page.getByRole('link', { name: 'The model', exact: true }).click();
  await page.getByRole('heading', { name: 'Use it outside' }).waitFor();
  expect(await faultsOf(page, '07-model')).toEqual([]);
  checkArchive(await download(page, 'Download the archive'));
  await checkReport(page, journey, '08-report');
});

test('new data is predicted: first rows on the page, all rows as CSV and JSON in their order', async () => {
  await page.goto(`/models/${first}/predict`);
  expect(await faultsOf(page, '09-predict')).toEqual([]);
  const partial = unseen.replace('calls to support', 'calls');
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('partial.csv', partial));
  await press(page, 'Upload and predict');
  await page.getByRole('alert').getByText('“calls to support”').first().waitFor();
  expect(await faultsOf(page, '10-lacks-a-column')).toEqual([]);
  expect(await journey.api.json('/datasets')).toMatchObject({ total: 1 });

  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('unseen.csv', unseen));
  await press(page, 'Upload and predict');
  await page.waitForURL(/\/predictions\/[0-9a-f-]{36}$/);
  expect(await faultsOf(page, '11-predicting')).toEqual([]);
  await untilDone(page, 'Succeeded');
  expect(await faultsOf(page, '12-predicted')).toEqual([]);
  const rows = await checkPredicted(page, { text: unseen, key: 'customer', label: 'leaves' });
  expect(new Set(rows.map((row) => row['leaves_predicted']))).toEqual(new Set(['yes', 'no']));
  for (const row of rows) {
    const [no, yes] = [Number(row['leaves_probability_no']), Number(row['leaves_probability_yes'])];
    expect(no + yes).toBeCloseTo(1, 5);
  }
}, 90_000);

test('“train again like this” brings every field, and “cancel” asks before it ends the job', async () => {
  await page.goto(`/jobs/${first}`);
  await page.getByRole('link', { name: 'Train again like this' }).click();
  await page.getByRole('heading', { name: 'What to predict' }).waitFor();
  expect(await page.getByLabel('Column to predict').inputValue()).toBe('leaves');
  expect(await page.getByLabel('scikit-learn').isChecked()).toBe(true);
  expect(await page.getByLabel('Trees', { exact: true }).inputValue()).toBe('120');
  expect(await page.getByLabel('Time limit, in minutes').inputValue()).toBe('20 s');
  expect(await faultsOf(page, '13-train-again')).toEqual([]);
  // Long enough to be caught in the middle, however slow the host.
  await page.getByLabel('Algorithm', { exact: true }).selectOption('hist_gradient_boosting');
  await page.getByLabel('Trees', { exact: true }).fill('5000');
  await page.locator('#f-sklearn-learning-rate').fill('0.00001');
  await page.getByLabel('Time limit, in minutes').fill('5');
  await page.getByLabel('Name', { exact: true }).fill('to be cancelled');
  await press(page, 'Check and confirm');
  await press(page, 'Start training');
  await untilTraining();
  await press(page, 'Cancel to be cancelled');
  const question = page.getByRole('dialog', { name: 'Cancel to be cancelled?' });
  await question.getByRole('button', { name: 'Leave it running' }).click();
  await question.waitFor({ state: 'hidden' });
  await press(page, 'Cancel to be cancelled');
  await question.getByRole('button', { name: 'Cancel it' }).click();
  await untilDone(page, 'Cancelled');
  await page.getByText('Really gone').waitFor();
  expect(await faultsOf(page, '14-cancelled')).toEqual([]);
}, 90_000);

test('“continue” starts from the model, which is not deleted meanwhile; “stop” keeps the best', async () => {
  await page.goto(`/jobs/${first}`);
  await page.getByRole('link', { name: 'Continue', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill('who leaves, longer');
  await page.getByLabel('Time limit, in minutes').fill('5');
  expect(await faultsOf(page, '15-continue')).toEqual([]);
  await press(page, 'Check and confirm');
  await press(page, 'Start training');
  await untilTraining();
  const second = idOf(page);
  await page.locator('#from').getByRole('link', { name: 'who leaves', exact: true }).waitFor();

  await page.goto(`/models/${first}/predict`);
  const datasets = page.getByLabel('Dataset');
  const chosen = await datasets.locator('option', { hasText: 'unseen.csv' }).getAttribute('value');
  await datasets.selectOption(chosen);
  await press(page, 'Predict on it');
  await page.waitForURL(/\/predictions\/[0-9a-f-]{36}$/);
  await page.locator('#status', { hasText: 'Queued' }).waitFor();
  const waiting = page.url();
  expect(await faultsOf(page, '16-waiting')).toEqual([]);
  await page.goto(`/models/${first}/delete`);
  await page.getByText('is in use by').waitFor();
  expect(await page.getByRole('button', { name: 'Delete it' }).count()).toBe(0);
  expect(await faultsOf(page, '17-in-use')).toEqual([]);

  await page.goto(`/jobs/${second}`);
  await untilFitted(page, 2);
  await press(page, 'Stop, keep best');
  await press(page, 'Stop and keep the best');
  await untilDone(page, 'Succeeded');
  expect(await page.getByText('Stopped when asked; the best so far was kept.').first().isVisible()).toBe(true);
  expect(await page.locator('#result .bignum').count()).toBe(2);
  await page.locator('#from').getByRole('link', { name: 'who leaves', exact: true }).click();
  await page.locator('#from').getByRole('link', { name: 'who leaves, longer' }).waitFor();
  await page.goto(waiting);
  await untilDone(page, 'Succeeded');
}, 120_000);

test('without JavaScript: from an upload over the confirmation to a result', async () => {
  const plain = await journey.open({ javaScriptEnabled: false });
  await plain.page.goto('/jobs/new');
  await plain.page
    .getByLabel('File', { exact: true })
    .setInputFiles(journey.file('more.csv', customers(200, { seed: 3 })));
  await press(plain.page, 'Upload and go on');
  await plain.page.getByLabel('scikit-learn').check();
  await plain.page.getByLabel('Algorithm', { exact: true }).selectOption('linear');
  await plain.page.getByLabel('Name', { exact: true }).fill('plain');
  await plain.page.getByLabel('Time limit, in minutes').fill('1');
  await press(plain.page, 'Check and confirm');
  await plain.page.getByRole('button', { name: 'Start training' }).dblclick();
  await plain.page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  const [job, ...others] = await jobsCalled('plain');
  expect(others).toEqual([]);
  await journey.api.done(String(job?.id));
  await plain.page.goto(`/jobs/${job?.id}`);
  expect(await plain.page.locator('#status').textContent()).toContain('Succeeded');
  expect(await plain.page.locator('#result .bignum').count()).toBe(2);
  expect(await plain.page.locator('#log-lines li').last().isVisible()).toBe(true);
  await plain.close();
}, 90_000);

test.each([
  ['Breast cancer', 'diagnosis', 'binary'],
  ['Diabetes progression', 'progression', 'regression'],
])('the sample “%s” is one click away, with label and task filled in', async (title, label, kind) => {
  await page.goto('/data');
  await page.getByRole('button', { name: title }).click();
  await page.getByRole('heading', { name: 'What to predict' }).waitFor();
  expect(await page.getByLabel('Column to predict').inputValue()).toBe(label);
  expect(await page.getByLabel('What it is').inputValue()).toBe(kind);
  await press(page, 'Check and confirm');
  await page.getByRole('heading', { name: 'What will be made' }).waitFor();
});

test('the lists that it all left are sound, and the browser had nothing to complain of', async () => {
  const found: Record<string, string[]> = {};
  for (const path of ['/', '/jobs', '/data', '/models', '/predictions', '/machines', `/jobs/${first}/log`]) {
    await page.goto(path);
    const faults = await faultsOf(page, `20-${path.replace(first, '').replaceAll(/\W+/g, '-')}`);
    if (faults.length > 0) found[path] = faults;
  }
  expect(found).toEqual({});
  // A refused form is answered with 422, which the browser notes as an error of loading.
  expect(person.complaints.filter((complaint) => !complaint.includes('422'))).toEqual([]);
}, 60_000);
