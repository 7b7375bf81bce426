import { besideImages, checkImages, type KnownColumn } from '../../domain/check-images.ts';
import { type Engine, engineSchema } from '../../domain/engine.ts';

const engine = (name: string, takes?: string[]): Engine =>
  engineSchema.parse({
    ...{ name, title: name.toUpperCase(), summary: '', tasks: ['multiclass'], settings: [], continues: false, takes },
    environment: { downloadMegabytes: 1, installSeconds: 1, preparedAtStart: false },
  });
const sklearn = engine('sklearn');
const torch = engine('torch', ['table', 'image']);

const images = (sizes: [number, number][]) => ({
  bytes: { min: 1, mean: 1, max: 1 },
  types: [{ type: 'png', count: sizes.length }],
  sizes: sizes.map(([width, height]) => ({ width, height, count: 1 })),
  sizeCount: sizes.length,
});
const image: KnownColumn = { name: 'image', sqlType: 'BLOB', missing: 0, images: images([[8, 8]]) };
const label: KnownColumn = { name: 'label', sqlType: 'BIGINT' };

const problems = (columns: KnownColumn[], chosen: Engine, ignoredColumns: string[] = [], labels = ['label']) =>
  checkImages({ columns, engine: chosen, engines: [sklearn, torch], labels, ignoredColumns });

test('an engine takes tables unless it says more', () => {
  expect([sklearn.takes, torch.takes]).toEqual([['table'], ['table', 'image']]);
});

test('refuses images for an engine that cannot learn from them, and names one that can', () => {
  expect(problems([image, label], sklearn)).toEqual([
    {
      field: 'engine.name',
      message: 'SKLEARN cannot learn from images, and “image” holds some. Choose TORCH (torch), or ignore the column.',
    },
  ]);
  expect(problems([image, label], sklearn, ['image'])).toEqual([]);
  expect(problems([image, label], torch)).toEqual([]);
  expect(problems([label], sklearn)).toEqual([]);
});

test.each([
  [
    'of different sizes',
    {
      ...image,
      images: images([
        [8, 8],
        [9, 7],
      ]),
    },
    'have 2 different sizes (8 × 8, 9 × 7)',
  ],
  ['that are missing', { ...image, missing: 3 }, '3 rows have no image in “image”'],
])('refuses images %s before a machine is started', (_, column, message) => {
  expect(problems([column, label], torch)[0]?.message).toContain(message);
  expect(problems([column, label], torch, ['image'])).toEqual([]);
});

test('refuses two columns of images, and images to predict', () => {
  expect(problems([image, { ...image, name: 'other' }], torch)[0]?.field).toBe('ignoredColumns');
  expect(problems([image, label], torch, [], ['image'])[0]?.message).toContain('cannot be predicted');
});

test('knows what lies beside images', () => {
  const columns = ['image', 'label', 'file', 'width', 'height'].map((name) => ({ name, sqlType: 'VARCHAR' }));
  expect(besideImages(columns)).toEqual([]);
  expect(besideImages([image, ...columns])).toEqual(['file', 'width', 'height']);
});
