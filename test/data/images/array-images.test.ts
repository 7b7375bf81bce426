import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, inflateSync } from 'node:zlib';
import { roleOf } from '../../../data/images/array-images.ts';
import { type DataFixture, openFixture } from '../data-fixture.ts';
import { zipOf } from '../zip-fixture.ts';
import { floats, idx, npy, refusalOf, wholes } from './image-files.ts';

let data: DataFixture;
beforeAll(async () => {
  data = await openFixture();
});
afterAll(() => data.close());

/** The pixels of a grey or coloured PNG as it is written here: lines that begin with a zero. */
async function pixelsIn(parquet: string, row: number, line: number): Promise<number[]> {
  const { bytes } = await data.worker.imageCell({ parquet, column: 'image', row });
  const png = Buffer.from(bytes, 'base64');
  const length = png.readUInt32BE(33);
  const lines = inflateSync(png.subarray(41, 41 + length));
  return [...lines].filter((_, n) => n % (line + 1) !== 0);
}

const two = Buffer.from([0, 1, 2, 3, 250, 251, 252, 253]);

test('makes a table of NumPy arrays of images and labels', async () => {
  const npz = zipOf({ 'x.npy': npy('|u1', [2, 2, 2], two), 'y.npy': npy('<i8', [2], wholes(7, -1)) });
  const { parquet, profile, options } = await data.ingest(npz, { name: 'small.npz' });
  expect((await data.cells(parquet)).map((row) => row.slice(1))).toEqual([
    ['7', '2', '2'],
    ['-1', '2', '2'],
  ]);
  expect(profile.columns.map(({ name, sqlType }) => `${name} ${sqlType}`)).toEqual([
    'image BLOB',
    'label BIGINT',
    'width BIGINT',
    'height BIGINT',
  ]);
  expect(options.format).toBe('images');
  expect(await pixelsIn(parquet, 2, 2)).toEqual([250, 251, 252, 253]);
});

test("reads the arrays of keras' mnist.npz as the parts of one dataset", async () => {
  const npz = zipOf({
    'x_test.npy': npy('|u1', [1, 2, 2], two.subarray(0, 4)),
    'x_train.npy': npy('|u1', [2, 2, 2], two),
    'y_train.npy': npy('|u1', [2], Buffer.from([5, 6])),
    'y_test.npy': npy('|u1', [1], Buffer.from([9])),
  });
  const { parquet } = await data.ingest(npz);
  expect((await data.cells(parquet)).map((row) => [row[1], row[4]])).toEqual([
    ['5', 'train'],
    ['6', 'train'],
    ['9', 'test'],
  ]);
});

test.each([
  ['0 to 1', '<f8', floats(0, 0.5, 1, 0.25), [0, 128, 255, 64], 'Numbers from 0 to 1'],
  ['−1 to 1', '<f8', floats(-1, 0, 1, 0.5), [0, 128, 255, 191], 'Numbers from -1 to 1'],
  ['0 to 16', '<f8', floats(0, 8, 16, 4), [0, 128, 255, 64], 'Numbers from 0 to 16'],
  ['0 to 255', '<f8', floats(0, 100.4, 255, 17), [0, 100, 255, 17], undefined],
  ['any range', '<f8', floats(-100, 0, 300, 140), [0, 64, 255, 153], 'Numbers from -100 to 300'],
  ['whole numbers', '<i8', wholes(0, 1, 200, 17), [0, 1, 200, 17], undefined],
  [
    'two bytes, the large end first',
    '>u2',
    Buffer.from([0, 0, 255, 255, 128, 0, 1, 0]),
    [0, 255, 128, 1],
    'Numbers from 0 to 65535',
  ],
])('makes shades of numbers: %s', async (_, descr, values, shades, remark) => {
  const { parquet, profile } = await data.ingest(zipOf({ 'images.npy': npy(descr, [1, 2, 2], values) }));
  expect(await pixelsIn(parquet, 1, 2)).toEqual(shades);
  const told = profile.remarks?.find((each) => each.includes('became shades')) ?? '';
  expect(remark === undefined ? told === '' : told.startsWith(remark)).toBe(true);
});

test.each([
  ['squares in a line', [1, 4], 2, [0, 1, 2, 3]],
  ['one colour', [1, 2, 2, 1], 2, [0, 1, 2, 3]],
  ['one colour first', [1, 1, 2, 2], 2, [0, 1, 2, 3]],
])('takes images as %s', async (_, shape, line, pixels) => {
  const { parquet } = await data.ingest(zipOf({ 'x.npy': npy('|u1', shape, two.subarray(0, 4)) }));
  expect(await pixelsIn(parquet, 1, line)).toEqual(pixels);
});

test.each([
  ['last', [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]],
  ['first', [1, 3, 1, 2], [1, 3, 5, 2, 4, 6]],
])('takes three colours %s', async (_, shape, pixels) => {
  const { parquet } = await data.ingest(zipOf({ 'x.npy': npy('|u1', shape, Buffer.from([1, 2, 3, 4, 5, 6])) }));
  expect(await pixelsIn(parquet, 1, 6)).toEqual(pixels);
});

test('reads labels that are texts', async () => {
  const letters = Buffer.alloc(2 * 4 * 4);
  for (const [at, text] of ['cat', 'häse'].entries()) {
    for (const [n, letter] of Array.from(text).entries())
      letters.writeUInt32LE(letter.codePointAt(0) ?? 0, at * 16 + n * 4);
  }
  const npz = zipOf({ 'x.npy': npy('|u1', [2, 2, 2], two), 'labels.npy': npy('<U4', [2], letters) });
  expect((await data.cells((await data.ingest(npz)).parquet)).map((row) => row[1])).toEqual(['cat', 'häse']);
});

test.each([
  ['objects', { 'x.npy': npy('|O', [2], Buffer.from('\x80\x04pickle')) }, 'Python objects, which are pickles'],
  [
    'labels that are objects',
    { 'x.npy': npy('|u1', [2, 2, 2], two), 'y.npy': npy('|O', [2], two) },
    'which are pickles',
  ],
  ['columns first', { 'x.npy': npy('|u1', [2, 2, 2], two, true) }, 'Fortran order'],
  ['complex numbers', { 'x.npy': npy('<c8', [1, 1, 1], two) }, 'values of the type “<c8”'],
  ['a cut array', { 'x.npy': npy('|u1', [9, 2, 2], two) }, 'shorter than it says'],
  ['texts', { 'x.npy': npy('<U4', [2, 4], Buffer.alloc(2 * 4 * 16, 'a')) }, '“x” holds texts, which are no images'],
  ['no shape of images', { 'x.npy': npy('|u1', [8], two) }, 'the shape (8), which is none of images'],
  ['no square', { 'x.npy': npy('|u1', [1, 8], two) }, 'the shape (1, 8), which is none of images'],
  ['no name of images', { 'weights.npy': npy('|u1', [2, 2, 2], two) }, 'no array of images; it has “weights”'],
  [
    'fewer labels',
    { 'x.npy': npy('|u1', [2, 2, 2], two), 'y.npy': npy('<i8', [1], wholes(1)) },
    '2 images, but “y” has 1 label',
  ],
  [
    'a column for each class',
    { 'x.npy': npy('|u1', [2, 2, 2], two), 'y.npy': npy('|u1', [2, 4], two) },
    'one label for each image is needed',
  ],
])('refuses %s', async (_, arrays, reason) => {
  expect(await refusalOf(data.ingest(zipOf(arrays)))).toContain(reason);
});

test('sets an image aside that has values which are no numbers', async () => {
  const npz = zipOf({
    'x.npy': npy('<f8', [2, 1, 2], floats(0, 1, Number.NaN, 1)),
    'y.npy': npy('<i8', [2], wholes(1, 2)),
  });
  expect(await refusalOf(data.ingest(npz))).toContain('Image 2 of “x”: it has values that are no numbers.');
  const { profile, rejectedRows, parquet } = await data.ingest(npz, { options: { badRows: 'set aside' } });
  expect([profile.rows, rejectedRows, (await data.cells(parquet))[0]?.[1]]).toEqual([1, 1, '1']);
});

test.each([
  ['as they are', (bytes: Buffer) => bytes, ''],
  ['packed with gzip', (bytes: Buffer) => gzipSync(bytes), '.gz'],
])("reads MNIST's pairs of files %s", async (_, pack, ending) => {
  const archive = zipOf({
    [`t10k-images-idx3-ubyte${ending}`]: pack(idx([1, 2, 2], two.subarray(4))),
    [`t10k-labels-idx1-ubyte${ending}`]: pack(idx([1], Buffer.from([4]))),
    [`train-images-idx3-ubyte${ending}`]: pack(idx([2, 2, 2], two)),
    [`train-labels-idx1-ubyte${ending}`]: pack(idx([2], Buffer.from([1, 2]))),
  });
  const { parquet } = await data.ingest(archive);
  expect((await data.cells(parquet)).map((row) => [row[1], row[4]])).toEqual([
    ['1', 'train'],
    ['2', 'train'],
    ['4', 'test'],
  ]);
  expect(await pixelsIn(parquet, 3, 2)).toEqual([250, 251, 252, 253]);
});

test('pairs two IDX files whatever they are called', async () => {
  const archive = zipOf({ one: idx([2, 2, 2], two), 'train-other': idx([2], Buffer.from([8, 9])) });
  expect((await data.cells((await data.ingest(archive)).parquet)).map((row) => row[1])).toEqual(['8', '9']);
});

test.each([
  ['an IDX file of images', idx([2, 2, 2], two), 'one IDX file (of images)'],
  ['an IDX file of labels', idx([2], Buffer.from([1, 2])), 'one IDX file (of labels)'],
  ['a packed IDX file', gzipSync(idx([2, 2, 2], two)), 'one IDX file (of images)'],
  ['one array', npy('|u1', [2, 2, 2], two), 'one NumPy array (.npy)'],
  ['labels without images', zipOf({ 'train-labels-idx1-ubyte': idx([2], Buffer.from([1, 2])) }), 'but no images'],
])('refuses %s alone, with what to do', async (_, bytes, reason) => {
  expect(await refusalOf(data.ingest(bytes))).toContain(reason);
});

test.each([
  ['x_train.npy', 'images', 'train'],
  ['test_labels.npy', 'labels', 'test'],
  ['t10k-images-idx3-ubyte.gz', 'images', 'test'],
  ['data/train-labels.idx1-ubyte', 'labels', 'train'],
  ['arr_0.npy', 'images', null],
  ['val_images.npy', 'images', 'validation'],
  ['feature_names.npy', undefined, null],
])('knows by its name what an array is: %s', (name, role, part) => {
  expect(roleOf(name)).toEqual({ role, part });
});

test('reads the sample of digits, of which no array of NumPy was told how', async () => {
  const sample = await readFile(join(import.meta.dirname, '../../../trainer-image/samples/digits.npz'));
  expect(sample.length).toBeLessThan(300_000);
  const { profile } = await data.ingest(sample, { name: 'digits.npz' });
  expect(profile.rows).toBe(1797);
  expect(profile.columns[0]?.images).toMatchObject({ sizes: [{ width: 8, height: 8, count: 1797 }], sizeCount: 1 });
  expect(profile.columns[1]).toMatchObject({ name: 'label', sqlType: 'BIGINT', distinct: 10, missing: 0 });
});
