import type { Browser } from 'playwright-core';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { makeSweep } from '../web/make-sweep.ts';
import { makeRecipe } from '../web/make-recipe.ts';
import { seedStories, seedStuck, type Stories } from '../web/seed-stories.ts';
import { openBrowser, overflow, violations, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;
let stories: Stories;
let made: { dataset: string; recipe: string; preparation: string };
let sweep: string;

beforeAll(async () => {
  pages = await openPageApp({ pricePerHourMicros: 120_000 });
  stories = await seedStories(pages.seed);
  await seedStuck(pages.seed);
  made = await makeRecipe(pages);
  sweep = await makeSweep(pages, stories.done);
  address = await pages.listen();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

const paths: [name: string, path: () => string][] = [
  ['the yard', () => '/'],
  ['jobs', () => '/jobs'],
  ['data', () => '/data'],
  ['a dataset', () => `/data/${stories.dataset}`],
  ['which data', () => '/jobs/new'],
  ['a new job', () => `/jobs/new?dataset=${stories.dataset}`],
  ['a job that trains', () => `/jobs/${stories.training}`],
  ['a job that waits', () => `/jobs/${stories.queued}`],
  ['a job that is done', () => `/jobs/${stories.done}`],
  ['a job for a number', () => `/jobs/${stories.fees}`],
  ['a job that failed', () => `/jobs/${stories.failed}`],
  ['a log', () => `/jobs/${stories.training}/log?q=memory`],
  ['a deletion', () => `/jobs/${stories.done}/delete`],
  ['models', () => '/models'],
  ['a model', () => `/models/${stories.model}`],
  ['a prediction to be', () => `/models/${stories.model}/predict`],
  ['predictions', () => '/predictions'],
  ['a prediction', () => `/predictions/${stories.prediction}`],
  ['a prediction under way', () => `/predictions/${stories.predicting}`],
  ['machines', () => '/machines'],
  ['sweeps', () => '/sweeps'],
  ['a sweep', () => `/sweeps/${sweep}`],
  ['a sweep to be', () => `/sweeps/new?like=${stories.done}`],
];

/** Once in each of both: there are many of them, and they are long. */
const recipePaths: typeof paths = [
  ['data that is here', () => made.dataset],
  ['a closer look', () => `${made.dataset}/look?x=age&y=happy`],
  ['another way to read', () => `${made.dataset}/import`],
  ['recipes', () => '/recipes'],
  ['a recipe to be', () => '/recipes/new'],
  ['a recipe', () => made.recipe],
  ['a step', () => `${made.recipe}?step=1&edit=1&rows=changed&show=beside`],
  ['a version', () => `${made.recipe}/versions/1`],
  ['a recipe on other data', () => `${made.recipe}/try?dataset=${made.dataset.split('/').at(-1)}`],
  ['a preparation', () => made.preparation],
];

describe.each([
  ['light', 1280],
  ['light', 390],
  ['dark', 1280],
  ['dark', 390],
] as const)('%s, %i px', (colorScheme, width) => {
  test('every page is accessible, fits, and breaks no policy', async () => {
    const { page, complaints, close } = await visit(browser, { colorScheme, viewport: { width, height: 844 } });
    const found: Record<string, unknown> = {};
    const isRecipeTurn = (colorScheme === 'light') === (width === 1280);
    for (const [name, path] of isRecipeTurn ? [...paths, ...recipePaths] : paths) {
      await page.goto(address + path(), { waitUntil: 'load' });
      const [broken, wider] = [await violations(page), await overflow(page)];
      if (broken.length > 0 || wider > 0) found[name] = { broken, wider };
    }
    await close();
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
  });
});

test('a question before something is done opens, traps nothing, and closes by keyboard', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${stories.training}`);
  const cancel = page.getByRole('button', { name: 'Cancel churn-spring' });
  await cancel.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Cancel churn-spring?' });
  expect(await question.isVisible()).toBe(true);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  expect(await question.isVisible()).toBe(false);
  expect(await page.evaluate('document.activeElement.textContent')).toContain('Cancel');
  await close();
});

test('the keyboard reaches the content first, and everything in the bar', async () => {
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs`);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  for (const tab of ['Jobs', 'Sweeps']) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(tab);
  }
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.id')).toBe('q');
  await close();
});

test('the description of the API follows the look of the system', async () => {
  const backgroundIn = async (colorScheme: 'light' | 'dark') => {
    const { page, close } = await visit(browser, { colorScheme });
    await page.goto(`${address}/api/docs`);
    await page.locator('.swagger-ui').first().waitFor();
    const colour = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    await close();
    return colour;
  };
  expect(await backgroundIn('dark')).toBe('rgb(28, 32, 34)');
  expect(await backgroundIn('light')).not.toBe('rgb(28, 32, 34)');
});
