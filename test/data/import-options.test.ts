import { gzipSync, zstdCompressSync } from 'node:zlib';
import { importOptionsSchema, type ImportOptionsInput, optionsOf } from '../../domain/import-options.ts';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';
import { zipOf } from './zip-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

async function read(content: string | Buffer, options: ImportOptionsInput = {}) {
  const { profile, parquet, options: used } = await fixture.ingest(content, { options });
  return {
    types: profile.columns.map(({ sqlType }) => sqlType),
    names: profile.columns.map(({ name }) => name),
    cells: await fixture.cells(parquet),
    remarks: profile.remarks?.join('|') ?? '',
    columnRemarks: profile.columns.map(({ remarks }) => remarks.join('|')),
    used,
  };
}

const european =
  'Name;Preis;Menge;Anteil;Version\nÄpfel;1,50;3;0,125;1.2\nBirnen;1.234,00;4;-0,5;1.3\nNüsse;;5;1E-3;1.4\n';

describe('found by itself', () => {
  test.each<[string, string | Buffer]>([
    ['semicolons and decimal commas', european],
    ['the same in Windows-1252, as Excel writes it', Buffer.from(european.replaceAll('\n', '\r\n'), 'latin1')],
    ['with the line that tells Excel the delimiter', `sep=;\r\n${european}`],
    ['with tabs', european.replaceAll(';', '\t')],
  ])('%s', async (_, content) => {
    const { types, cells, used, columnRemarks } = await read(content);
    expect(types).toEqual(['VARCHAR', 'DOUBLE', 'BIGINT', 'DOUBLE', 'DOUBLE']);
    expect(cells).toEqual([
      ['Äpfel', '1.5', '3', '0.125', '1.2'],
      ['Birnen', '1234.0', '4', '-0.5', '1.3'],
      ['Nüsse', null, '5', '0.001', '1.4'],
    ]);
    expect(used).toMatchObject({ format: 'csv', decimal: ',', thousands: '.', header: 'yes' });
    expect(columnRemarks[1]).toMatch(/the comma as the decimal sign and “\.” as the sign between thousands/);
    expect(columnRemarks[4]).toMatch(/decimal points, where others of the file have decimal commas/);
  });

  test('thousands with commas, where they can be nothing else', async () => {
    const { types, cells, used } = await read('a;b\n"1,234.50";1,234\n7;2,345,678\n');
    expect(types).toEqual(['DOUBLE', 'BIGINT']);
    expect(cells).toEqual([
      ['1234.5', '1234'],
      ['7.0', '2345678'],
    ]);
    expect(used).toMatchObject({ decimal: '.', thousands: ',' });
  });

  test.each([
    ['1,234 alone could be either', 'a;b\n1,234;x\n5,678;y\n'],
    ['a quoted list in a file with commas', 'a,b\n"1,5",x\n"2,7",y\n'],
    ['text among the commas', 'a;b\n1,5;x\nabout 2,7;y\n'],
  ])('not guessed: %s', async (_, content) => {
    const { types, used, cells } = await read(content);
    expect(types[0]).toBe('VARCHAR');
    expect(used).toMatchObject({ decimal: '.', thousands: 'none' });
    expect(cells[0]?.[0]).toMatch(/^1,/);
  });

  test.each<[string, Buffer, string]>([
    ['gzip', gzipSync('a,b\n1,x\n'), 'gzip'],
    ['zstd', zstdCompressSync('a,b\n1,x\n'), 'zstd'],
    ['zstd in two frames', Buffer.concat([zstdCompressSync('a,b\n'), zstdCompressSync('1,x\n')]), 'zstd'],
    [
      'a ZIP archive of one file',
      zipOf({ 'folder/': '', 'folder/data.csv': 'a,b\n1,x\n', '__MACOSX/._data.csv': 'x' }),
      'zip',
    ],
  ])('packed: %s', async (_, content, packed) => {
    const { cells, used, remarks } = await read(content);
    expect(cells).toEqual([['1', 'x']]);
    expect(used.packed).toBe(packed);
    expect(remarks).toMatch(/was unpacked/);
  });
});

describe('told', () => {
  test('another delimiter, quote and header make another version of the same bytes', async () => {
    const content = "a:'b;c'\n1:'x:y'\n";
    const { names, cells } = await read(content, { delimiter: ':', quote: "'" });
    expect([names, cells]).toEqual([['a', 'b;c'], [['1', 'x:y']]]);
  });

  test('no quotes: they belong to the values', async () => {
    const { cells } = await read('a,b\n"x,5"\ny"",6\n', { quote: 'none' });
    expect(cells).toEqual([
      ['"x', '5"'],
      ['y""', '6'],
    ]);
  });

  test('no header', async () => {
    const { names, cells, remarks, used } = await read('a,b\nc,d\n', { header: 'no' });
    expect(names).toEqual(['column_1', 'column_2']);
    expect(cells).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(remarks).toMatch(/no header.*numbered/);
    expect(used.header).toBe('no');
  });

  test('the first row, with anything above it', async () => {
    const content = 'Report "of May\n\n;;;\na,b\n1,2\n\n3,4\n';
    const { names, cells, used } = await read(content, { firstRow: 4 });
    expect([names, cells]).toEqual([
      ['a', 'b'],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ]);
    expect(used.firstRow).toBe(4);
    const bad = await failureOf(fixture.ingest(`${content}5\n`, { options: { firstRow: 4 } }));
    expect(bad.message).toMatch(/Row 3 \(line 8 of the file\) has 1 column/);
    const beyond = await failureOf(fixture.ingest(content, { options: { firstRow: 40 } }));
    expect(beyond.message).toMatch(/begin in row 40, but the file has 8 lines/);
  });

  test('an encoding that cannot be found', async () => {
    const russian = Buffer.from('name,n\n\xcf\xf0\xe8\xe2\xe5\xf2,1\n', 'latin1');
    expect((await read(russian, { encoding: 'windows-1251' })).cells).toEqual([['Привет', '1']]);
    const japanese = Buffer.from('name,n\n\x83e\x83X\x83g,1\n', 'latin1');
    expect((await read(japanese, { encoding: 'shift_jis' })).cells).toEqual([['テスト', '1']]);
    const failure = await failureOf(fixture.ingest(russian, { options: { encoding: 'utf-8' } }));
    expect(failure).toMatchObject({ type: 'BadData', message: expect.stringMatching(/Line 2 has the byte 0xcf/) });
  });

  test('what the comma means', async () => {
    const content = 'a;b\n1,234;x\n5,678;y\n';
    expect((await read(content, { decimal: ',' })).cells[0]?.[0]).toBe('1.234');
    expect((await read(content, { thousands: ',' })).cells[0]?.[0]).toBe('1234');
    const blank = await read('a,b\n"1 234,5",x\n', { decimal: ',', thousands: ' ' });
    expect(blank.cells[0]?.[0]).toBe('1234.5');
  });

  test.each<[string, string, ImportOptionsInput, RegExp]>([
    ['Excel', 'a,b\n1,2\n', { format: 'excel' }, /not an Excel workbook \(.xlsx\): it looks like a CSV file/],
    ['Parquet', 'a,b\n1,2\n', { format: 'parquet' }, /not a Parquet file/],
    ['JSON lines', 'a,b\n1,2\n', { format: 'json lines' }, /The line is no JSON/],
  ])('%s, but it is none', async (_, content, options, message) => {
    expect((await failureOf(fixture.ingest(content, { options }))).message).toMatch(message);
  });
});

test.each<[string, string | Buffer]>([
  ['European', Buffer.from(european, 'latin1')],
  ['without a header', '1,2\n3,4\n'],
  ['told to Excel', 'sep=|\na|b\n1|2\n'],
  ['JSON lines', '{"a":1}\n'],
])('what was found reads the file in the same way again: %s', async (_, content) => {
  const first = await read(content);
  const options = importOptionsSchema.parse(optionsOf(first.used));
  const again = await read(content, options);
  expect(again.used).toEqual(first.used);
  expect([again.types, again.names, again.cells]).toEqual([first.types, first.names, first.cells]);
});

test('a prediction reads an upload as the dataset was read', async () => {
  const path = await fixture.write('predict.csv', 'Preis;Code\n1.234,5;1,5\n2,25;2,5\n');
  const toParquet = `${path}.parquet`;
  const schema = [
    { name: 'Preis', sqlType: 'DOUBLE' },
    { name: 'Code', sqlType: 'VARCHAR' },
  ];
  await fixture.worker.conform({ path, isCsv: true, schema, toParquet });
  expect(await fixture.cells(toParquet)).toEqual([
    ['1234.5', '1,5'],
    ['2.25', '2,5'],
  ]);
});
