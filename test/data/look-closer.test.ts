import { columnProfileSchema, datasetProfileSchema } from '../../domain/dataset.ts';
import type { AgainstLabel, LookedCloser } from '../../data/look-calls.ts';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

/** Numbers that look random, the same each time. */
const mixed = (n: number, salt = 1) => ((Math.imul(n + salt, 2_654_435_761) >>> 0) / 2 ** 32 + n * 0.618034 * salt) % 1;

/** Without the evenness of `mixed`: as uneven as chance. */
function scrambled(n: number): number {
  let bits = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

async function parquetOf(rows: number, columns: Record<string, (n: number) => string | number>): Promise<string> {
  const lines = Array.from({ length: rows }, (_, n) =>
    Object.values(columns)
      .map((value) => value(n))
      .join(','),
  );
  return (await fixture.ingest(`${Object.keys(columns).join(',')}\n${lines.join('\n')}\n`)).parquet;
}

function strengthIn({ columns }: AgainstLabel, name: string) {
  return columns.find(({ column }) => column === name);
}

function pairIn({ pairs }: LookedCloser, a: string, b: string) {
  return pairs.find((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
}

describe('the profile', () => {
  test('has quantiles, spread and lengths, as another program counts them', async () => {
    const rows = Array.from(
      { length: 1001 },
      (_, n) => `${n},${n % 10 === 0 ? '' : 'x'.repeat(n % 7)},2024-01-${String((n % 9) + 1).padStart(2, '0')}\n`,
    );
    const { profile } = await fixture.ingest(`n,t,d\n${rows.join('')}`);
    const [n, t, d] = profile.columns;
    expect(n?.quantiles).toEqual([
      { share: 0.01, value: '10' },
      { share: 0.05, value: '50' },
      { share: 0.25, value: '250' },
      { share: 0.5, value: '500' },
      { share: 0.75, value: '750' },
      { share: 0.95, value: '950' },
      { share: 0.99, value: '990' },
    ]);
    expect(n?.quantilesAreApproximate).toBe(false);
    expect(n?.standardDeviation).toBeCloseTo(Math.sqrt((1001 * 1002) / 12), 6);
    const lengths = Array.from({ length: 1001 }, (_, k) => (k % 10 === 0 ? 0 : k % 7)).filter((length) => length > 0);
    expect(t?.textLength).toEqual({
      min: 1,
      mean: expect.closeTo(lengths.reduce((a, b) => a + b) / lengths.length, 9),
      max: 6,
    });
    expect(t?.missingShare).toBeCloseTo((1001 - lengths.length) / 1001, 9);
    expect(t?.quantiles).toEqual([]);
    expect(d?.quantiles?.[3]).toEqual({ share: 0.5, value: '2024-01-05' });
    expect(datasetProfileSchema.parse(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
  });

  test('bears numbers whose squares are none', async () => {
    const { profile } = await fixture.ingest('a,b\n1e300,1\n-1e300,2\n5,3\n');
    expect(profile.columns[0]).toMatchObject({ sqlType: 'DOUBLE', standardDeviation: null });
    expect(profile.columns[0]?.quantiles?.[3]?.value).toBe('5.0');
  });

  test.each<[string, (n: number) => string, string[]]>([
    ['one value', () => 'x', ['constant']],
    ['an identifier', (n) => `c-${n}`, ['unique', 'identifier']],
    ['long texts that are all different', (n) => `${n} ${'text '.repeat(20)}`, ['unique']],
    ['fractions that are all different', (n) => `${n}.5`, ['unique']],
    ['several kinds', (n) => (n % 2 ? String(n % 30) : 'none'), ['mixed types']],
    ['dates as text', (n) => `${(n % 28) + 1}.01.2024`, ['dates as text']],
    ['dates in words', (n) => `${(n % 28) + 1} March 2024`, ['dates as text']],
    ['numbers as text', (n) => `${n % 50} %`, ['numbers as text']],
    ['leading zeros', (n) => `00${n % 50}`, ['leading zeros']],
    ['a category', (n) => `c${n % 3}`, []],
  ])('notices %s', async (_, value, kinds) => {
    const lines = Array.from({ length: 200 }, (__, n) => `${n % 3},${value(n)}\n`);
    const { profile } = await fixture.ingest(`k,v\n${lines.join('')}`);
    const notices = profile.columns[1]?.notices ?? [];
    expect(notices.map(({ kind }) => kind)).toEqual(kinds);
    for (const { message } of notices) expect(profile.columns[1]?.remarks).toContain(message);
  });

  test('of earlier versions is still read', () => {
    const old = {
      name: 'a',
      type: 'text',
      sqlType: 'VARCHAR',
      missing: 0,
      distinct: 1,
      min: null,
      max: null,
      mean: null,
      top: [],
      histogram: [],
      remarks: [],
    };
    expect(columnProfileSchema.parse(old)).toEqual(old);
    expect(datasetProfileSchema.parse({ rows: 1, columns: [old] })).toEqual({ rows: 1, columns: [old] });
  });
});

describe('a closer look', () => {
  test('measures every pair, and finds near copies', async () => {
    const parquet = await parquetOf(2000, {
      x: (n) => mixed(n, 3),
      double: (n) => -2 * mixed(n, 3) + 5,
      curve: (n) => Math.exp(20 * mixed(n, 3)),
      noise: (n) => mixed(n, 17),
      city: (n) => `city${n % 40}`,
      country: (n) => `country${n % 4}`,
      land: (n) => `land${n % 4}`,
      id: (n) => `id${n}`,
      same: () => 1,
      chance: (n) => `g${scrambled(n) % 300}`,
    });
    const looked = await fixture.worker.lookCloser({ parquet });
    expect(looked).toMatchObject({ rows: 2000, looked: 2000, remarks: [] });
    expect(looked.pairs).toHaveLength((10 * 9) / 2);
    expect(pairIn(looked, 'x', 'double')).toMatchObject({
      measure: 'correlation',
      pearson: expect.closeTo(-1, 6),
      strength: expect.closeTo(1, 6),
    });
    expect(pairIn(looked, 'x', 'curve')?.strength).toBeCloseTo(1, 6);
    expect(pairIn(looked, 'x', 'curve')?.pearson).toBeLessThan(0.6);
    expect(pairIn(looked, 'x', 'noise')?.strength).toBeLessThan(0.1);
    expect(pairIn(looked, 'city', 'country')).toMatchObject({ measure: 'Cramér’s V', strength: expect.closeTo(1, 1) });
    expect(pairIn(looked, 'id', 'country')?.strength).toBe(0);
    // Without the correction for many categories, this would be 0.3.
    expect(pairIn(looked, 'chance', 'country')?.strength).toBeLessThan(0.2);
    expect(pairIn(looked, 'x', 'id')?.strength).toBeNull();
    expect(pairIn(looked, 'x', 'country')).toMatchObject({ measure: 'ratio' });
    expect(pairIn(looked, 'x', 'country')?.strength).toBeLessThan(0.15);
    expect(pairIn(looked, 'x', 'same')?.strength).toBeNull();
    expect(looked.notices.map(({ column, other }) => [column, other])).toEqual([
      ['double', 'x'],
      ['curve', 'x'],
      ['curve', 'double'],
      ['land', 'country'],
    ]);
  });

  test('is bounded, and says so', async () => {
    const columns = Object.fromEntries(Array.from({ length: 70 }, (_, k) => [`c${k}`, (n: number) => n * (k + 1)]));
    const parquet = await parquetOf(50, columns);
    const looked = await fixture.worker.lookCloser({ parquet });
    expect(looked.columns).toHaveLength(60);
    expect(looked.remarks.join()).toMatch(/Only the first 60 columns were looked at, not the other 10/);
    expect((await fixture.worker.lookCloser({ parquet, columns: ['c1', 'c69'] })).pairs).toHaveLength(1);
  });

  test('samples a long table, the same rows each time', async () => {
    const parquet = await parquetOf(100_000, { file_row_number: (n) => n, y: (n) => mixed(n, 5) + n / 100_000 });
    const first = await fixture.worker.lookCloser({ parquet });
    expect(first.looked).toBeGreaterThan(19_000);
    expect(first.looked).toBeLessThan(21_000);
    expect(first.remarks.join()).toMatch(/By a sample of/);
    expect(pairIn(first, 'file_row_number', 'y')?.pearson).toBeCloseTo(Math.SQRT1_2, 1);
    expect(await fixture.worker.lookCloser({ parquet })).toEqual(first);
  });
});

describe('against the label', () => {
  test('what gives it away has a hint, what is chance has none', async () => {
    const label = (n: number) => Number(mixed(n, 3) > 0.7);
    const parquet = await parquetOf(3000, {
      label,
      copy: (n) => (label(n) ? 'yes' : 'no'),
      score: (n) => mixed(n, 3) * 100,
      left_on: (n) => (label(n) ? '2024-01-31' : ''),
      weak: (n) => mixed(n, 7) + label(n) * 0.5,
      noise: (n) => mixed(n, 11),
      id: (n) => `id${n}`,
    });
    const looked = await fixture.worker.againstLabel({ parquet, label: 'label' });
    expect(strengthIn(looked, 'copy')).toMatchObject({
      measure: 'Cramér’s V',
      strength: expect.closeTo(1, 6),
      hint: expect.stringMatching(/Almost a copy of the label/),
    });
    expect(strengthIn(looked, 'score')).toMatchObject({
      measure: 'ratio',
      strength: expect.closeTo(1, 6),
      hint: expect.stringMatching(/Almost a copy/),
    });
    expect(strengthIn(looked, 'left_on')).toMatchObject({
      measure: 'missing',
      hint: expect.stringMatching(/missing nearly tells the label/),
    });
    expect(strengthIn(looked, 'weak')).toMatchObject({ hint: null });
    expect(strengthIn(looked, 'noise')?.strength).toBeLessThan(0.1);
    expect(strengthIn(looked, 'id')).toMatchObject({
      strength: 0,
      hint: expect.stringMatching(/Every value is different/),
    });
    expect(looked.columns.map(({ strength }) => strength ?? -1)).toEqual(
      looked.columns.map(({ strength }) => strength ?? -1).toSorted((a, b) => b - a),
    );
    expect(looked.columns.map(({ column }) => column)).not.toContain('label');
  });

  test('a label of numbers', async () => {
    const parquet = await parquetOf(1000, {
      y: (n) => mixed(n, 3) * 9,
      euro: (n) => mixed(n, 3) * 9.99,
      group: (n) => (mixed(n, 3) > 0.5 ? 'a' : 'b'),
    });
    const looked = await fixture.worker.againstLabel({ parquet, label: 'y' });
    expect(looked.columns[0]).toMatchObject({
      column: 'euro',
      measure: 'correlation',
      hint: expect.stringMatching(/Almost/),
    });
    expect(strengthIn(looked, 'group')?.measure).toBe('ratio');
  });

  test('a label that is not there is refused', async () => {
    const parquet = await parquetOf(20, { a: (n) => n });
    expect((await failureOf(fixture.worker.againstLabel({ parquet, label: 'b' }))).message).toMatch(/no column “b”/);
  });
});

describe('two columns', () => {
  test('of numbers are points, of a number and a category boxes, of two categories a mosaic', async () => {
    const parquet = await parquetOf(5000, {
      x: (n) => n / 7,
      y: (n) => (n % 50 === 0 ? '' : n * 2),
      day: (n) => `2024-01-${String((n % 28) + 1).padStart(2, '0')}`,
      kind: (n) => 'abc'[n % 3] ?? '',
      stars: (n) => (n % 5) + 1,
      many: (n) => `m${n % 30}`,
    });
    const points = await fixture.worker.relation({ parquet, x: 'x', y: 'y' });
    if (points.kind !== 'points') throw new Error(points.kind);
    expect(points).toMatchObject({ rows: 5000, looked: 5000, missing: 100, pearson: expect.closeTo(1, 6) });
    expect(points.points).toHaveLength(2000);
    for (const [x, y] of points.points) expect(y).toBeCloseTo(x * 14, 6);
    const dates = await fixture.worker.relation({ parquet, x: 'day', y: 'x' });
    expect(dates).toMatchObject({ kind: 'points', x: { type: 'date' }, y: { type: 'number' } });
    const boxes = await fixture.worker.relation({ parquet, x: 'kind', y: 'x' });
    if (boxes.kind !== 'boxes') throw new Error(boxes.kind);
    expect(boxes.numbers).toBe('y');
    expect(boxes.boxes.map(({ value, count }) => [value, count])).toEqual([
      ['a', 1667],
      ['b', 1667],
      ['c', 1666],
    ]);
    expect(boxes.boxes[0]?.median).toBeCloseTo(2500 / 7, 0);
    const mosaic = await fixture.worker.relation({ parquet, x: 'stars', y: 'many' });
    if (mosaic.kind !== 'mosaic') throw new Error(mosaic.kind);
    expect(mosaic.xValues).toEqual(['1', '2', '3', '4', '5']);
    expect(mosaic.yValues).toHaveLength(13);
    expect(mosaic.yValues.at(-1)).toBe('others');
    expect(mosaic.counts.flat().reduce((a, b) => a + b)).toBe(5000);
    expect((await fixture.worker.relation({ parquet, x: 'x', y: 'x' })).strength).toBe(1);
  });
});
