import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's Chromium; as root, as in a container, it has no sandbox of its own. */
export function openBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: process.env['TRAINYARD_CHROMIUM'] ?? '/usr/bin/chromium',
    args: isRoot ? ['--no-sandbox'] : [],
  });
}

export interface Visit {
  page: Page;
  /** What the browser complained about: refused by the policy, not found, thrown. */
  complaints: string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints, close: () => context.close() };
}

/** What axe-core finds, as one line each. */
export async function violations(page: Page): Promise<string[]> {
  const run = `${axeSource}; axe.run(document, { resultTypes: ['violations'] }).then((found) =>
    found.violations.map((violation) => violation.id + ': ' + violation.nodes.map((node) => node.target.join(' ')).join(', ')))`;
  return page.evaluate<string[]>(run);
}

export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
}
