import { zstdCompressSync } from 'node:zlib';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');

test('objects become rows, one level of objects columns, and what is deeper JSON text', async () => {
  const { profile, parquet, options } = await fixture.ingest(
    lines(
      { id: 1, a: { b: 1.5, c: { d: [1, 2] } }, tags: ['x', 'y'], text: 'Käse, "alt"\nneu' },
      { id: 2, ok: true, a: { b: null } },
      { id: 3, text: '' },
    ),
  );
  expect(profile.columns.map(({ name, sqlType }) => [name, sqlType])).toEqual([
    ['id', 'BIGINT'],
    ['a.b', 'DOUBLE'],
    ['a.c', 'VARCHAR'],
    ['tags', 'VARCHAR'],
    ['text', 'VARCHAR'],
    ['ok', 'BOOLEAN'],
  ]);
  expect(await fixture.cells(parquet)).toEqual([
    ['1', '1.5', '{"d":[1,2]}', '["x","y"]', 'Käse, "alt"\nneu', null],
    ['2', null, null, null, null, 'true'],
    ['3', null, null, null, null, null],
  ]);
  expect(options).toMatchObject({ format: 'json lines', delimiter: null, header: null, encoding: 'utf-8' });
});

test('texts stay text though they look like numbers, and numbers keep all their digits', async () => {
  const { profile, parquet } = await fixture.ingest(
    '{"zip":"01234","n":"12","big":9007199254740993,"x":{"y":[12345678901234567890]},"day":"2024-01-31"}\n' +
      '{"zip":"99999","n":"13","big":2,"x":{"y":[]},"day":"2024-02-01"}\r\n',
  );
  expect(profile.columns.map(({ sqlType }) => sqlType)).toEqual(['VARCHAR', 'VARCHAR', 'BIGINT', 'VARCHAR', 'DATE']);
  expect((await fixture.cells(parquet))[0]).toEqual([
    '01234',
    '12',
    '9007199254740993',
    '[12345678901234567890]',
    '2024-01-31',
  ]);
  expect(profile.columns[0]?.notices?.map(({ kind }) => kind)).toContain('leading zeros');
  expect(profile.columns[1]?.notices?.map(({ kind }) => kind)).toContain('numbers as text');
});

test.each<[string, string | Buffer]>([
  ['in UTF-16', Buffer.from('\uFEFF{"a":"é","b":1}\n', 'utf16le')],
  ['with the mark of UTF-8', '\uFEFF{"a":"é","b":1}\n'],
  ['packed with zstd', zstdCompressSync('{"a":"é","b":1}\n')],
  ['without a last line end, and blank lines', '\n{"a":"é","b":1}\n\n  \n{"a":"é","b":1}'],
])('a file %s is read', async (_, content) => {
  const { parquet } = await fixture.ingest(content);
  expect((await fixture.cells(parquet))[0]).toEqual(['é', '1']);
});

describe('a bad line', () => {
  test.each<[string, string, RegExp]>([
    [
      'is no JSON',
      '{"a":1}\n{"a":2}\n{"a":oops}\n',
      /Row 3 \(line 3 of the file\): The line is no JSON: Unexpected token 'o'/,
    ],
    ['is cut', '{"a":1}\n\n{"a":2', /Row 2 \(line 3 of the file\): The line is no JSON/],
    ['is a list', '{"a":1}\n[1]\n', /Row 2 .*a list, not an object/],
    ['is a number', '{"a":1}\n7\n', /Row 2 .*“7”, which is no object/],
    ['has a name twice', '{"a":{"b":1},"a.b":2}\n', /Row 1 .*“a\.b” is there twice/],
    ['has half a character', '{"a":"\\ud800"}\n', /Row 1 .*“a” has a character that text does not have/],
    ['is too long', `{"a":1}\n{"a":"${'x'.repeat(5 << 20)}"}\n`, /Row 2 .*longer than 4 MB/],
    ['begins one object over many lines', '{"a":\n1}\n', /Row 1 \(line 1 .*no JSON/],
  ])('refuses the file when it %s', async (_, content, message) => {
    const failure = await failureOf(fixture.ingest(content));
    expect(failure).toMatchObject({
      type: 'BadData',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/One object/),
    });
  });

  test('can be set aside', async () => {
    const content = `{"a":1}\noops\n{"a":2}\n{"a":"${'x'.repeat(5 << 20)}"}\n[]\n{"a":3}\n`;
    const { profile, rejectedRows, parquet } = await fixture.ingest(content, { options: { badRows: 'set aside' } });
    expect(await fixture.cells(parquet)).toEqual([['1'], ['2'], ['3']]);
    expect([profile.rejectedRows, rejectedRows]).toEqual([3, 3]);
    const { rows } = await fixture.worker.rows({ parquet: `${parquet}.rejected`, limit: 10, cellLength: 2000 });
    expect(rows.map(([record, line]) => [record, line])).toEqual([
      ['2', '2'],
      ['4', '4'],
      ['5', '5'],
    ]);
    expect(rows[0]?.[3]).toBe('oops');
    expect(rows[1]?.[3]).toHaveLength(1000);
  });

  test('is not set aside when no other is left', async () => {
    const failure = await failureOf(fixture.ingest('{"a":\noops\n', { options: { badRows: 'set aside' } }));
    expect(failure.message).toMatch(/No row of the file can be read. Row 1/);
  });
});

test('names that differ in case only are refused', async () => {
  expect((await failureOf(fixture.ingest('{"a":1}\n{"A":2}\n'))).message).toMatch(/differ in case only in the objects/);
});

test('very many names are refused', async () => {
  const many = lines(
    ...Array.from({ length: 20 }, (_, row) =>
      Object.fromEntries(Array.from({ length: 600 }, (__, n) => [`k${row * 600 + n}`, n])),
    ),
  );
  expect((await failureOf(fixture.ingest(many))).message).toMatch(/more than 10,000 different names/);
});

test('a list of objects is refused with what to do', async () => {
  const failure = await failureOf(fixture.ingest('[{"a": 1}]'));
  expect(failure.hint).toMatch(/one object to a line/);
});
