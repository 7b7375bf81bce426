import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { outcomeMarks } from '../../domain/outcomes.ts';
import { findProgram } from '../../tools/checks/find-program.ts';
import { overflow, visit, violations, type Visit } from '../browser/open-browser.ts';
import { apiAt } from './api.ts';
import { openRunningYard, type RunningYard } from './running-yard.ts';

/** A folder here gets a picture of each page on the way, in light and dark, wide and narrow. */
const pictures = process.env['JOURNEY_PICTURES'];

export interface Journey {
  yard: RunningYard;
  api: ReturnType<typeof apiAt>;
  open(options?: { javaScriptEnabled?: boolean }): Promise<Visit>;
  /** Writes a file to upload. */
  file(name: string, text: string): string;
  close(): Promise<void>;
}

/** The whole product, and a browser in front of it. */
export async function openJourney(env: Record<string, string> = {}): Promise<Journey> {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-journey-'));
  const isRoot = process.getuid?.() === 0;
  const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome') ?? '/usr/bin/chromium';
  const [yard, browser]: [RunningYard, Browser] = await Promise.all([
    openRunningYard(env),
    chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] }),
  ]);
  return {
    yard,
    api: apiAt(yard.url),
    async open(options = {}) {
      const visited = await visit(browser, { baseURL: yard.url, ...options });
      // A busy host with two cores is slow, and still right.
      visited.page.setDefaultTimeout(20_000);
      return visited;
    },
    file(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    async close() {
      await browser.close();
      await yard.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What is wrong with the page as it stands: accessibility, and what sticks out. Takes its picture when asked to. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  if (pictures) await takePictures(page, join(pictures, name));
  const wider = await overflow(page);
  return [...(await violations(page)), ...(wider > 0 ? [`${wider} px wider than the window`] : [])];
}

async function takePictures(page: Page, path: string): Promise<void> {
  const before = page.viewportSize();
  mkdirSync(join(path, '..'), { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      await page.screenshot({ path: `${path}-${colorScheme}-${width}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

/** What the live page showed, one entry for each time that it changed. */
export interface Glimpse {
  station: string;
  rows: number;
  lines: number;
}

const watching = `(() => {
  const seen = [];
  const look = () => {
    const glimpse = {
      station: document.querySelector('.track [aria-current="step"] b')?.firstChild.textContent ?? '',
      rows: document.querySelectorAll('#leaderboard tbody tr').length,
      lines: document.querySelectorAll('#log-lines li').length,
    };
    if (JSON.stringify(glimpse) === JSON.stringify(seen.at(-1))) return;
    seen.push(glimpse);
    sessionStorage.setItem('seen', JSON.stringify(seen));
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
})()`;

/** Notes from now on what an open job's page shows; a page that is loaded again notes nothing any more. */
export async function watchLive(page: Page): Promise<void> {
  await page.evaluate(watching);
}

export async function glimpses(page: Page): Promise<Glimpse[]> {
  return JSON.parse((await page.evaluate(`sessionStorage.getItem('seen')`)) ?? '[]') as Glimpse[];
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

const outcomes = Object.values(outcomeMarks).map(({ word }) => word);

const twice = `(() => {
  const form = document.querySelector('form[action="/jobs"]');
  const send = async () => (await fetch('/jobs', { method: 'POST', body: new URLSearchParams(new FormData(form)) })).url;
  return Promise.all([send(), send()]);
})()`;

/** Sends the form that starts the job twice at once, as a double click that no browser holds back; where each led. */
export const sendTwice = (page: Page): Promise<string[]> => page.evaluate(twice);

/** The page has become that of work that is done, with this outcome; with another one it says why. */
export async function untilDone(page: Page, outcome: string, seconds = 90): Promise<void> {
  const ended = page.locator('#status', { hasText: new RegExp(outcomes.join('|')) });
  await ended.waitFor({ timeout: seconds * 1000 });
  if ((await ended.textContent())?.includes(outcome)) return;
  throw new Error(`It should be ${outcome}: ${await page.locator('#sentence').textContent()}`);
}

/** So many rows of the leaderboard are there; a job that ends before says why. */
export async function untilFitted(page: Page, rows: number, seconds = 60): Promise<void> {
  const there = page.locator('#leaderboard tbody tr').nth(rows - 1);
  const failed = page.locator('#sentence .note.bad');
  await there
    .or(failed)
    .first()
    .waitFor({ timeout: seconds * 1000 });
  if (await failed.isVisible()) throw new Error(`It failed: ${await failed.textContent()}`);
}

export function idOf(page: Page): string {
  return new URL(page.url()).pathname.split('/')[2] ?? '';
}

export async function download(page: Page, link: string): Promise<Buffer> {
  const [arrived] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: link, exact: true }).first().click(),
  ]);
  return readFile(await arrived.path());
}
