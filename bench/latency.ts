/**
 * How long a line takes from the trainer's print to the page in a real browser, with the whole product running as
 * `./x up` runs it. The line carries the time at which it was printed; the page notes when its text appeared.
 */
import { chromium } from 'playwright-core';
import { acceptCounting, openCountingYard } from '../test/e2e/counting.ts';
import { findProgram } from '../tools/checks/find-program.ts';
import { conclude, quantile, say } from './report.ts';

const lines = 400;
const seconds = 40;
const limitMs = 250;

/** Runs in the page: tells when each line's text appears. What was in the page when it came does not count. */
const watchLines = `document.addEventListener('DOMContentLoaded', () => {
  const seen = new Set();
  const stampsIn = (text) => [...(text ?? '').matchAll(/line \\d+ of \\d+ at ([\\d.]+)/g)].map(([, stamp]) => stamp);
  for (const stamp of stampsIn(document.body.textContent)) seen.add(stamp);
  new MutationObserver((changes) => {
    const at = performance.timeOrigin + performance.now();
    for (const { addedNodes } of changes) for (const node of addedNodes) for (const stamp of stampsIn(node.textContent)) {
      if (!seen.has(stamp)) window.appeared(Number(stamp), at);
      seen.add(stamp);
    }
  }).observe(document.body, { childList: true, subtree: true });
})`;

const { yard, api, dataset } = await openCountingYard();
const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome') ?? 'chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const id = await acceptCounting(api, dataset.id, { lines, seconds });
  const page = await browser.newPage();
  const delays: number[] = [];
  await page.exposeFunction('appeared', (printedAtMs: number, atMs: number) => delays.push(atMs - printedAtMs));
  await page.addInitScript(watchLines);
  await page.goto(`${yard.url}/jobs/${id}`);
  await api.done(id, 120);
  await page.waitForTimeout(500);
  const p99 = quantile(delays, 0.99);
  say(`${delays.length} of ${lines} lines came while the page was open`);
  say(
    `median ${quantile(delays, 0.5).toFixed(0)} ms, p90 ${quantile(delays, 0.9).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
  );
  const ok = delays.length > lines / 2 && p99 <= limitMs;
  await yard.remove();
  conclude({ bench: 'latency', ratio: Number((p99 / limitMs).toFixed(3)), limit: 1, ok });
} finally {
  await browser.close();
  await yard.remove();
}
