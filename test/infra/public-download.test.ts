import type { LookupAddress } from 'node:dns';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPublicAddress } from '../../infra/public-address.ts';
import { publicDownload } from '../../infra/public-download.ts';

let folder: string;
const servers: Server[] = [];
let asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-download-'));
});
beforeEach(() => {
  asked = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    listener(request, response);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((up) => {
    server.once('listening', up);
  });
  return (server.address() as AddressInfo).port;
}

/** A world in which this host is public, by the name of open.example, and nothing else is. */
const world = (
  answers: string[][] = [['127.0.0.1']],
  isAllowed = (address: string): boolean => address === '127.0.0.1',
) => {
  const resolved: string[] = [];
  const resolve = async (name: string): Promise<LookupAddress[]> => {
    resolved.push(name);
    const now = answers.length > 1 ? answers.shift() : answers[0];
    return (now ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolved, download: publicDownload({ isAllowed, resolve }) };
};
const order = (url: string, more = {}) => ({
  ...{ url, toPath: join(folder, 'file'), limitBytes: 1000, timeoutMs: 5000 },
  ...more,
});

test.each(
  `0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.168.1.1 192.0.0.8
  198.18.0.1 203.0.113.9 224.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 2001:db8::1 2002:7f00:1::
  64:ff9b::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::127.0.0.1 2001::1 localhost nonsense`.split(/\s+/),
)('%s is not of the open network', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  '8.8.8.8',
  '93.184.216.34',
  '172.32.0.1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
])('%s is', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test('a file is fetched, and how far it is is told', async () => {
  const port = await serve((_request, response) => response.end('a,b\n1,2\n'));
  const told: number[] = [];
  const { download } = world();
  const onProgress = (bytes: number) => told.push(bytes);
  expect(await download(order(`http://open.example:${port}/a.csv`, { onProgress }))).toEqual({ bytes: 8 });
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('a,b\n1,2\n');
  expect(told.at(-1)).toBe(8);
});

test.each([
  'http://127.0.0.1:9',
  'http://[::1]:9/',
  'http://169.254.169.254/latest/meta-data',
  'http://0x7f.1/',
  'http://2130706433/',
])('%s is refused before anything is asked', async (url) => {
  const refused = publicDownload({ resolve: () => Promise.reject(new Error('asked')) })(order(url));
  await expect(refused).rejects.toMatchObject({
    message: expect.stringContaining('not an address of the open network'),
  });
});

test('a name that points inside is refused, also when it points outside as well', async () => {
  const port = await serve((_request, response) => response.end('secret'));
  for (const answers of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::1'], []]) {
    const { download } = world([answers], isPublicAddress);
    await expect(download(order(`http://inside.example:${port}/`))).rejects.toMatchObject({
      message: expect.stringContaining('not an address of the open network'),
    });
  }
  expect(asked).toEqual([]);
});

test('a name that changes its mind is resolved once, and the connection goes to what was looked at', async () => {
  const port = await serve((_request, response) => response.end('a'));
  const { download, resolved } = world([['127.0.0.1'], ['10.0.0.1']]);
  await download(order(`http://rebinding.example:${port}/`));
  expect(resolved).toEqual(['rebinding.example']);
});

test('the address that is really connected to is looked at, whatever was looked up', async () => {
  const port = await serve((_request, response) => response.end('secret'));
  // Said to be allowed when it is resolved, and not any more when it is connected to.
  let looks = 0;
  const { download } = world([['127.0.0.1']], () => (looks += 1) === 1);
  await expect(download(order(`http://open.example:${port}/`))).rejects.toMatchObject({
    message: expect.stringContaining('not an address of the open network'),
  });
  expect(looks).toBe(2);
});

test('where it leads on is looked at like the first', async () => {
  const to = { at: 'http://169.254.169.254/latest' };
  const port = await serve((_request, response) => response.writeHead(302, { Location: to.at }).end());
  const { download } = world();
  for (const at of ['http://169.254.169.254/latest', 'http://[::1]/', 'file:///etc/passwd', 'gs://bucket/x']) {
    to.at = at;
    await expect(download(order(`http://open.example:${port}/`))).rejects.toMatchObject({ name: 'TrainyardError' });
  }
  to.at = '/again';
  await expect(download(order(`http://open.example:${port}/`))).rejects.toMatchObject({
    message: 'The address leads on more than 5 times.',
  });
});

test('a host of the own network is fetched from where it is named, on the port that is named, and led on to', async () => {
  const inside = await serve((_request, response) => response.end('inside'));
  const other = await serve((_request, response) => response.end('secret'));
  const to = { at: `http://127.0.0.1:${inside}/a.csv` };
  const open = await serve((_request, response) => response.writeHead(302, { Location: to.at }).end());
  const download = publicDownload({ hosts: [`127.0.0.1:${inside}`, `127.0.0.1:${open}`] });
  for (const port of [inside, open]) {
    expect(await download(order(`http://127.0.0.1:${port}/a.csv`))).toEqual({ bytes: 6 });
  }
  asked = [];
  to.at = `http://127.0.0.1:${other}/`;
  for (const port of [open, other]) {
    await expect(download(order(`http://127.0.0.1:${port}/a.csv`))).rejects.toMatchObject({
      message: '“127.0.0.1” is not an address of the open network, and is not fetched.',
      hint: expect.stringContaining('TRAINYARD_URL_IMPORT_HOSTS'),
    });
  }
  expect(asked).toEqual([`127.0.0.1:${open} /a.csv`]);
});

describe('a line that breaks', () => {
  const whole = Array.from({ length: 90 }, (_, n) => `row ${n}\n`).join('');
  /** Gives the file in pieces of 200 bytes, and breaks the line after each. */
  const breaking = (headers: () => Record<string, string>, parts = true) =>
    serve((request, response) => {
      const from = parts ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
      ranges.push(request.headers.range ? `${request.headers.range} ${String(request.headers['if-range'])}` : null);
      response.writeHead(from > 0 ? 206 : 200, {
        ...{ 'Content-Length': whole.length - from, ...headers() },
        ...(from > 0 ? { 'Content-Range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {}),
      });
      response.write(whole.slice(from, from + 200));
      if (from + 200 < whole.length) setTimeout(() => response.destroy(), 30);
      else response.end();
    });
  let ranges: (string | null)[];
  beforeEach(() => {
    ranges = [];
  });

  test('is gone on with, where the server says that the file is still the same', async () => {
    const port = await breaking(() => ({ 'Accept-Ranges': 'bytes', ETag: '"one"' }));
    const told: number[] = [];
    const { download } = world();
    const onProgress = (bytes: number, total: number | null) => told.push(bytes, total ?? -1);
    const got = await download(order(`http://open.example:${port}/a.csv`, { onProgress, timeoutMs: 20_000 }));
    expect(got).toEqual({ bytes: whole.length });
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe(whole);
    expect(ranges).toEqual([null, 'bytes=200- "one"', 'bytes=400- "one"', 'bytes=600- "one"']);
    expect(told.filter((_, n) => n % 2 === 1)).toEqual([whole.length, whole.length, whole.length, whole.length]);
  });

  test.each<[string, Record<string, string>]>([
    ['gives no parts', { ETag: '"one"' }],
    ['does not say which file it is', { 'Accept-Ranges': 'bytes' }],
    ['says it of a file that is only alike', { 'Accept-Ranges': 'bytes', ETag: 'W/"one"' }],
  ])('is the end where the server %s', async (_what, headers) => {
    const port = await breaking(() => headers);
    await expect(world().download(order(`http://open.example:${port}/`))).rejects.toMatchObject({
      message: expect.stringContaining('could not be fetched'),
    });
    expect(ranges).toEqual([null]);
  });

  test('begins anew with a file that has changed, and never mixes the two', async () => {
    let n = 0;
    const port = await serve((request, response) => {
      ranges.push(request.headers.range ?? null);
      n += 1;
      const headers = { 'Accept-Ranges': 'bytes', ETag: `"${n}"`, 'Content-Length': 400 };
      response.writeHead(200, headers).write(String(n).repeat(n === 1 ? 300 : 400));
      if (n === 1) setTimeout(() => response.destroy(), 30);
      else response.end();
    });
    expect(await world().download(order(`http://open.example:${port}/`))).toEqual({ bytes: 400 });
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('2'.repeat(400));
    expect(ranges).toEqual([null, 'bytes=300-']);
  });
});

test('more than may come is cut off, whether it was announced or not', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/said') response.setHeader('Content-Length', 5000);
    response.write('x'.repeat(1200));
    setTimeout(() => response.end('x'.repeat(3800)), 10);
  });
  const { download } = world();
  for (const path of ['said', 'unsaid']) {
    await expect(download(order(`http://open.example:${port}/${path}`))).rejects.toMatchObject({
      message: 'The file is larger than 0 MB.',
    });
  }
});

test('a server that is slow is given up, and one that breaks off is no file', async () => {
  const port = await serve((request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('a');
    if (request.url === '/breaks') setTimeout(() => response.destroy(), 20);
  });
  const { download } = world();
  await expect(download(order(`http://open.example:${port}/`, { timeoutMs: 200 }))).rejects.toMatchObject({
    message: expect.stringContaining('It took longer than'),
  });
  await expect(download(order(`http://open.example:${port}/breaks`))).rejects.toMatchObject({
    message: expect.stringContaining('could not be fetched'),
  });
});
