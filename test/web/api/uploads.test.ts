import { readdir, readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { publicDownload } from '../../../infra/public-download.ts';
import { openServices } from '../../../web/services/open-services.ts';
import { checksumOf } from '../../../web/services/upload-service.ts';
import { who } from './open-ground.ts';
import { customersCsv, openYard, type Yard } from './open-yard.ts';

let yard: Yard;
let house: Server;
let home: string;

beforeAll(async () => {
  house = createServer((asked, answer) => {
    if (asked.url === '/customers.csv') answer.end(customersCsv());
    else if (asked.url === '/moved') answer.writeHead(302, { Location: '/customers.csv' }).end();
    else if (asked.url === '/large.csv') answer.writeHead(200, { 'Content-Length': 5_000_000 }).end('a,b\n');
    else answer.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await new Promise((up) => {
    house.once('listening', up);
  });
  home = `http://127.0.0.1:${(house.address() as AddressInfo).port}`;
  // The only address that these tests have is not public.
  yard = await openYard({ fetchUrl: publicDownload({ isAllowed: (address) => address === '127.0.0.1' }) });
});
afterAll(async () => {
  house.closeAllConnections();
  house.close();
  await yard.close();
});

const csv = customersCsv();
const part = (id: string, offset: number, text: string, headers: Record<string, string> = {}) =>
  yard.api.part(`/uploads/${id}`, offset, text, headers);
const begun = async (name = 'parts.csv', length = csv.length) =>
  (await yard.api.post('/uploads', { name, length })).body as { id: string };
async function ended(id: string) {
  for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) {
    const { body } = await yard.api.get(`/uploads/${id}`);
    if (body.state === 'kept' || body.state === 'refused') return body;
  }
  throw new Error('It does not end.');
}
const files = async (id: string) => (await readdir(join(yard.folder, 'uploads'))).filter((name) => name.includes(id));

it('takes a file in parts, says where to go on, and makes a dataset of it', async () => {
  const created = await yard.api.post('/uploads', { name: 'parts.csv', length: csv.length });
  expect([created.status, created.headers['upload-offset'], created.headers['tus-resumable']]).toEqual([
    201,
    '0',
    '1.0.0',
  ]);
  const { id } = created.body;
  const first = await part(id, 0, csv.slice(0, 500));
  expect([first.status, first.headers['upload-offset']]).toEqual([204, '500']);
  const where = await yard.api.head(`/uploads/${id}`);
  expect([where.status, where.headers['upload-offset'], where.headers['upload-length']]).toEqual([
    200,
    '500',
    String(csv.length),
  ]);
  const wrong = await part(id, 499, csv.slice(499));
  expect([wrong.status, wrong.body.detail]).toEqual([409, 'The file goes on at byte 500, not at 499.']);
  expect((await part(id, 500, csv.slice(500))).headers['upload-offset']).toBe(String(csv.length));
  const { datasetId, state } = await ended(id);
  expect(state).toBe('kept');
  expect((await yard.api.get(`/datasets/${datasetId}`)).body).toMatchObject({ name: 'parts.csv', rows: 60 });
  expect(await files(id)).toEqual([]);
  expect((await part(id, csv.length, 'more')).status).toBe(409);
});

it('speaks the words of tus, too', async () => {
  const created = await yard.api.post('/uploads').set({
    'Upload-Length': '10',
    'Upload-Metadata': `filename ${Buffer.from('von Graz.csv').toString('base64')},is x`,
  });
  expect([created.status, created.body.name, created.body.length]).toEqual([201, 'von Graz.csv', 10]);
  expect(created.headers.location).toBe(`/api/v1/uploads/${created.body.id}`);
});

it('keeps what came before the line broke', async () => {
  const { id } = await begun('broken.csv');
  const server = createServer(yard.app).listen(0, '127.0.0.1');
  await new Promise((up) => {
    server.once('listening', up);
  });
  const { port } = server.address() as AddressInfo;
  const sending = httpRequest({
    ...{ host: '127.0.0.1', port, method: 'PATCH', path: `/api/v1/uploads/${id}` },
    headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0', 'Content-Length': csv.length },
  });
  sending.on('error', () => {});
  sending.write(csv.slice(0, 300));
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) {
    const [name] = await files(id);
    if (name && (await readFile(join(yard.folder, 'uploads', name))).length === 300) break;
  }
  sending.destroy();
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) {
    if ((await yard.api.head(`/uploads/${id}`)).headers['upload-offset'] === '300') break;
  }
  expect((await yard.api.head(`/uploads/${id}`)).headers['upload-offset']).toBe('300');
  await part(id, 300, csv.slice(300));
  expect(await ended(id)).toMatchObject({ state: 'kept' });
  server.closeAllConnections();
  server.close();
});

it('goes on in a part that comes while the one before hangs', async () => {
  const { id } = await begun('hangs.csv');
  await part(id, 0, csv.slice(0, 100));
  const { Readable } = await import('node:stream');
  const hanging = new Readable({ read() {} });
  hanging.push(csv.slice(100, 200));
  const first = yard.services.uploads.append(who, id, { offset: 100 }, hanging);
  first.catch(() => {});
  await sleep(100);
  await yard.services.uploads.append(who, id, { offset: 100 }, Readable.from([])).catch(() => {});
  await expect(first).rejects.toMatchObject({ status: 409 });
  const { offset } = await yard.services.uploads.get(who, id);
  expect(offset).toBe(200);
  await part(id, 200, csv.slice(200));
  expect(await ended(id)).toMatchObject({ state: 'kept' });
});

it('keeps of a part with a checksum all or nothing', async () => {
  const { id } = await begun('sums.csv');
  const wrong = await part(id, 0, csv.slice(0, 100), { 'Upload-Checksum': checksumOf(Buffer.from('else')) });
  expect([wrong.status, (await yard.api.head(`/uploads/${id}`)).headers['upload-offset']]).toEqual([460, '0']);
  const right = await part(id, 0, csv, { 'Upload-Checksum': checksumOf(Buffer.from(csv)) });
  expect(right.status).toBe(204);
  expect(await ended(id)).toMatchObject({ state: 'kept' });
  expect((await part((await begun()).id, 0, 'x', { 'Upload-Checksum': 'md5 x' })).status).toBe(400);
});

it.each([
  ['more than the limit', { name: 'a.csv', length: 2 * 1024 * 1024 }, 413],
  ['an empty file', { name: 'a.csv', length: 0 }, 422],
  ['an option that there is not', { name: 'a.csv', length: 9, options: { delimiter: 'abc' } }, 422],
])('refuses %s', async (_what, asked, status) => {
  expect((await yard.api.post('/uploads', asked)).status).toBe(status);
});

it('refuses more than was said, and a body of another type', async () => {
  const { id } = await begun('more.csv', 10);
  expect((await part(id, 0, csv)).status).toBe(413);
  expect((await yard.api.head(`/uploads/${id}`)).headers['upload-offset']).toBe('0');
  expect((await part(id, 0, 'x', { 'Content-Type': 'application/json' })).status).toBe(400);
  expect((await part(id, 0, 'x', { 'Content-Type': 'text/plain' })).status).toBe(415);
  expect((await part(id, 0, 'x', { 'Upload-Offset': 'here' })).status).toBe(400);
});

it('says why a file was refused, and reads it in another way without sending it again', async () => {
  const text = 'a,b\n1,2\n3,4,5\n';
  const { id } = await begun('bad.csv', text.length);
  await part(id, 0, text);
  expect(await ended(id)).toMatchObject({ state: 'refused', datasetId: null, failure: { status: 422 } });
  expect(await files(id)).toHaveLength(1);
  const again = await yard.api.post(`/uploads/${id}/read`, { options: { badRows: 'set aside' } });
  expect([again.status, again.body.state]).toEqual([202, 'reading']);
  expect(await ended(id)).toMatchObject({ state: 'kept', failure: null });
  expect((await yard.api.post(`/uploads/${id}/read`, { options: {} })).status).toBe(409);
});

it('begins once for a key', async () => {
  const post = (length: number) =>
    yard.api.post('/uploads', { name: 'once.csv', length }).set('Idempotency-Key', 'one');
  const [first, again] = [await post(10), await post(10)];
  expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
  expect((await post(11)).status).toBe(409);
});

it('goes on after a restart, also with a file that was being read', async () => {
  const { id } = await begun('restart.csv');
  await part(id, 0, csv.slice(0, 400));
  const { id: read } = await begun('read.csv');
  await part(read, 0, csv.slice(0, 10));
  // As a process that was killed leaves it: the file whole, the row told, and nobody at it.
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(yard.folder, 'uploads', `upload-${read}`), csv);
  await yard.stores.uploads.reading(read, csv.length, Date.now());
  // What came behind the last safe byte counts for nothing.
  const path = join(yard.folder, 'uploads', `upload-${id}`);
  await writeFile(path, `${csv.slice(0, 400)}${'rubbish,'.repeat(500)}`);
  const after = openServices(yard.options).uploads;
  await after.resume();
  await after.settled();
  expect(await after.get(who, read)).toMatchObject({ state: 'kept' });
  const { Readable } = await import('node:stream');
  await after.append(who, id, { offset: 400 }, Readable.from([Buffer.from(csv.slice(400))]));
  await after.settled();
  const { state, datasetId } = await after.get(who, id);
  expect(state).toBe('kept');
  expect((await yard.api.get(`/datasets/${datasetId}`)).body).toMatchObject({ bytes: csv.length, rows: 60 });
});

it('takes away what nobody goes on with for a day', async () => {
  const { id } = await begun('left.csv');
  await part(id, 0, csv.slice(0, 100));
  await yard.services.uploads.sweep();
  expect(await files(id)).toHaveLength(1);
  const later = openServices({ ...yard.options, now: () => Date.now() + 48 * 3_600_000 }).uploads;
  await later.sweep();
  expect(await files(id)).toEqual([]);
  expect((await yard.api.get(`/uploads/${id}`)).status).toBe(404);
});

it('is broken off when asked', async () => {
  const { id } = await begun('off.csv');
  await part(id, 0, csv.slice(0, 100));
  expect((await yard.api.delete(`/uploads/${id}`).set('X-Trainyard', '1')).status).toBe(204);
  expect([await files(id), (await yard.api.head(`/uploads/${id}`)).status]).toEqual([[], 404]);
});

it('is broken off while it is read, and leaves nothing', async () => {
  const begins = Promise.withResolvers<void>();
  const { data } = yard.options;
  const ingest: typeof data.ingest = async (input) => {
    begins.resolve();
    // Until somebody gives it up; soon enough for the test, if nobody does.
    await sleep(1500, undefined, { signal: input.signal }).catch(() => undefined);
    return data.ingest(input);
  };
  const { uploads } = openServices({ ...yard.options, data: { ...data, ingest } });
  const text = `${csv}70,max,9.50,yes\n`;
  const { upload } = await uploads.create(who, { name: 'unwanted.csv', length: text.length });
  const { Readable } = await import('node:stream');
  await uploads.append(who, upload.id, { offset: 0 }, Readable.from([Buffer.from(text)]));
  await begins.promise;
  await uploads.remove(who, upload.id);
  await uploads.settled();
  expect([await files(upload.id), (await yard.api.get(`/uploads/${upload.id}`)).status]).toEqual([[], 404]);
  const { body } = await yard.api.get('/datasets');
  expect(JSON.stringify(body)).not.toContain('unwanted.csv');
  expect((await readdir(join(yard.folder, 'uploads'))).filter((name) => name.includes('.parquet'))).toEqual([]);
});

describe('from an address', () => {
  const from = (url: string, more = {}) => yard.api.post('/datasets/from-url', { url, ...more });

  it('fetches a file and makes a dataset of it', async () => {
    const { status, body, headers } = await from(`${home}/moved`, { name: 'fetched.csv' });
    expect([status, headers.location]).toEqual([202, `/api/v1/uploads/${body.id}`]);
    const { datasetId } = await ended(body.id);
    expect((await yard.api.get(`/datasets/${datasetId}`)).body).toMatchObject({ name: 'fetched.csv', rows: 60 });
  });

  it('says why it could not', async () => {
    const { id } = (await from(`${home}/gone.csv`)).body;
    expect(await ended(id)).toMatchObject({
      ...{ state: 'refused', name: 'gone.csv' },
      failure: { message: 'The server answered 404 in place of the file.' },
    });
    expect(await files(id)).toEqual([]);
    expect(await ended((await from(`${home}/large.csv`)).body.id)).toMatchObject({
      failure: { message: 'The file is larger than 1 MB.' },
    });
  });

  it.each([
    ['gs://bucket', 'has to name a file'],
    ['s3://b/../secrets', 'is no name of a bucket'],
    ['file:///etc/passwd', 'Only addresses that begin with https://'],
    ['ftp://example.org/a.csv', 'Only addresses that begin with https://'],
    ['https://me:secret@example.org/a.csv', 'a name and a password'],
    ['not an address', 'is no address'],
  ])('refuses %s at once', async (url, sentence) => {
    const { status, body } = await from(url);
    expect([status, body.detail]).toEqual([422, expect.stringContaining(sentence)]);
  });

  it('is refused where it is not switched on', async () => {
    const { fetchUrl: _off, ...options } = yard.options;
    const off = openServices(options).uploads;
    await expect(off.fromUrl(who, { url: 'https://example.org/a.csv' })).rejects.toMatchObject({
      ...{ status: 403, hint: expect.stringContaining('TRAINYARD_URL_IMPORTS') },
    });
  });
});
