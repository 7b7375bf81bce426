import { gzipSync } from 'node:zlib';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';
import { cell, plainWorkbook, sheetXml, workbookOf, zipOf } from './zip-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const names = async (content: Buffer) => (await fixture.ingest(content)).profile.columns.map(({ name }) => name);

test('values become what they are in the sheet', async () => {
  const { profile, parquet, options } = await fixture.ingest(
    plainWorkbook([
      ['id', 'text', 'part', 'ok', 'code'],
      [1, 'Käse & <Brot>, "alt"', 1.5, true, '007'],
      [2, 'zwei\nZeilen', 0.1 + 0.2, false, '12'],
      [3, undefined, undefined, true, '13'],
    ]),
  );
  expect(profile.columns.map(({ sqlType }) => sqlType)).toEqual(['BIGINT', 'VARCHAR', 'DOUBLE', 'BOOLEAN', 'VARCHAR']);
  expect(await fixture.cells(parquet)).toEqual([
    ['1', 'Käse & <Brot>, "alt"', '1.5', 'true', '007'],
    ['2', 'zwei\nZeilen', '0.30000000000000004', 'false', '12'],
    ['3', null, null, 'true', '13'],
  ]);
  expect(options).toMatchObject({ format: 'excel', sheet: 'Data', sheets: ['Data'], header: 'yes', delimiter: null });
});

test('numbers are dates where their format says so', async () => {
  const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/><numFmt numFmtId="165" formatCode="0.0 &quot;day&quot;"/><numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts>
    <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="20"/></cellXfs></styleSheet>`;
  const styled = (style: number, value: number) => `<c s="${style}"><v>${value}</v></c>`;
  const header = ['day', 'moment', 'amount', 'long', 'clock'].map(cell);
  const row = (n: number) => [
    styled(1, 45322 + n),
    styled(2, 45322.4166666667 + n),
    styled(3, 5 + n),
    styled(4, 1.5),
    styled(5, 0.75),
  ];
  const { profile, parquet } = await fixture.ingest(
    workbookOf({ sheets: { Data: sheetXml([header, row(0), row(1)]) }, styles }),
  );
  expect(profile.columns.map(({ sqlType }) => sqlType)).toEqual(['DATE', 'TIMESTAMP', 'BIGINT', 'DOUBLE', 'VARCHAR']);
  expect((await fixture.cells(parquet))[0]).toEqual(['2024-01-31', '2024-01-31 10:00:00', '5', '1.5', '18:00:00']);
  const old = workbookOf({
    sheets: { Data: sheetXml([header, row(0)]) },
    styles,
    workbookPr: '<workbookPr date1904="1"/>',
  });
  expect((await fixture.cells((await fixture.ingest(old)).parquet))[0]?.[0]).toBe('2028-02-01');
});

test('shared texts are found, without how they are pronounced', async () => {
  const strings =
    '<sst><si><t>name</t></si><si><r><t>To</t></r><r><t xml:space="preserve">kyo </t></r><rPh><t>とうきょう</t></rPh></si><si><t>a_x000D_b &#x1F682;</t></si></sst>';
  const shared = (n: number) => `<c t="s"><v>${n}</v></c>`;
  const { parquet } = await fixture.ingest(
    workbookOf({
      sheets: {
        Data: sheetXml([
          [shared(0), cell('n')],
          [shared(1), cell(1)],
          [shared(2), cell(2)],
        ]),
      },
      strings,
    }),
  );
  expect(await fixture.cells(parquet)).toEqual([
    ['Tokyo ', '1'],
    ['a\nb 🚂', '2'],
  ]);
});

test('errors and formulas without a result are missing, and are said', async () => {
  const { profile, parquet } = await fixture.ingest(
    workbookOf({
      sheets: {
        Data: sheetXml([
          [cell('a'), cell('b')],
          ['<c t="e"><v>#DIV/0!</v></c>', '<c><f>1+1</f></c>'],
          ['<c><f>1+1</f><v>2</v></c>', '<c t="str"><f>A1</f><v>x</v></c>'],
          ['<c><f>1+1</f><v></v></c>', '<c t="str"><f>A1</f><v></v></c>'],
          [cell(1), '<c t="str"><f>A1</f><v>y</v></c>'],
        ]),
      },
    }),
  );
  expect(await fixture.cells(parquet)).toEqual([
    ['2', 'x'],
    ['1', 'y'],
  ]);
  expect(profile.remarks?.join('|')).toMatch(/1 cell with an error.*2 formulas had no stored result/);
});

describe('the sheet', () => {
  const book = workbookOf({
    sheets: {
      Empty: sheetXml([]),
      Secret: sheetXml([
        [cell('s'), cell('t')],
        [cell(0), cell(0)],
      ]),
      First: sheetXml([
        [cell('a'), cell('b')],
        [cell(1), cell(2)],
      ]),
      auto: sheetXml([
        [cell('c'), cell('d')],
        [cell(3), cell(4)],
      ]),
    },
    hidden: ['Secret'],
  });

  test('is the first that is visible and has values, unless told', async () => {
    const { options, profile } = await fixture.ingest(book);
    expect(options).toMatchObject({ sheet: 'First', sheets: ['Empty', 'Secret', 'First', 'auto'] });
    expect(profile.remarks?.join()).toMatch(/The sheet “First” was read; the workbook also has “Empty”/);
  });

  test.each([
    ['Secret', ['s', 't']],
    [4, ['c', 'd']],
  ])('can be chosen: %s', async (sheet, expected) => {
    const { profile, contentHash } = await fixture.ingest(book, { options: { sheet } });
    expect(profile.columns.map(({ name }) => name)).toEqual(expected);
    expect(contentHash).toBe((await fixture.ingest(book)).contentHash);
  });

  test('that is not there is refused with those that are', async () => {
    const failure = await failureOf(fixture.ingest(book, { options: { sheet: 'Other' } }));
    expect(failure).toMatchObject({
      type: 'BadData',
      message: expect.stringMatching(/no sheet “Other”/),
      hint: expect.stringMatching(/“First”/),
    });
  });
});

test('a table may begin anywhere, and lines above it are left out when told', async () => {
  const rows = [[undefined, undefined, undefined], [undefined, 'a', 'b'], [undefined, 1, 2], [], [undefined, 3, 4]];
  const { parquet, options, profile } = await fixture.ingest(plainWorkbook(rows));
  expect(await fixture.cells(parquet)).toEqual([
    ['1', '2'],
    ['3', '4'],
  ]);
  expect(options.firstRow).toBe(2);
  expect(profile.remarks?.join()).toMatch(/1 blank row was skipped/);
  const titled = plainWorkbook([
    ['Report of May', undefined],
    ['a', 'b'],
    [1, 2],
  ]);
  expect((await failureOf(fixture.ingest(titled))).message).toMatch(/Column 2 has no name/);
  const told = await fixture.ingest(titled, { options: { firstRow: 2 } });
  expect(told.profile.columns.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('a sheet without a header has numbered columns', async () => {
  const { profile, options } = await fixture.ingest(
    plainWorkbook([
      [1, 2],
      [3, 4],
    ]),
    { options: { header: 'no' } },
  );
  expect(profile.columns.map(({ name }) => name)).toEqual(['column_1', 'column_2']);
  expect(profile).toMatchObject({ rows: 2 });
  expect(options.header).toBe('no');
});

test('what stands beside the table is refused, or set aside', async () => {
  const rows = [['a', 'b'], ...Array.from({ length: 300 }, (_, n) => [n, n]), [1, 2, 'note'], [3, 4]];
  expect((await failureOf(fixture.ingest(plainWorkbook(rows)))).message).toMatch(
    /Row 301 \(line 302 of the file\): Column C has the value “note”, but the table goes from column A to B/,
  );
  const { profile, rejectedRows, parquet } = await fixture.ingest(plainWorkbook(rows), {
    options: { badRows: 'set aside' },
  });
  expect([profile.rows, rejectedRows]).toEqual([301, 1]);
  const aside = await fixture.worker.rows({ parquet: `${parquet}.rejected`, limit: 10 });
  expect(aside.rows).toEqual([['301', '302', expect.stringMatching(/Column C/), '1\t2\tnote']]);
});

test('a workbook may be packed once more', async () => {
  expect(
    await names(
      gzipSync(
        plainWorkbook([
          ['a', 'b'],
          [1, 2],
        ]),
      ),
    ),
  ).toEqual(['a', 'b']);
});

describe('refuses', () => {
  const entity = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>';
  const sheet = sheetXml([[cell('a')], [cell(1)]]);
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`S${n}`, sheet]));
  test.each<[string, Buffer, RegExp, RegExp]>([
    [
      'a billion laughs',
      workbookOf({ sheets: { Data: sheet.replace('<worksheet', `${entity}<worksheet`) } }),
      /definitions of its own/,
      /CSV UTF-8/,
    ],
    [
      'an entity that nobody knows',
      workbookOf({ sheets: { Data: sheet.replace('<t xml:space="preserve">a', '<t>&b;') } }),
      /damaged/,
      /save it anew/,
    ],
    ['ten thousand sheets', workbookOf({ sheets: many }), /more than 1,000 sheets/, /Save the sheet that you need/],
    [
      'a sheet of nothing',
      workbookOf({ sheets: { Data: sheetXml([]) } }),
      /No sheet of the workbook has a cell/,
      /export/,
    ],
    ['a header only', plainWorkbook([['a', 'b']]), /header only/, /Add the rows/],
    [
      'rows out of order',
      workbookOf({ sheets: { Data: sheet.replace('<row r="2">', '<row r="1">') } }),
      /not in their order/,
      /save it anew/,
    ],
    ['a sheet that is cut', workbookOf({ sheets: { Data: sheet.slice(0, -30) } }), /damaged: its XML/, /save it anew/],
    ['a workbook that is cut', plainWorkbook([['a'], [1]]).subarray(0, 700), /damaged or cut/, /save it again/],
    [
      'a binary workbook',
      zipOf({
        'xl/workbook.bin': 'x',
        '_rels/.rels':
          '<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>',
      }),
      /\.xlsb/,
      /\.xlsx/,
    ],
    ['an old workbook', Buffer.from('\xd0\xcf\x11\xe0\xa1\xb1', 'latin1'), /old Excel/, /\.xlsx/],
    ['a Word document', zipOf({ '[Content_Types].xml': '', 'word/document.xml': '' }), /Word/, /CSV/],
  ])('%s', async (_, content, message, hint) => {
    const failure = await failureOf(fixture.ingest(content));
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
    expect(failure.type).toBe('BadData');
    expect(await fixture.strays()).toEqual([]);
  });

  test('a workbook that unpacks to more than the limit', async () => {
    const bomb = workbookOf({
      sheets: { Data: sheet.replace('<row', `${'<!-- nothing at all -->'.repeat(2 << 20)}<row`) },
    });
    expect(bomb.length).toBeLessThan(1 << 20);
    const failure = await failureOf(fixture.ingest(bomb, { limitBytes: 10 << 20 }));
    expect(failure.message).toMatch(/Unpacked, the workbook has more/);
  });
});
