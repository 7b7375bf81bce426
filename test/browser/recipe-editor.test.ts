import type { Browser, Page } from 'playwright-core';
import { makeRecipe } from '../web/make-recipe.ts';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { openBrowser, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;
let recipe: string;

beforeAll(async () => {
  pages = await openPageApp();
  address = await pages.listen();
  browser = await openBrowser();
  recipe = (await makeRecipe(pages)).recipe;
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

const stepHere = (page: Page) => page.locator('#steps > li[aria-current]').getAttribute('data-at');

test('the whole of a step leads to it', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${address}${recipe}?step=1`);
  const box = await page.locator('#steps > li[data-at="2"]').boundingBox();
  if (!box) throw new Error('There is no third step.');
  await page.mouse.click(box.x + box.width - 4, box.y + box.height - 4);
  await page.waitForURL(/step=3/);
  expect(await stepHere(page)).toBe('2');
  await close();
});

test('a step is still moved by dragging its number', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${address}${recipe}?step=3`);
  const first = page.locator('#steps > li[data-at="0"]');
  const name = await first.getAttribute('data-step');
  const [from, to] = [
    await first.locator('.number').boundingBox(),
    await page.locator('#steps > li[data-at="1"]').boundingBox(),
  ];
  if (!from || !to) throw new Error('There are no two steps.');
  await page.mouse.move(from.x + 4, from.y + 6);
  await page.mouse.down();
  await page.mouse.move(to.x + 8, to.y + to.height - 4, { steps: 5 });
  await page.mouse.up();
  await page.locator(`#steps > li[data-at="1"][data-step="${name}"]`).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator(`#steps > li[data-at="0"][data-step="${name}"]`).waitFor();
  await close();
});

test('the table stays in sight beside a long list of steps, and not on a phone', async () => {
  for (const [width, stays] of [
    [1280, true],
    [390, false],
  ] as const) {
    const { page, close } = await visit(browser, { viewport: { width, height: 500 } });
    await page.goto(`${address}${recipe}?step=3&edit=1`);
    await page.evaluate(`document.querySelector('#steps > li[aria-current]').scrollIntoView()`);
    const box = await page.locator('#preview').boundingBox();
    expect(box !== null && box.y >= 0 && box.y < 100).toBe(stays);
    await close();
  }
});

test('the frame of a field is red only as long as its words are', async () => {
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}${recipe}?step=1`);
  await page.locator('#add-step').click();
  await page.locator('button.kind[value="make-column"]').click();
  const name = page.getByLabel('Name', { exact: true }).first();
  await name.waitFor();
  // Nobody has touched it yet.
  expect(await page.locator('#step-form [aria-invalid]').count()).toBe(0);
  await name.fill('older');
  await page.locator('#step-form textarea[aria-invalid]').waitFor();
  expect(await page.locator('#step-form input[aria-invalid]').count()).toBe(0);
  await name.fill('');
  await page.locator('#step-form input[aria-invalid][aria-describedby$="problem"]').waitFor();
  expect(complaints).toEqual([]);
  await close();
});
