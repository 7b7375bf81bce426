import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { publicDownload } from '../../infra/public-download.ts';
import { openPageApp, type PageApp, tableOf } from '../web/page-app.ts';
import { openBrowser, visit } from './open-browser.ts';

const csv = tableOf(3000);
const half = Math.floor(csv.length / 2);
let pages: PageApp;
let browser: Browser;
let address: string;
let house: Server;
let home: string;
/** Lets the server give the second half, and how often it was asked for a part. */
let goOn = Promise.withResolvers<void>();
let ranges: string[] = [];

beforeAll(async () => {
  house = createServer((request, response) => void serve(request, response)).listen(0, '127.0.0.1');
  await new Promise((up) => {
    house.once('listening', up);
  });
  home = `127.0.0.1:${(house.address() as AddressInfo).port}`;
  pages = await openPageApp({ fetchUrl: publicDownload({ hosts: [home] }), uploadLimitMb: 1 });
  address = await pages.listen();
  browser = await openBrowser();
});
beforeEach(() => {
  goOn = Promise.withResolvers();
  ranges = [];
});
afterAll(async () => {
  await browser.close();
  await pages.close();
  house.closeAllConnections();
  house.close();
});

async function serve({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url === '/inside') return void response.writeHead(302, { Location: 'http://127.0.0.1:9/secret.csv' }).end();
  if (url === '/large.csv') return void response.writeHead(200, { 'Content-Length': 2_000_000 }).end('a,b\n');
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (headers.range) ranges.push(headers.range);
  response.writeHead(from > 0 ? 206 : 200, {
    ...{ 'Accept-Ranges': 'bytes', ETag: '"mornings"', 'Content-Length': csv.length - from },
    ...(from > 0 ? { 'Content-Range': `bytes ${from}-${csv.length - 1}/${csv.length}` } : {}),
  });
  if (url === '/mornings.csv' && from === 0) {
    response.write(csv.slice(0, half));
    await goOn.promise;
    response.destroy();
  } else response.end(csv.slice(from));
}

async function fetchIt(page: Page, from: string): Promise<void> {
  await page.goto(`${address}/data`);
  await page.getByLabel('Address').fill(from);
  await page.getByRole('button', { name: 'Fetch it' }).click();
}

test.each([
  ['with', true],
  ['without', false],
])('a file is fetched, with how far it is, over a line that breaks, %s JavaScript', async (_, javaScriptEnabled) => {
  const { page, complaints, close } = await visit(browser, { javaScriptEnabled });
  await fetchIt(page, `http://${home}/mornings.csv`);
  await page.getByText(/ of .* received/).waitFor();
  expect(await page.getByText(`from http://${home}/mornings.csv`).isVisible()).toBe(true);
  expect(Number(await page.getByLabel('Upload', { exact: true }).getAttribute('value'))).toBeGreaterThan(40);
  goOn.resolve();
  await page.getByRole('heading', { name: 'mornings.csv' }).waitFor();
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  expect(await page.getByText('3,000').first().isVisible()).toBe(true);
  expect(ranges).toEqual([`bytes=${half}-`]);
  expect(complaints).toEqual([]);
  await close();
});

test.each([
  ['/inside', /“127.0.0.1” is not an address of the open network/, /TRAINYARD_URL_IMPORT_HOSTS/],
  ['/large.csv', /The file is larger than 1 MB/, /TRAINYARD_UPLOAD_LIMIT_MB/],
])('what may not come from %s is refused with the reason', async (path, why, whatToDo) => {
  const { page, close } = await visit(browser);
  await fetchIt(page, `http://${home}${path}`);
  const alert = page.getByRole('alert');
  await alert.getByText(why).waitFor();
  expect(await alert.getByText(whatToDo).isVisible()).toBe(true);
  await close();
});

test('an address that cannot be one is refused at once, and can be mended', async () => {
  const { page, close } = await visit(browser);
  await fetchIt(page, 'gs://churn-data');
  await page.getByText('The address has to name a file: gs://bucket/folder/file.csv.').waitFor();
  expect(await page.getByLabel('Address').inputValue()).toBe('gs://churn-data');
  await page.getByLabel('Address').fill(`http://${home}/whole.csv`);
  await page.getByRole('button', { name: 'Fetch it' }).click();
  await page.waitForURL(/\/data\/[0-9a-f-]{36}$/);
  await close();
});
