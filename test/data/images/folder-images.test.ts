import { readFile } from 'node:fs/promises';
import { crc32, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { encodePng } from '../../../data/images/encode-png.ts';
import { type DataFixture, openFixture } from '../data-fixture.ts';
import { zipOf } from '../zip-fixture.ts';
import { jpeg, png, refusalOf, tarOf, zipOfSaid } from './image-files.ts';

let data: DataFixture;
beforeAll(async () => {
  data = await openFixture();
});
afterAll(() => data.close());

const setAside = { badRows: 'set aside' as const };
const pets = { 'pets/cats/1.png': png(10), 'pets/cats/2.png': png(20), 'pets/dogs/1.jpg': jpeg };

test('makes a table of a zip of images: the folder is the label', async () => {
  const { parquet, profile, options } = await data.ingest(zipOf(pets));
  const { columns, rows } = await data.worker.rows({ parquet, limit: 10 });
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'image BLOB',
    'label VARCHAR',
    'file VARCHAR',
    'width BIGINT',
    'height BIGINT',
  ]);
  expect(rows).toEqual([
    [expect.stringMatching(/^PNG image, \d+ bytes$/), 'cats', 'pets/cats/1.png', '4', '3'],
    [expect.stringMatching(/^PNG image/), 'cats', 'pets/cats/2.png', '4', '3'],
    ['JPEG image, 179 bytes', 'dogs', 'pets/dogs/1.jpg', '12', '10'],
  ]);
  expect(options).toMatchObject({ format: 'images', packed: 'zip' });
  expect(profile.columns[0]).toMatchObject({ type: 'image', sqlType: 'BLOB', missing: 0, distinct: 3 });
  expect(profile.columns[0]?.images).toEqual({
    bytes: { min: expect.any(Number), mean: expect.any(Number), max: 179 },
    types: [
      { type: 'png', count: 2 },
      { type: 'jpeg', count: 1 },
    ],
    sizes: [
      { width: 4, height: 3, count: 2 },
      { width: 12, height: 10, count: 1 },
    ],
    sizeCount: 2,
  });
});

test('keeps the bytes as they came, and gives one image to a page', async () => {
  const { parquet } = await data.ingest(zipOf(pets));
  const cell = (row: number, column = 'image') => data.worker.imageCell({ parquet, column, row });
  expect(await cell(3)).toEqual({ type: 'jpeg', bytes: jpeg.toString('base64') });
  expect(await cell(1)).toEqual({ type: 'png', bytes: png(10).toString('base64') });
  await expect(cell(4)).rejects.toMatchObject({ type: 'NotFound' });
  await expect(cell(1, 'file')).rejects.toMatchObject({ type: 'NotFound' });
});

test.each([
  ['tar', tarOf(pets)],
  ['tar.gz', gzipSync(tarOf(pets))],
])('reads a %s as well', async (_, archive) => {
  const { parquet } = await data.ingest(archive);
  expect((await data.cells(parquet)).map((row) => row[1])).toEqual(['cats', 'cats', 'dogs']);
});

test('takes the labels of labels.csv, by path or by bare name', async () => {
  const list = 'file,label\n1.png,7\ndeep/2.png,3\n';
  const archive = zipOf({ 'x/labels.csv': list, 'x/1.png': png(1), 'x/deep/2.png': png(2), 'x/3.png': png(3) });
  const { parquet, profile } = await data.ingest(archive);
  expect((await data.cells(parquet)).map((row) => [row[1], row[2]])).toEqual([
    ['7', 'x/1.png'],
    ['3', 'x/deep/2.png'],
    [null, 'x/3.png'],
  ]);
  expect(profile.columns[1]).toMatchObject({ name: 'label', sqlType: 'BIGINT', missing: 1 });
  expect(profile.remarks?.join(' ')).toContain('1 image has no label in labels.csv.');
});

test('sets aside a row of labels.csv that names no image', async () => {
  const archive = zipOf({ 'labels.csv': 'file,label\n1.png,a\ngone.png,b\n', '1.png': png(1) });
  expect(await refusalOf(data.ingest(archive))).toContain('“gone.png”: labels.csv names it');
  const { rejectedRows, profile } = await data.ingest(archive, { options: setAside });
  expect([rejectedRows, profile.rows]).toEqual([1, 1]);
});

test('has no label where all images are in one folder', async () => {
  const { profile } = await data.ingest(zipOf({ 'new/1.png': png(1), 'new/2.png': png(2) }));
  expect(profile.columns.map(({ name }) => name)).toEqual(['image', 'file', 'width', 'height']);
  expect(profile.remarks?.[0]).toContain('The images have no labels.');
});

test('passes over what systems put beside files', async () => {
  const archive = zipOf({ ...pets, '__MACOSX/pets/._1.png': 'x', 'pets/.DS_Store': 'x', 'pets/Thumbs.db': 'x' });
  expect((await data.ingest(archive)).profile.rows).toBe(3);
});

const wholePng = png(5, 40, 40);
const flipped = Buffer.from(wholePng);
flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 0xff;

test.each([
  ['a cut PNG', 'a/1.png', wholePng.subarray(0, -20), 'it is broken or cut'],
  ['a PNG of another checksum', 'a/1.png', flipped, 'it is broken or cut'],
  ['a cut JPEG', 'a/1.jpg', jpeg.subarray(0, -30), 'it is broken or cut'],
  ['an empty file', 'a/1.png', Buffer.alloc(0), 'it is empty'],
  ['a text called .png', 'a/1.png', Buffer.from('hello'), 'it is something else, not PNG or JPEG'],
  ['a GIF', 'a/1.gif', Buffer.from('GIF89a…'), 'it is a GIF picture, not PNG or JPEG'],
  ['a path that leads out', '../../etc/1.png', png(1), 'its path leads out of the archive'],
  ['a path from the root', '/etc/1.png', png(1), 'its path leads out of the archive'],
  ['a path of Windows', 'a\\..\\..\\1.png', png(1), 'its path leads out of the archive'],
])('refuses %s, or sets it aside with the reason', async (_, name, bytes, reason) => {
  const archive = zipOf({ ...pets, [name]: bytes });
  const refusal = await refusalOf(data.ingest(archive));
  expect(refusal).toContain(`“${name}”: ${reason}`);
  const { profile, rejectedRows } = await data.ingest(archive, { options: setAside });
  expect([profile.rows, rejectedRows]).toEqual([3, 1]);
  expect(profile.remarks?.join(' ')).toContain(reason);
});

test('refuses an archive of broken images only', async () => {
  const archive = zipOf({ 'a/1.png': 'nothing', 'b/2.png': 'of this' });
  expect(await refusalOf(data.ingest(archive, { options: setAside }))).toContain('No row of the file can be read.');
});

test('stops a zip bomb while it is unpacked', async () => {
  const bomb = zipOf({ ...pets, 'pets/cats/bomb.png': Buffer.alloc(20 << 20) });
  expect(bomb.length).toBeLessThan(200_000);
  const refusal = await refusalOf(data.ingest(bomb, { options: setAside, limitBytes: 1 << 20 }));
  expect(refusal).toContain('Unpacked, the archive has more than the 1 MB allowed.');
});

test('sets aside a file that is too long for an image, whatever the archive says of it', async () => {
  const { profile } = await data.ingest(zipOf({ ...pets, 'pets/cats/huge.png': Buffer.alloc(33 << 20) }), {
    options: setAside,
  });
  expect(profile.remarks?.join(' ')).toContain(
    '“pets/cats/huge.png”: it has more than the 32 MB allowed for one file.',
  );
});

test('does not draw a PNG that says it is huge', async () => {
  const huge = Buffer.from(png(1));
  huge.writeUInt32BE(60_000, 16);
  huge.writeUInt32BE(60_000, 20);
  huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
  expect(await refusalOf(data.ingest(zipOf({ ...pets, 'pets/cats/3.png': huge })))).toContain('60000 × 60000 pixels');
});

test('refuses more than 100,000 files before it reads one', async () => {
  expect(await refusalOf(data.ingest(zipOfSaid(100_001)))).toContain('has 100,001 files in it; at most 100,000');
});

test('sets a link in a tar aside', async () => {
  const archive = Buffer.concat([tarOf({ 'a/link.png': Buffer.alloc(0) }, '2').subarray(0, -1024), tarOf(pets)]);
  const { profile } = await data.ingest(archive, { options: setAside });
  expect(profile.remarks?.join(' ')).toContain('“a/link.png”: it is a link, not a file.');
});

test('says of one image what to do', async () => {
  expect(await refusalOf(data.ingest(png(1)))).toContain('Put images into a zip, in one folder for each label');
});

test('keeps the images of a Parquet file', async () => {
  const first = await data.ingest(zipOf(pets));
  const again = await data.ingest(await readFile(first.parquet), { name: 'again.parquet' });
  expect(again.profile.columns[0]).toMatchObject({ sqlType: 'BLOB', images: { sizeCount: 2 } });
});

test('writes many large images in small row groups', async () => {
  const noise = (seed: number) => {
    const pixels = Buffer.alloc(600 * 600);
    for (let n = 0; n < pixels.length; n++) pixels[n] = Math.imul(n + seed, 2_654_435_761) >>> 24;
    return pixels;
  };
  const files: Record<string, Buffer> = {};
  for (let n = 0; n < 30; n++) files[`${n % 3}/${n}.png`] = encodePng(noise(n * 7919), 600, 600, 1);
  const { parquet, profile } = await data.ingest(zipOf(files));
  expect(profile.columns[1]).toMatchObject({ name: 'label', sqlType: 'BIGINT', distinct: 3 });
  expect((await data.cells(parquet)).map((row) => row[2])).toEqual(Object.keys(files));
  const engine = await DuckDBInstance.create(':memory:');
  const connection = await engine.connect();
  const groups = await connection.runAndReadAll(
    `SELECT max(total_uncompressed_size) FROM parquet_metadata('${parquet}') WHERE path_in_schema = 'image'`,
  );
  expect(Number(groups.getRowsJson()[0]?.[0])).toBeLessThan(10 << 20);
});
