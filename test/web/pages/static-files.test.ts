import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { openPageApp, type PageApp } from '../page-app.ts';

const folder = join(import.meta.dirname, '../../../web/public/styles');
let pages: PageApp;

beforeAll(async () => {
  pages = await openPageApp();
});
afterAll(() => pages.close());

test('all styles come in one file, which a browser keeps until one of them changes', async () => {
  const { text } = await request(pages.app).get('/');
  const sheets = [...text.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href as string);
  expect(sheets).toEqual([expect.stringMatching(/^\/static\/trainyard\.css\?v=[0-9a-f]{10}$/)]);
  const sheet = await request(pages.app).get(sheets[0] as string);
  expect(sheet.headers['content-type']).toContain('text/css');
  expect(sheet.headers['cache-control']).toContain('immutable');
  for (const name of await readdir(folder)) {
    expect([name, sheet.text.includes(await readFile(join(folder, name), 'utf8'))]).toEqual([name, true]);
  }
});

test('a file that is asked for without its content in the address is asked for again', async () => {
  for (const file of ['trainyard.css', 'everywhere.js', 'vendor/htmx/htmx.min.js']) {
    const { status, headers } = await request(pages.app).get(`/static/${file}`);
    expect([file, status, headers['cache-control']]).toEqual([file, 200, 'no-cache']);
  }
});
