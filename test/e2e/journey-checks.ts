import { createHash, verify } from 'node:crypto';
import type { Page } from 'playwright-core';
import { download, faultsOf, glimpses, type Journey } from './journey.ts';
import { columnOf } from './made-tables.ts';
import { readZip } from './read-zip.ts';

const track = ['Queued', 'Preparing', 'Machine', 'Training', 'Collecting', 'Releasing'];

/** Stations, leaderboard and log went on while the page stood there, never loaded again before the end. */
export async function checkFollowed(page: Page): Promise<void> {
  // At the very end no station is the present one any more.
  const seen = (await glimpses(page)).filter(({ station }) => station !== '');
  const stations = [...new Set(seen.map(({ station }) => station))];
  expect(stations).toEqual(track.filter((station) => stations.includes(station)));
  expect(stations.length).toBeGreaterThan(1);
  const training = seen.filter(({ station }) => station === 'Training');
  expect(new Set(training.map(({ rows }) => rows)).size).toBeGreaterThan(1);
  expect(new Set(training.map(({ lines }) => lines)).size).toBeGreaterThan(3);
}

/** Everything that the job would make, in order, and the worst case, beside the button. */
export async function checkConfirmation(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'What will be made' }).waitFor();
  const made = await page.locator('.creates li').allTextContents();
  const kinds = ['bucket', 'signal channel', 'machine', 'model'];
  expect(made.map((thing) => kinds.find((kind) => thing.startsWith(`a ${kind} `)))).toEqual(kinds);
  const spending = page.getByLabel('Cost and start');
  expect(await spending.getByText('worst case', { exact: true }).isVisible()).toBe(true);
  expect(await spending.getByRole('button', { name: 'Start training' }).isVisible()).toBe(true);
}

/** Every line of the log is on a done job's page, and can be read there. */
export async function checkLog(page: Page, journey: Journey, id: string): Promise<void> {
  const lines = page.locator('#log-lines li');
  const told = Number.parseInt((await page.locator('#log-count').textContent()) ?? '', 10);
  expect(await lines.count()).toBe(told);
  expect(await journey.api.log(id)).toHaveLength(told);
  for (const line of [lines.last(), lines.first()]) {
    await line.scrollIntoViewIfNeeded();
    const box = await line.boundingBox();
    expect(box?.height).toBeGreaterThan(5);
  }
}

/** The archive holds what its manifest lists, byte for byte, and the manifest is signed. */
export function checkArchive(archive: Buffer): void {
  const files = readZip(archive);
  const [manifest, seal] = ['manifest.json', 'signature.json'].map((name) => files.get(name) ?? Buffer.alloc(0));
  const { files: listed } = JSON.parse(String(manifest)) as { files: Record<string, string> };
  const found = [...files]
    .filter(([name]) => !['manifest.json', 'signature.json'].includes(name))
    .map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]);
  expect(Object.fromEntries(found)).toEqual(listed);
  expect(Object.keys(listed)).toEqual(expect.arrayContaining(['predict.py', 'requirements.txt', 'report.json']));
  const { signature = '', publicKey = '' } = JSON.parse(String(seal)) as Record<string, string>;
  expect(verify(null, manifest as Buffer, publicKey, Buffer.from(signature, 'base64'))).toBe(true);
}

/** The full report opens from the page. It allows no script, axe's neither: that looks at the same text elsewhere. */
export async function checkReport(page: Page, journey: Journey, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Full report' }).click();
  await page.waitForURL(/report\.html$/);
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true);
  // Filled in by the yard: a trainer knows no prices.
  expect(
    await page
      .locator('dt', { hasText: /^Cost$/ })
      .locator('+ dd')
      .textContent(),
  ).toMatch(/^Nothing: .* this computer\.$/);
  const copy = await journey.open();
  await copy.page.setContent(await page.content());
  expect(await faultsOf(copy.page, name)).toEqual([]);
  expect(copy.complaints).toEqual([]);
  await copy.close();
}

/** A done prediction: its first rows on the page, all of them in both files, in the order of what was sent. */
export async function checkPredicted(
  page: Page,
  sent: { text: string; key: string; label: string },
): Promise<Record<string, unknown>[]> {
  const order = columnOf(sent.text, sent.key);
  await page.getByRole('columnheader', { name: `${sent.label}_predicted` }).waitFor();
  expect(await page.getByText(`of ${order.length} rows, first`).isVisible()).toBe(true);
  expect(await page.locator('#output tbody tr').first().textContent()).toContain(order[0]);
  const csv = (await download(page, 'CSV')).toString();
  expect(columnOf(csv, sent.key)).toEqual(order);
  const rows = JSON.parse((await download(page, 'JSON')).toString()) as Record<string, unknown>[];
  expect(rows.map((row) => row[sent.key])).toEqual(order);
  return rows;
}
