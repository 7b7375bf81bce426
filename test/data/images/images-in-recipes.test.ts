import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Step } from '../../../domain/recipe/recipe.ts';
import { type DataFixture, failureOf, openFixture } from '../data-fixture.ts';
import { zipOf } from '../zip-fixture.ts';
import { png } from './image-files.ts';

let data: DataFixture;
let parquet: string;
beforeAll(async () => {
  data = await openFixture();
  ({ parquet } = await data.ingest(
    zipOf({ 'a/1.png': png(1), 'a/2.png': png(2, 9, 9), 'b/3.png': png(3), 'b/4.png': png(3) }),
  ));
});
afterAll(() => data.close());

const step = (kind: string, settings: Step['settings']): Step => ({
  ...{ id: kind.slice(0, 6), on: true, kind, settings },
  onFailure: 'stop',
});
const bytesOf = (path: string, row: number, column = 'image') =>
  data.worker.imageCell({ parquet: path, column, row }).then(({ bytes }) => Buffer.from(bytes, 'base64'));

test('images go through the steps of a recipe as they are', async () => {
  const steps = [
    step('filter-rows', { do: 'keep', match: 'all', conditions: [{ column: 'width', is: '=', value: '4' }] }),
    step('rename-columns', { pairs: [{ from: 'image', to: 'picture' }] }),
  ];
  const toParquet = join(data.folder, 'prepared.parquet');
  const run = await data.worker.runRecipe({ parquet, steps, toParquet });
  expect(run.schema[0]).toEqual({ name: 'picture', type: 'BLOB' });
  expect((await data.cells(toParquet)).map((row) => row[2])).toEqual(['a/1.png', 'b/3.png', 'b/4.png']);
  expect(await bytesOf(toParquet, 2, 'picture')).toEqual(png(3));
});

test('the same image twice is a duplicate', async () => {
  const toParquet = join(data.folder, 'different.parquet');
  await data.worker.runRecipe({ parquet, steps: [step('drop-duplicates', { columns: ['image'] })], toParquet });
  expect((await data.cells(toParquet)).map((row) => row[2])).toEqual(['a/1.png', 'a/2.png', 'b/3.png']);
});

test('a preview says what stands there', async () => {
  const seen = await data.worker.recipePreview({ parquet, steps: [], rows: 'first' });
  expect(seen.rows[0]?.after[0]).toMatch(/^PNG image, \d+ bytes$/);
});

test.each([
  ['fill-missing', { columns: ['image'], with: 'most frequent' }],
  ['change-type', { columns: ['image'], to: 'text' }],
  ['sort-rows', { columns: ['image'] }],
  ['one-hot', { columns: ['image'] }],
  ['filter-rows', { do: 'keep', match: 'all', conditions: [{ column: 'image', is: '=', value: 'x' }] }],
  ['make-column', { name: 'n', formula: 'length([image])' }],
])('the step %s does not look into images', async (kind, settings) => {
  const seen = await data.worker.recipePreview({ parquet, steps: [step(kind, settings)], rows: 'first' });
  const [problem] = seen.steps[0]?.problems ?? [];
  expect(problem?.message).toMatch(/“image” holds images, and (this step does|formulas do) not look into images\.$/);
});

test('rows to predict keep their images, and a text is none', async () => {
  const toParquet = join(data.folder, 'conformed.parquet');
  const schema = [{ name: 'image', sqlType: 'BLOB' }];
  await data.worker.conform({ path: parquet, isCsv: false, schema, toParquet });
  expect(await bytesOf(toParquet, 4)).toEqual(png(3));
  const text = await data.write('text.csv', 'image,label\n1.png,a\n');
  const { message } = await failureOf(data.worker.conform({ path: text, isCsv: true, schema, toParquet }));
  expect(message).toBe('Row 1, column “image”: found “1.png”, but the model expects an image, as in a zip of images.');
});

test('text has no place for images', async () => {
  const json = join(data.folder, 'rows.json');
  await data.worker.toJson({ parquet, path: json });
  const rows = JSON.parse(await readFile(json, 'utf8')) as object[];
  expect(Object.keys(rows[0] ?? {})).toEqual(['label', 'file', 'width', 'height']);
  const { rows: told } = await data.worker.jsonRows({ parquet, limit: 1 });
  expect(told[0]).toMatchObject({ label: 'a', image: expect.stringMatching(/^PNG image/) });
});

test('a closer look passes over images', async () => {
  const { columns } = await data.worker.lookCloser({ parquet });
  expect(columns).toEqual(['label', 'file', 'width', 'height']);
  const against = await data.worker.againstLabel({ parquet, label: 'label' });
  expect(against.columns.map(({ column }) => column)).not.toContain('image');
});
