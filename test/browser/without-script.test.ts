import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openPageApp, type PageApp, tableOf } from '../web/page-app.ts';
import { seedStories } from '../web/seed-stories.ts';
import { openBrowser, violations, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;
let file: string;

beforeAll(async () => {
  pages = await openPageApp();
  address = await pages.listen();
  browser = await openBrowser();
  file = join(pages.folder, 'mornings.csv');
  await writeFile(file, tableOf(150));
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

describe.each([
  ['without JavaScript', false],
  ['with JavaScript', true],
])('%s', (_, javaScriptEnabled) => {
  test('a person comes from an upload over a refused form to a queued job', async () => {
    const { page, complaints, close } = await visit(browser, { javaScriptEnabled });
    await page.goto(`${address}/jobs/new`);
    await page.getByLabel('File', { exact: true }).setInputFiles(file);
    await page.getByRole('button', { name: 'Upload and go on' }).click();
    await page.getByRole('heading', { name: 'What to predict' }).waitFor();
    expect(await page.getByLabel('Column to predict').inputValue()).toBe('happy');

    await page.getByLabel('Time limit, in minutes').fill('soon');
    await page.getByLabel('Name', { exact: true }).fill('mornings');
    await page.getByRole('button', { name: 'Check and confirm' }).click();
    await page.getByRole('heading', { name: 'This cannot be trained yet' }).waitFor();
    expect(await page.getByLabel('Time limit, in minutes').inputValue()).toBe('soon');
    if (javaScriptEnabled) expect(await violations(page)).toEqual([]);

    await page.getByLabel('Time limit, in minutes').fill('2');
    await page.getByRole('button', { name: 'Check and confirm' }).click();
    await page.getByRole('heading', { name: 'What will be made' }).waitFor();
    if (javaScriptEnabled) expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start training' }).dblclick();
    await page.getByRole('heading', { name: 'mornings' }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/jobs\/[0-9a-f-]{36}$/);
    expect(await page.getByText('Queued').first().isVisible()).toBe(true);
    expect(complaints.filter((complaint) => !complaint.includes('422'))).toEqual([]);
    await close();
  });

  test('the settings of an engine appear when it is chosen', async () => {
    const { page, close } = await visit(browser, { javaScriptEnabled });
    const dataset = await pages.seed.dataset();
    await page.goto(`${address}/jobs/new?dataset=${dataset.id}`);
    const setting = page.locator('[name="autogluon.preset"]');
    expect(await setting.isVisible()).toBe(false);
    await page.getByLabel('AutoGluon').check();
    expect(await setting.isVisible()).toBe(true);
    await close();
  });

  test('a file that is refused comes back to its form with the row', async () => {
    const broken = join(pages.folder, 'ragged.csv');
    await writeFile(broken, 'a,b\n1,2\n3\n');
    const { page, close } = await visit(browser, { javaScriptEnabled });
    await page.goto(`${address}/data`);
    await page.getByLabel('File', { exact: true }).setInputFiles(broken);
    await page.getByRole('button', { name: 'Upload' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/Row 2/);
    await alert.getByRole('link', { name: 'Read it in another way' }).click();
    await page
      .getByLabel('Rows that are no rows of the table')
      .selectOption({ label: 'are set aside, with the reason' });
    await page.getByRole('button', { name: 'Read it so' }).click();
    await page.getByRole('heading', { name: 'ragged.csv' }).waitFor();
    await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
    await page.goto(`${address}/data`);
    await page.getByLabel('File', { exact: true }).setInputFiles(file);
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByRole('heading', { name: 'mornings.csv' }).waitFor();
    await close();
  });
});

test('without JavaScript an open job is a plain page with its log and a way to refresh', async () => {
  const stories = await seedStories(pages.seed);
  const { page, close } = await visit(browser, { javaScriptEnabled: false });
  await page.goto(`${address}/jobs/${stories.training}`);
  expect(await page.getByRole('link', { name: 'Refresh' }).isVisible()).toBe(true);
  expect(await page.locator('#log-lines li').count()).toBe(60);
  expect(await page.locator('[data-chart="best"] svg').isVisible()).toBe(true);
  await page.getByRole('button', { name: 'Stop, keep best' }).click();
  await page.getByRole('button', { name: 'Stop and keep the best' }).click();
  await page.getByText('Stopping').waitFor();
  expect(pages.asked).toContain(`stop ${stories.training}`);
  await close();
});
