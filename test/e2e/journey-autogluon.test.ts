import type { Page } from 'playwright-core';
import type { Visit } from '../browser/open-browser.ts';
import {
  download,
  faultsOf,
  idOf,
  type Journey,
  openJourney,
  press,
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
import { deliveries } from './made-tables.ts';

let journey: Journey;
let person: Visit;
let page: Page;
let job: string;

beforeAll(async () => {
  journey = await openJourney();
  person = await journey.open();
  page = person.page;
}, 120_000);
afterAll(async () => {
  await journey?.close();
}, 60_000);

/** The environment is made within the job when it is not there yet: the better part of a gigabyte. */
const madeWithin = 900;

test(
  'a CSV with a number to predict becomes an AutoGluon model, on a page that follows',
  async () => {
    await page.goto('/jobs/new');
    await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('deliveries.csv', deliveries(600)));
    await press(page, 'Upload and go on');
    await page.getByRole('heading', { name: 'What to predict' }).waitFor();
    expect(await page.getByLabel('Column to predict').inputValue()).toBe('minutes');
    expect(await page.getByLabel('What it is').inputValue()).toBe('regression');

    await page.getByLabel('AutoGluon').check();
    await page.getByLabel('Quality').selectOption('medium');
    await page.getByLabel('Time limit, in minutes').fill('0.5');
    await page.getByLabel('Name', { exact: true }).fill('how long it takes');
    expect(await faultsOf(page, 'a1-new-job')).toEqual([]);
    await press(page, 'Check and confirm');
    await checkConfirmation(page);
    expect(await page.getByText('30 s of training').isVisible()).toBe(true);
    expect(await faultsOf(page, 'a2-confirm')).toEqual([]);
    await press(page, 'Start training');

    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    await watchLive(page);
    job = idOf(page);
    await untilFitted(page, 1, madeWithin);
    expect(await faultsOf(page, 'a3-training')).toEqual([]);
    await untilDone(page, 'Succeeded');
    await checkFollowed(page);
  },
  (madeWithin + 120) * 1000,
);

test('the result shows its errors, and its model comes as one signed archive', async () => {
  await page.locator('#result').waitFor();
  expect(await page.locator('#result .bignum').count()).toBe(2);
  expect(await page.locator('#leaderboard tbody tr').count()).toBeGreaterThan(2);
  expect(await page.getByRole('heading', { name: 'Predicted and actual' }).isVisible()).toBe(true);
  expect(await page.locator('circle.dot').count()).toBe(120);
  expect(await page.getByRole('img', { name: /^Histogram of errors/ }).isVisible()).toBe(true);
  await checkLog(page, journey, job);
  expect(await page.getByText('Really gone').isVisible()).toBe(true);
  expect(await faultsOf(page, 'a4-done')).toEqual([]);

  checkArchive(await download(page, 'Download'));
  await page.getByRole('link', { name: 'The model', exact: true }).click();
  await page.getByRole('heading', { name: 'Use it outside' }).waitFor();
  expect(await faultsOf(page, 'a5-model')).toEqual([]);
  await checkReport(page, journey, 'a6-report');
}, 60_000);

test('new data is predicted, every row in its order, and better than by the mean', async () => {
  const known = deliveries(200, { seed: 12, first: 601 });
  const text = deliveries(200, { seed: 12, first: 601, withLabel: false });
  await page.goto(`/models/${job}/predict`);
  await page.getByLabel('File', { exact: true }).setInputFiles(journey.file('tomorrow.csv', text));
  await press(page, 'Upload and predict');
  await page.waitForURL(/\/predictions\/[0-9a-f-]{36}$/);
  await untilDone(page, 'Succeeded');
  expect(await faultsOf(page, 'a7-predicted')).toEqual([]);
  const rows = await checkPredicted(page, { text, key: 'parcel', label: 'minutes' });
  const actual = known
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
  const mean = actual.reduce((sum, minutes) => sum + minutes) / actual.length;
  const errorOf = (said: (index: number) => number) =>
    actual.reduce((sum, minutes, index) => sum + Math.abs(minutes - said(index)), 0);
  const error = errorOf((index) => Number(rows[index]?.['minutes_predicted']));
  expect(error).toBeLessThan(errorOf(() => mean) / 2);
  expect(person.complaints).toEqual([]);
}, 120_000);
