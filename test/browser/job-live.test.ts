import type { Browser, Page } from 'playwright-core';
import { openPageApp, type PageApp } from '../web/page-app.ts';
import { openBrowser, visit } from './open-browser.ts';

let pages: PageApp;
let browser: Browser;
let address: string;

beforeAll(async () => {
  pages = await openPageApp();
  address = await pages.listen();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await pages.close();
});

async function openJob(lines: number): Promise<{ id: string; say: (count: number) => Promise<void> }> {
  const { seed } = pages;
  const dataset = await seed.dataset();
  const job = await seed.job({ dataset, phase: 'training', sentence: 'Training.' });
  await seed.phases('job', job.id, job.accepted_at_ms, [
    ['queued', 0],
    ['training', 5],
  ]);
  let said = 0;
  const say = async (count: number) => {
    await seed.log(
      'job',
      job.id,
      Array.from({ length: count }, () => [seed.nowMs, 'o', `line number ${(said += 1)}`]),
    );
  };
  if (lines > 0) await say(lines);
  return { id: job.id, say };
}

/** How far the log box is from its end. */
const left =
  'document.getElementById("log-box").scrollHeight - document.getElementById("log-box").scrollTop - document.getElementById("log-box").clientHeight';

const numbers = (page: Page): Promise<number[]> =>
  page.evaluate('[...document.querySelectorAll("#log-lines li")].map((item) => Number(item.dataset.line))');

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => from + index);

const waitForLine = (page: Page, line: number) =>
  page.locator(`#L${line}`).waitFor({ state: 'attached', timeout: 5000 });

async function change(id: string, row: object): Promise<void> {
  await pages.stores.database.run(undefined, (db) => db('jobs').where('id', id).update(row).increment('version', 1));
}

test('lines come as they are said, once each, and the reader is kept at the end', async () => {
  const { id, say } = await openJob(30);
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await say(40);
  await waitForLine(page, 70);
  expect(await numbers(page)).toEqual(upTo(70));
  expect(await page.evaluate(left)).toBeLessThan(24);
  expect(await page.locator('#log-count').textContent()).toBe('70 lines');
  expect(complaints).toEqual([]);
  await close();
});

test('following pauses when the reader scrolls up, and goes on from “jump to newest”', async () => {
  const { id, say } = await openJob(200);
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  const box = page.locator('#log-box');
  const button = page.getByRole('button', { name: 'Jump to newest' });
  expect(await button.isVisible()).toBe(false);
  await box.evaluate((element) => {
    element.scrollTop = 400;
  });
  await button.waitFor({ state: 'visible' });
  await say(20);
  await waitForLine(page, 220);
  expect(await box.evaluate((element) => element.scrollTop)).toBe(400);
  await button.click();
  expect(await box.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)).toBeLessThan(
    24,
  );
  expect(await button.isVisible()).toBe(false);
  await close();
});

test('a stream that breaks goes on where it was, without a gap and without a line twice', async () => {
  const { id, say } = await openJob(5);
  const { page, close } = await visit(browser);
  const asked: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/events')) asked.push(request.headers()['last-event-id']);
  });
  await page.goto(`${address}/jobs/${id}`);
  await say(5);
  await waitForLine(page, 10);
  pages.dropConnections();
  await say(5);
  await waitForLine(page, 15);
  pages.dropConnections();
  await say(5);
  await waitForLine(page, 20);
  expect(await numbers(page)).toEqual(upTo(20));
  expect(asked.length).toBeGreaterThan(1);
  await close();
});

test('earlier lines come when the reader reaches the top', async () => {
  const { id } = await openJob(1500);
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  expect((await numbers(page))[0]).toBe(501);
  await page.locator('#log-box').evaluate((element) => {
    element.scrollTop = 0;
  });
  await waitForLine(page, 1);
  expect(await numbers(page)).toEqual(upTo(1500));
  await close();
});

test('streams are told apart by their filter', async () => {
  const { id } = await openJob(3);
  await pages.seed.log('job', id, [
    [1, 'm', 'from the machine'],
    [2, 'p', 'from the platform'],
  ]);
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await page.getByRole('button', { name: 'Trainer' }).click();
  expect(await page.locator('#L1').isVisible()).toBe(false);
  expect(await page.locator('#L4').isVisible()).toBe(true);
  await page.getByRole('button', { name: 'Machine', exact: true }).click();
  expect(await page.locator('#L4').isVisible()).toBe(false);
  expect(await page.locator('#L5').isVisible()).toBe(true);
  await close();
});

test('phase, leaderboard and chart follow without loading the page again', async () => {
  const { id } = await openJob(1);
  const { page, complaints, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await page.evaluate('document.body.dataset.here = "yes"');
  await pages.seed.leaderboard(id, [{ model: 'LightGBM', atMs: Date.now(), validation: 0.91 }]);
  await page.getByRole('cell', { name: 'LightGBM' }).waitFor();
  await page.locator('[data-chart="best"] .uplot').waitFor();
  await change(id, { progress_json: JSON.stringify({ fraction: 0.5, secondsLeft: 90, sentence: 'Half way.' }) });
  await page.getByText('Half way.').waitFor();
  expect(await page.locator('#progress progress').getAttribute('value')).toBe('50');
  expect(await page.evaluate('document.body.dataset.here')).toBe('yes');
  expect(complaints).toEqual([]);
  await close();
});

test('a curve that is zoomed in stays so while points come', async () => {
  const { id } = await openJob(1);
  await pages.seed.metric(
    id,
    'log_loss',
    Array.from({ length: 50 }, (_, i) => 1 / (i + 1)),
  );
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await page.locator('summary', { hasText: 'log_loss' }).click();
  const over = page.locator('[data-chart="log_loss"] .u-over');
  await over.scrollIntoViewIfNeeded();
  const area = (await over.boundingBox()) as { x: number; y: number; width: number; height: number };
  await page.mouse.move(area.x + area.width * 0.25, area.y + 20);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.5, area.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(5, 5);
  const before = await over.screenshot();
  await pages.stores.database.run(undefined, (db) =>
    db('metrics').insert({
      job_id: id,
      attempt: 1,
      seq: 99_999,
      at_ms: 1,
      name: 'log_loss',
      step: 51,
      value: 0.9,
      unit: null,
      higher_is_better: 0,
    }),
  );
  await change(id, { sentence: 'A point came.' });
  await page.getByText('A point came.').waitFor();
  await page.mouse.move(5, 5);
  expect(Buffer.compare(await over.screenshot(), before)).toBe(0);
  await close();
});

test('says when the server is gone, switches off what cannot work, and recovers by itself', async () => {
  const { id, say } = await openJob(1);
  await pages.seed.attempt('job', id, 1, { last_heard_at_ms: Date.now() });
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await page.locator('[data-heard]').waitFor();
  const cancel = page.locator('#actions').getByRole('button', { name: /^Cancel/ });
  expect(await cancel.isEnabled()).toBe(true);
  const colour = () => page.evaluate('getComputedStyle(document.querySelector("[data-heard]")).backgroundColor');
  const alive = await colour();
  await page.context().setOffline(true);
  pages.dropConnections();
  await page.getByText('Trainyard does not answer; trying again.').waitFor({ timeout: 12_000 });
  expect(await cancel.isEnabled()).toBe(false);
  expect(await colour()).not.toBe(alive);
  await page.context().setOffline(false);
  await page.locator('#away').waitFor({ state: 'detached', timeout: 12_000 });
  expect(await cancel.isEnabled()).toBe(true);
  await say(1);
  await waitForLine(page, 2);
  await close();
});

test('at the end the page becomes that of a done job, and nothing is asked any more', async () => {
  const { id } = await openJob(3);
  const { page, close } = await visit(browser);
  await page.goto(`${address}/jobs/${id}`);
  await change(id, { phase: 'done', outcome: 'cancelled', reason: 'Cancelled when asked.', done_at_ms: Date.now() });
  // The sentence comes with the live parts, which may be just before the end of the stream loads the page again: what
  // tells the two apart is that the page of a done job follows nothing, and that it has loaded everything it needs.
  await page.locator('[data-job][data-live-parts=""]').waitFor();
  await page.waitForLoadState('networkidle');
  expect(await page.getByText('Cancelled when asked.').first().isVisible()).toBe(true);
  expect(await page.getByRole('link', { name: 'Train again like this' }).isVisible()).toBe(true);
  let asked = 0;
  page.on('request', () => (asked += 1));
  await page.waitForTimeout(1500);
  expect(asked).toBe(0);
  await close();
});
