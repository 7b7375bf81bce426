import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { waitFor } from '../e2e/running-yard.ts';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { openBrowser, overflow, violations, visit } from './open-browser.ts';

const digits = join(import.meta.dirname, '../../trainer-image/samples/digits.npz');
let pages: PageApp;
let browser: Browser;
let address: string;

beforeAll(async () => {
  pages = await openPageApp({ uploadLimitMb: 50 });
  address = await pages.listen();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

test.each([
  ['a desk', { width: 1280, height: 900 }],
  ['a phone', { width: 390, height: 844 }],
])('shows the images of a dataset on %s', async (_, viewport) => {
  const { page, complaints, close } = await visit(browser, { viewport });
  await page.goto(`${address}/data`);
  await page.getByLabel('File', { exact: true }).setInputFiles(digits);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  const first = page.locator('#rows img').first();
  await first.scrollIntoViewIfNeeded();
  // The image itself is there, not only its place.
  const shown = 'const image = document.querySelector("#rows img"); image.decode().then(() => image.naturalWidth)';
  expect(await page.evaluate(shown)).toBe(8);
  expect(await page.locator('#rows img').count()).toBe(50);
  expect(await violations(page)).toEqual([]);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
  await close();
});

test('shows the images beside the steps of a recipe, those of the very rows', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/data`);
  await page.getByLabel('File', { exact: true }).setInputFiles(digits);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  const [, id] = /([0-9a-f-]{36})$/.exec(page.url()) ?? [];
  await page.goto(`${address}/recipes/new?dataset=${id}`);
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.waitForURL(/\/recipes\/[0-9a-f-]{36}/);
  const images = page.locator('table.grid img.thumbnail');
  await images.nth(49).waitFor();
  expect(await images.nth(3).getAttribute('src')).toBe(`/data/${id}/image?column=image&row=4`);
  await images.first().scrollIntoViewIfNeeded();
  const width = 'document.querySelector("table.grid img.thumbnail").naturalWidth';
  await waitFor('the image is there', async () => (await page.evaluate(width)) === 8);
  expect(complaints).toEqual([]);
  await close();
});
