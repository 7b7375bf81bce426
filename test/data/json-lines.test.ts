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

test.each<[string, string]>([
  ['a name', '{"a":1,"a":2}'],
  ['a name written in two ways', '{"a":1, "\\u0061" : 2}'],
  ['a name of an inner object', '{"x":1,"b":{"a":1,"a":2}}'],
  ['a name deep inside', '{"x":1,"b":[{"c":{"a":[],"a":12345678901234567890}}]}'],
])('%s that is there twice is refused, where a parser would keep one in silence', async (_, line) => {
  const failure = await failureOf(fixture.ingest(`{"a":1,"b":"\\"a\\": {"}\n${line}\n`));
  expect(failure.message).toMatch(/Row 2 .*“a” is there twice/);
});

test('more lists in lists than anybody means are refused', async () => {
  const failure = await failureOf(fixture.ingest(`{"a":1}\n{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`));
  expect(failure.message).toMatch(/Row 2 .*more than 200 objects and lists in each other/);
});

describe('a file that is one list of objects', () => {
  const pretty = JSON.stringify(
    [
      { id: 1, a: { b: '],[ "{' }, t: ['x', { y: '\\' }] },
      { id: 12, t: null },
    ],
    null,
    2,
  );

  test.each<[string, string | Buffer]>([
    ['over many lines', pretty],
    ['in one line', JSON.stringify(JSON.parse(pretty))],
    ['with the mark of UTF-8, and in Windows lines', `\uFEFF \r\n${pretty.replaceAll('\n', '\r\n')}\r\n`],
    ['in UTF-16', Buffer.from(`\uFEFF${pretty}`, 'utf16le')],
    ['packed with zstd', zstdCompressSync(pretty)],
  ])('%s is read like lines of objects', async (_, content) => {
    const { profile, parquet, options } = await fixture.ingest(content);
    expect(profile.columns.map(({ name }) => name)).toEqual(['id', 'a.b', 't']);
    expect(await fixture.cells(parquet)).toEqual([
      ['1', '],[ "{', '["x",{"y":"\\\\"}]'],
      ['12', null, null],
    ]);
    expect(options.format).toBe('json lines');
    expect(profile.remarks).toContain('The file is one list; each object in it is a row.');
  });

  test('of any length is read, with entries over the borders of what is read at once', async () => {
    const many = Array.from({ length: 30_000 }, (_, n) => ({ n, text: `${'é'.repeat(n % 97)}"],[{` }));
    const { profile, parquet } = await fixture.ingest(JSON.stringify(many));
    expect(profile.rows).toBe(30_000);
    const { rows } = await fixture.worker.rows({ parquet, offset: 29_999, limit: 1 });
    expect(rows).toEqual([['29999', many[29_999]?.text ?? '']]);
  });

  test.each<[string, string, RegExp]>([
    ['has a number in it', '[{"a":1},\n 7]', /Row 2 \(line 2 .*The entry has “7”, which is no object/],
    ['has a list in it', '[{"a":1},[2]]', /Row 2 .*The entry has a list/],
    ['has a comma too many', '[{"a":1},\n]', /Row 2 .*nothing between two commas, or behind the last one/],
    ['is cut', '[{"a":1},\n{"a":', /Row 2 .*The list is not closed/],
    ['goes on behind its end', '[{"a":1}]\n[{"a":2}]', /Row 2 \(line 2 .*behind the end of the list/],
    ['has no JSON in it', '[{"a":1},{"a":oops}]', /Row 2 .*The entry is no JSON: Unexpected token 'o'/],
    ['has an entry that is too long', `[{"a":1},{"a":"${'x'.repeat(5 << 20)}"}]`, /Row 2 .*entry is longer than 4 MB/],
    ['has a name twice', '[{"a":1,"a":2}]', /Row 1 .*“a” is there twice/],
  ])('is refused when it %s', async (_, content, message) => {
    const failure = await failureOf(fixture.ingest(content));
    expect(failure).toMatchObject({ type: 'BadData', hint: expect.stringMatching(/Objects are expected in the list/) });
    expect(failure.message).toMatch(message);
  });

  test('can have its bad entries set aside, and begin later', async () => {
    const content = '[{"a":0},\n{"a":1}, 7, {"a":2},, {"a":3},{"a"';
    const options = { badRows: 'set aside', firstRow: 2 } as const;
    const { rejectedRows, parquet } = await fixture.ingest(content, { options });
    expect(await fixture.cells(parquet)).toEqual([['1'], ['2'], ['3']]);
    expect(rejectedRows).toBe(3);
  });
});

test('a list of lists is refused with what to do', async () => {
  const failure = await failureOf(fixture.ingest('[[1, 2], [3, 4]]'));
  expect([failure.message, failure.hint]).toEqual([
    expect.stringContaining('a list of lists'),
    expect.stringMatching(/a list of objects/),
  ]);
});
