import type { Browser } from 'playwright-core';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { seedStories } from '../web/seed-stories.ts';
import { openBrowser, violations, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;

beforeAll(async () => {
  pages = await openPageApp();
  await seedStories(pages.seed);
  address = await pages.listen();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

test('the yard follows by itself, within its policy', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/`);
  await page.evaluate('document.body.dataset.here = "yes"');
  await pages.seed.job({ name: 'just came', dataset: await pages.seed.dataset() });
  await page.getByRole('link', { name: 'just came' }).waitFor({ timeout: 10_000 });
  expect(await page.evaluate('document.body.dataset.here')).toBe('yes');
  expect(complaints).toEqual([]);
  await close();
});

test('jobs are narrowed while one types, and the address says so', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/jobs`);
  const search = page.getByLabel('Name, data or engine');
  await search.pressSequentially('winter');
  await page.waitForURL(/q=winter/);
  await page.getByRole('link', { name: 'churn-spring', exact: true }).waitFor({ state: 'detached' });
  expect(await page.getByRole('link', { name: 'churn-winter', exact: true }).isVisible()).toBe(true);
  expect(await search.inputValue()).toBe('winter');
  await page.getByLabel('Status').selectOption('failed');
  await page.getByText('No job fits this filter.').waitFor();
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('another column to predict brings another guess', async () => {
  const { page, complaints, close } = await visit(browser);
  const dataset = await pages.seed.dataset();
  await page.goto(`${address}/jobs/new?dataset=${dataset.id}`);
  await page.getByLabel('Name', { exact: true }).fill('kept as it is');
  await page.getByLabel('Column to predict').selectOption('monthly_fee');
  await page
    .locator('[name="task.kind"] option[value="regression"]:checked')
    .waitFor({ state: 'attached', timeout: 5000 });
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('kept as it is');
  expect(complaints).toEqual([]);
  await close();
});
