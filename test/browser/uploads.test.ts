import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { openBrowser, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;
let file: string;

beforeAll(async () => {
  pages = await openPageApp({ uploadLimitMb: 50 });
  address = await pages.listen();
  browser = await openBrowser();
  file = join(pages.folder, 'long.csv');
  // More than two parts of 4 MiB.
  const lines = Array.from({ length: 9000 }, (_, n) => `${n},${'x'.repeat(1000)}`);
  await writeFile(file, `number,text\n${lines.join('\n')}\n`);
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

/** Where each part began; `cut` says which of them, by its place, do not come through. */
async function watchParts(page: Page, cut: (part: number) => boolean): Promise<number[]> {
  const offsets: number[] = [];
  await page.route('**/api/v1/uploads/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    offsets.push(Number(route.request().headers()['upload-offset']));
    return cut(offsets.length) ? route.abort() : route.continue();
  });
  return offsets;
}

async function send(page: Page): Promise<void> {
  await page.getByLabel('File', { exact: true }).setInputFiles(file);
  await page.getByRole('button', { name: 'Upload' }).click();
}

test('an empty file is refused before anything is sent', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/data`);
  await page
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'nothing.csv', mimeType: 'text/csv', buffer: Buffer.alloc(0) });
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByRole('alert').getByText('“nothing.csv” is empty.', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('an upload goes on where it was when the connection comes back', async () => {
  const { page, close } = await visit(browser);
  const offsets = await watchParts(page, (part) => part === 2);
  await page.goto(`${address}/data`);
  await send(page);
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  expect(offsets).toEqual([0, 4_194_304, 4_194_304, 8_388_608]);
  await close();
});

test('an upload goes on after the page was loaded again, once the file is chosen again', async () => {
  const { page, close } = await visit(browser);
  await watchParts(page, (part) => part > 1);
  await page.goto(`${address}/data`);
  await send(page);
  await page.getByText('The connection was lost').waitFor();
  // Away first: what tries again by itself must not come through.
  await page.goto('about:blank');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.goto(`${address}/data`);
  await page.getByText('long.csv is here in part').waitFor();
  const offsets = await watchParts(page, () => false);
  await send(page);
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  expect(offsets).toEqual([4_194_304, 8_388_608]);
  await close();
});

test('an upload can be paused and gone on with', async () => {
  const { page, close } = await visit(browser);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let parts = 0;
  await page.route('**/api/v1/uploads/*', async (route) => {
    if (route.request().method() === 'PATCH' && ++parts === 1) await held;
    await route.continue();
  });
  await page.goto(`${address}/data`);
  await send(page);
  await page.getByRole('button', { name: 'Pause' }).click();
  release();
  await page.getByText('Paused after this part.').waitFor();
  const goOn = page.getByRole('button', { name: 'Go on' });
  expect(await goOn.isVisible()).toBe(true);
  await goOn.click();
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  expect(parts).toBe(3);
  await close();
});
