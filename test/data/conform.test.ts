import { join } from 'node:path';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const schema = [
  { name: 'age', sqlType: 'BIGINT' },
  { name: 'income', sqlType: 'DOUBLE' },
  { name: 'member', sqlType: 'BOOLEAN' },
  { name: 'since', sqlType: 'DATE' },
  { name: 'seen', sqlType: 'TIMESTAMP' },
  { name: 'zip', sqlType: 'VARCHAR' },
];
const header = 'age,income,member,since,seen,zip';
const good = '42,1.5,true,2024-01-31,2024-01-31 10:00:00,007';

let files = 0;
async function conform(
  content: string,
  { isCsv = true, name = undefined as string | undefined, columns = schema } = {},
) {
  files++;
  const upload = await fixture.write(`prediction-${files}`, content);
  const toParquet = join(fixture.folder, `prediction-${files}.parquet`);
  const path = isCsv ? upload : (await fixture.ingest(content)).parquet;
  const result = await fixture.worker.conform({ path, isCsv, schema: columns, toParquet, name });
  return { ...result, cells: await fixture.cells(toParquet) };
}

describe.each([
  ['the upload', true],
  ['the Parquet made from it', false],
])('from %s', (_source, isCsv) => {
  test('brings every column to the type of the model, and keeps the order of rows', async () => {
    const csv = `${header}\n${good}\n ,,,,,\n7,2,FALSE,1999-12-31,2024-02-01 00:00:00,x y\n`;
    const { rows, columns, cells } = await conform(csv, { isCsv });
    expect(rows).toBe(3);
    expect(columns).toEqual(schema);
    expect(cells).toEqual([
      ['42', '1.5', 'true', '2024-01-31', '2024-01-31 10:00:00', '007'],
      [null, null, null, null, null, null],
      ['7', '2.0', 'false', '1999-12-31', '2024-02-01 00:00:00', 'x y'],
    ]);
  });

  test('keeps columns that the model does not know, where they are', async () => {
    const { columns, cells } = await conform(`id,age,note\n1,2,x\n3,4,\n`, {
      isCsv,
      columns: [{ name: 'age', sqlType: 'DOUBLE' }],
    });
    expect(columns).toEqual([
      { name: 'id', sqlType: 'BIGINT' },
      { name: 'age', sqlType: 'DOUBLE' },
      { name: 'note', sqlType: 'VARCHAR' },
    ]);
    expect(cells).toEqual([
      ['1', '2.0', 'x'],
      ['3', '4.0', null],
    ]);
  });

  test.each([
    ['whole numbers written as fractions', 'BIGINT', ['5.0', '6', ''], ['5', '6', null]],
    ['numbers where the model learned text', 'VARCHAR', ['12345', '6'], ['12345', '6']],
    ['whole numbers where the model learned fractions', 'DOUBLE', ['1', '2'], ['1.0', '2.0']],
    ['words for missing among numbers', 'DOUBLE', ['1.5', 'NaN', 'NA', 'null'], ['1.5', null, null, null]],
    ['0 and 1 for no and yes', 'BOOLEAN', ['0', '1'], ['false', 'true']],
    ['yes and no', 'BOOLEAN', ['yes', 'No'], ['true', 'false']],
    ['dates where the model learned dates with times', 'TIMESTAMP', ['2024-01-31'], ['2024-01-31 00:00:00']],
    ['midnights where the model learned dates', 'DATE', ['2024-01-31 00:00:00'], ['2024-01-31']],
    ['nothing at all', 'BIGINT', ['', ''], [null, null]],
  ])('takes %s', async (_, sqlType, values, expected) => {
    const csv = `id,v\n${values.map((value, n) => `${n},${value}\n`).join('')}`;
    const { cells } = await conform(csv, { isCsv, columns: [{ name: 'v', sqlType }] });
    expect(cells.map(([, value]) => value)).toEqual(expected);
  });

  test.each([
    [
      'text for a whole number',
      'BIGINT',
      ['1', '2', 'many'],
      /Row 3, column “v”: found “many”, but the model expects a whole number/,
    ],
    ['a fraction for a whole number', 'BIGINT', ['1', '2.5'], /Row 2, column “v”: found “2.5”/],
    ['text for a number', 'DOUBLE', ['x', '1', 'y'], /Row 1, column “v”: found “x”, but the model expects a number/],
    [
      'a number for a date',
      'DATE',
      ['2024-01-31', '20240131'],
      /Row 2, column “v”: found “20240131”, but the model expects a date/,
    ],
    ['a time for a date', 'DATE', ['2024-01-31 10:00:00'], /Row 1, column “v”: found “2024-01-31 10:00:00”/],
    ['a word for a date and time', 'TIMESTAMP', ['2024-01-31 10:00:00', 'later'], /Row 2, column “v”: found “later”/],
    [
      'another word for yes or no',
      'BOOLEAN',
      ['true', 'perhaps'],
      /Row 2, column “v”: found “perhaps”, but the model expects true or false/,
    ],
  ])('refuses %s', async (_, sqlType, values, message) => {
    const csv = `id,v\n${values.map((value, n) => `${n},${value}\n`).join('')}`;
    const failure = await failureOf(conform(csv, { isCsv, columns: [{ name: 'v', sqlType }] }));
    expect(failure.type).toBe('BadData');
    expect(failure.message).toMatch(message);
    expect(await fixture.strays()).toEqual([]);
  });

  test('says which columns are missing, and which may be meant', async () => {
    const failure = await failureOf(conform('Age,incom,zip\n1,2,3\n4,5,6\n', { isCsv }));
    expect(failure.type).toBe('BadData');
    expect(failure.message).toBe(
      'The data has no columns “age”, “income”, “member”, “since” and “seen”, which the model needs.',
    );
    expect(failure.hint).toMatch(
      /“Age” may be “age” written differently\. “incom” may be “income” written differently\./,
    );
  });
});

test('counts the other values that do not fit', async () => {
  const failure = await failureOf(conform('v,w\nx,1\ny,2\nz,3\n', { columns: [{ name: 'v', sqlType: 'DOUBLE' }] }));
  expect(failure.hint).toMatch(/2 more values of this column/);
});

test('finds the one value that does not fit deep in a file', async () => {
  const rows = Array.from({ length: 300_000 }, (_, n) => `${n},${n === 250_000 ? 'oops' : n}\n`);
  const failure = await failureOf(conform(`id,v\n${rows.join('')}`, { columns: [{ name: 'v', sqlType: 'BIGINT' }] }));
  expect(failure.message).toMatch(/Row 250001, column “v”: found “oops”/);
});

test('keeps text as it was written, where only the Parquet would have changed it', async () => {
  const { cells } = await conform('v,w\n1.50,True\n2.0,True\n', {
    columns: [
      { name: 'v', sqlType: 'VARCHAR' },
      { name: 'w', sqlType: 'VARCHAR' },
    ],
  });
  expect(cells).toEqual([
    ['1.50', 'True'],
    ['2.0', 'True'],
  ]);
});

test('takes a first row with a name of the model for the header, though it looks like a row', async () => {
  const { rows, columns } = await conform('5,9\n1,2\n3,4\n', { columns: [{ name: '5', sqlType: 'BIGINT' }] });
  expect(rows).toBe(2);
  expect(columns.map(({ name }) => name)).toEqual(['5', '9']);
});

test('refuses what no dataset could be either, with the place', async () => {
  const failure = await failureOf(conform(`${header}\n${good}\n1,2\n`));
  expect(failure.message).toMatch(/Row 2 \(line 3 of the file\) has 2 columns/);
});
