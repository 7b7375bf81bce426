import { type ColumnProfile, datasetProfileSchema } from '../../domain/dataset.ts';
import type { EngineNeeds } from '../../domain/engine.ts';
import { bytesPerGib, cheapestWith, nextSizeUp } from '../../domain/machine-sizes.ts';
import { type Estimate, estimateNeeds, fitOf, sizeOfData, suggestedFor } from '../../domain/preflight.ts';

const column = (name: string, type: ColumnProfile['type'], more: Partial<ColumnProfile> = {}): ColumnProfile => ({
  ...{ name, type, sqlType: type === 'text' ? 'VARCHAR' : 'DOUBLE', missing: 0, distinct: 1000 },
  ...{ min: null, max: null, mean: null, top: [], histogram: [], remarks: [], ...more },
});
const profileOf = (...columns: ColumnProfile[]) => datasetProfileSchema.parse({ rows: 1000, columns });
const letters = (mean: number) => ({ textLength: { min: 1, mean, max: 500 } });
const size = (name: string, memoryGib: number, pricePerHourMicros: number, gpus: string[] = []) => ({
  ...{ name, memoryGib, pricePerHourMicros, gpus },
});

test.each([
  ['a number is a cell', column('x', 'number'), 1, 8],
  ['a date is its parts', column('x', 'date'), 4, 8],
  ['a category has a column for each value', column('x', 'text', { distinct: 12, ...letters(3) }), 12, 60],
  ['a category of many values is one number', column('x', 'text', letters(10)), 1, 67],
  ['a text is its words', column('x', 'text', letters(400)), 224, 457],
  [
    'without lengths the frequent values tell',
    column('x', 'text', { top: [{ value: 'x'.repeat(100), count: 3 }] }),
    ...([74, 157] as const),
  ],
])('%s', (_what, one, cells, bytes) => {
  expect(sizeOfData(profileOf(one))).toEqual({
    rows: 1000,
    columns: 1,
    cells: 1000 * cells,
    bytes: 1000 * bytes,
    pixels: 0,
  });
});

test('columns that are left out count for nothing', () => {
  const profile = profileOf(column('x', 'number'), column('note', 'text', letters(400)));
  expect(sizeOfData(profile, ['note'])).toEqual({ rows: 1000, columns: 1, cells: 1000, bytes: 8000, pixels: 0 });
});

const imagesOf = (...sizes: [width: number, height: number, count: number][]) => ({
  bytes: { min: 500, mean: 2500, max: 9000 },
  types: [{ type: 'png', count: 1000 }],
  sizes: sizes.map(([width, height, count]) => ({ width, height, count })),
  sizeCount: sizes.length,
});

test.each([
  ['has the pixels that the profile counted', imagesOf([64, 48, 1000]), 3072, 2500],
  ['of several sizes has them on average', imagesOf([10, 10, 750], [20, 30, 250]), 225, 2500],
  ['of which nothing is known is taken for a small one', undefined, 784, 1000],
])('an image %s', (_what, images, pixels, bytes) => {
  const profile = profileOf(column('x', 'image', { sqlType: 'BLOB', images }), column('part', 'number'));
  expect(sizeOfData(profile, ['part'])).toEqual({
    ...{ rows: 1000, columns: 1, cells: 1000 * pixels, bytes: 1000 * bytes, pixels },
  });
});

test('larger images need more memory, for all of them and for those that are looked at together', () => {
  const needs = {
    baseMegabytes: 0,
    bytesPerCell: 60,
    bytesPerPixel: 500_000,
    baseSeconds: 0,
    secondsPerMillionCells: 4,
  };
  const of = (side: number) =>
    estimateNeeds(
      needs,
      sizeOfData(profileOf(column('x', 'image', { sqlType: 'BLOB', images: imagesOf([side, side, 1000]) }))),
    );
  expect(of(28)).toMatchObject({ memoryBytes: 784 * (1000 * 60 + 500_000) + 2_500_000, firstModelSeconds: 3.136 });
  expect(of(224).memoryBytes / of(28).memoryBytes).toBeGreaterThan(60);
});

test('an engine needs its base, and more with each cell', () => {
  const needs: EngineNeeds = {
    ...{ baseMegabytes: 1, bytesPerCell: 50, bytesPerPixel: 0, baseSeconds: 2, secondsPerMillionCells: 3 },
  };
  expect(estimateNeeds(needs, { rows: 1, columns: 1, cells: 2e6, bytes: 16e6, pixels: 0 })).toEqual({
    cells: 2e6,
    dataBytes: 16e6,
    memoryBytes: 1024 ** 2 + 100e6 + 16e6,
    firstModelSeconds: 8,
  });
});

const estimate = (dataGib: number, memoryGib: number): Estimate => ({
  ...{ cells: 0, firstModelSeconds: 0, dataBytes: dataGib * bytesPerGib, memoryBytes: memoryGib * bytesPerGib },
});
const small = size('small', 8, 100);
const types = [
  small,
  size('dear', 16, 900),
  size('large', 16, 300),
  size('huge', 64, 600),
  size('gpu', 64, 500, ['T4']),
];

test.each([
  [1, 8, 'fits'],
  [1, 9, 'may not fit'],
  [8, 9, 'may not fit'],
  [8.1, 9, 'cannot fit'],
] as const)('data of %d GiB that needs %d %s', (data, memory, fit) => {
  expect(fitOf(estimate(data, memory), small)).toBe(fit);
});

test('suggests the cheapest machine that it fits into, if there is one', () => {
  expect(suggestedFor(estimate(1, 4), small, types)).toBeUndefined();
  expect(suggestedFor(estimate(1, 12), small, types)?.name).toBe('large');
  expect(suggestedFor(estimate(1, 17), small, types)?.name).toBe('gpu');
  expect(suggestedFor(estimate(1, 65), small, types)).toBeUndefined();
});

test('a size up has clearly more memory, and the accelerators of before', () => {
  expect(nextSizeUp(types, small)?.name).toBe('large');
  expect(nextSizeUp([small, size('hardly', 9, 1)], small)).toBeUndefined();
  expect(nextSizeUp([...types, size('gpus', 128, 700, ['T4', 'T4'])], size('gpu', 64, 500, ['T4']))?.name).toBe('gpus');
  expect(cheapestWith([size('a', 32, 5), size('b', 16, 5)], small, 16)?.name).toBe('b');
});
