import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';
import { zipOf } from './zip-fixture.ts';

let fixture: DataFixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const rows = (count: number) => Array.from({ length: count }, (_, n) => `${n},x\n`).join('');

/** One byte in the middle is another. */
function spoilt(bytes: Buffer): Buffer {
  bytes[300] = (bytes[300] as number) ^ 0xff;
  return bytes;
}

interface Case {
  name: string;
  content: string | Buffer;
  message: RegExp;
  hint?: RegExp;
  limitBytes?: number;
}

const cases: Case[] = [
  { name: 'an empty file', content: '', message: /is empty/ },
  { name: 'only blank lines', content: '\n\r\n\n', message: /nothing but blank lines/ },
  { name: 'only the mark of UTF-8', content: '\uFEFF', message: /nothing but blank lines/ },
  { name: 'a header only', content: 'a,b,c\n', message: /header only.*row 1/ },
  { name: 'a header only, in one column', content: 'a\n\n\n', message: /header only/ },
  { name: 'a PDF', content: '%PDF-1.7\n%âãÏÓ', message: /“data.csv” is a PDF document/ },
  {
    name: 'a ZIP archive of several files',
    content: zipOf({ 'one.csv': 'a\n1\n', 'two.csv': 'a\n1\n' }),
    message: /ZIP archive of “one.csv” and “two.csv”/,
    hint: /the one table/,
  },
  { name: 'an empty ZIP archive', content: zipOf({}), message: /ZIP archive of no file/ },
  {
    name: 'a ZIP archive that is cut',
    content: zipOf({ 'one.csv': rows(5000) }).subarray(0, 500),
    message: /damaged or cut/,
  },
  {
    name: 'a ZIP archive with a file that was changed',
    content: spoilt(zipOf({ 'one.csv': rows(5000) })),
    message: /damaged or cut/,
  },
  {
    name: 'a ZIP archive that unpacks to more than the limit',
    content: zipOf({ 'one.csv': `a,b\n${rows(100_000)}` }),
    limitBytes: 500_000,
    message: /Unpacked.*more than the 500,000 bytes/,
  },
  {
    name: 'a zstd file that unpacks to more than the limit',
    content: zstdCompressSync(`a,b\n${rows(100_000)}`),
    limitBytes: 500_000,
    message: /Unpacked.*more than the 500,000 bytes/,
  },
  { name: 'zstd, cut', content: zstdCompressSync(rows(5000)).subarray(0, 500), message: /zstd, but damaged/ },
  {
    name: 'zstd, and something behind it',
    content: Buffer.concat([zstdCompressSync('a,b\n1,2\n'), Buffer.from('more')]),
    message: /zstd, but damaged/,
  },
  { name: 'a ZIP archive in gzip', content: gzipSync(zipOf({ 'one.csv': 'a\n1\n' })), message: /packed twice/ },
  {
    name: 'a hundred thousand columns',
    content: `${Array.from({ length: 100_000 }, (_, n) => `c${n}`).join(',')}\n`,
    message: /100,000 columns; at most 10,000/,
  },
  { name: 'an old Excel file', content: Buffer.from('\xd0\xcf\x11\xe0\xa1\xb1', 'latin1'), message: /old Excel/ },
  { name: 'a picture', content: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0', 'latin1'), message: /PNG/ },
  {
    name: 'a web page',
    content: '<!DOCTYPE html>\n<html><body>Not found</body></html>',
    message: /HTML page/,
    hint: /error page/,
  },
  { name: 'a JSON list that is cut', content: '[{"a": 1}, {"a": ', message: /list is not closed/ },
  {
    name: 'bytes of a program',
    content: Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 251)),
    message: /not text/,
  },
  { name: 'packed twice', content: gzipSync(gzipSync('a,b\n1,2\n')), message: /packed twice/ },
  { name: 'packed and cut', content: gzipSync(Buffer.from(rows(5000))).subarray(0, 500), message: /damaged/ },
  {
    name: 'too few columns in a row',
    content: 'a,b,c\n1,2,3\n4,5\n6,7,8\n',
    message: /Row 2 \(line 3 of the file\) has 2 columns, but 3 columns are expected/,
  },
  {
    name: 'too many columns in a row, after a value of two lines',
    content: 'a,b\n1,"x\ny"\n2,3,4\n',
    message: /Row 2 \(line 4 of the file\) has 3 columns, but 2 columns are expected/,
    hint: /quotes/,
  },
  {
    name: 'too few columns in the last of many rows',
    content: `a,b\n${rows(100_000)}7`,
    message: /Row 100001 \(line 100002 of the file\) has 1 column,/,
  },
  {
    name: 'a title above the header',
    content: 'Report of May\na,b,c\n1,2,3\n4,5,6\n',
    message: /Row 1 \(line 2 .*has 3 columns, but 1 column is/,
    hint: /lines above/,
  },
  {
    name: 'a name twice',
    content: 'a,b,a\n1,2,3\n',
    message: /Columns 1 and 3 are both called “a” in the header \(row 1\)/,
  },
  { name: 'names that differ in case', content: 'id,Id\n1,2\n', message: /“id” and “Id”, which differ in case only/ },
  { name: 'a blank name', content: 'a,,c\n1,2,3\n', message: /Column 2 has no name in the header/ },
  { name: 'several blank names', content: 'a, ,\n1,2,3\n', message: /Columns 2, 3 have no name/ },
  {
    name: 'a NUL byte',
    content: 'a,b\n1,2\n3,x\0y\n',
    message: /Row 2 \(line 3 of the file\), column “b”: there is a NUL byte/,
  },
  { name: 'a NUL byte in quotes', content: 'a,b\n1,"x\0y"\n', message: /Row 1 .*column “b”.*NUL/ },
  {
    name: 'an open quote',
    content: 'a,b\n1,2\n3,"x\n4,5\n',
    message: /Row 2 \(line 3 of the file\), column “b”: the quote opened in line 3 is never closed/,
  },
  {
    name: 'text after a closing quote',
    content: 'a,b\n1,"x" y\n',
    message: /Row 1 .*column “b”: there is text after the closing quote/,
    hint: /twice/,
  },
  {
    name: 'Cyrillic in Windows-1251',
    content: Buffer.from('name,n\n\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0,1\n', 'latin1'),
    message: /unknown encoding.*Line 2 has the byte 0xcf/,
    hint: /UTF-8/,
  },
  {
    name: 'Japanese in Shift-JIS',
    content: Buffer.from('name,n\n\x83e\x83X\x83g\x82\xcc,1\n', 'latin1'),
    message: /unknown encoding/,
  },
  {
    name: 'UTF-8 and Latin-1 mixed',
    content: Buffer.concat([Buffer.from(`a,b\n${'Käse,é\n'.repeat(50)}`), Buffer.from('K\xe4se,1\n', 'latin1')]),
    message: /unknown encoding.*Line 52/,
  },
  { name: 'UTF-32', content: Buffer.from('\xff\xfe\0\0a\0\0\0', 'latin1'), message: /UTF-32/ },
  {
    name: 'UTF-16 with half a character',
    content: Buffer.concat([Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), Buffer.from([0x31])]),
    message: /unknown encoding/,
  },
  {
    name: 'a file over the limit',
    content: `a,b\n${rows(1000)}`,
    limitBytes: 1000,
    message: /has 5,[0-9]{3} bytes; at most 1,000 bytes are allowed/,
  },
  {
    name: 'a packed file that unpacks to more than the limit',
    content: gzipSync(`a,b\n${rows(100_000)}`),
    limitBytes: 500_000,
    message: /Unpacked.*more than the 500,000 bytes/,
  },
  {
    name: 'a line of five megabytes',
    content: `a,b\n1,${'x'.repeat(5 << 20)}\n`,
    message: /Row 1 \(line 2 of the file\) is longer than 4 MB/,
  },
  {
    name: 'a quote that swallows megabytes',
    content: `a,b\n1,"x\n${rows(700_000)}`,
    message: /quote opened in line 2 is not closed within 4 MB/,
  },
  { name: 'a first line of five megabytes', content: 'x'.repeat(5 << 20), message: /longer than 4 MB/ },
  {
    name: 'too many columns',
    content: `${Array.from({ length: 10_001 }, (_, n) => `c${n}`).join(',')}\n`,
    message: /10,001 columns; at most 10,000/,
  },
  {
    name: 'a Parquet file that is cut',
    content: Buffer.from('PAR1 and then nothing that makes sense'),
    message: /Parquet file is damaged/,
  },
];

test.each(cases)('refuses $name', async ({ content, message, hint, limitBytes }) => {
  const failure = await failureOf(fixture.ingest(content, limitBytes === undefined ? {} : { limitBytes }));
  expect(failure.message).toMatch(message);
  expect(failure.type).toBe('BadData');
  expect(failure.hint).toMatch(hint ?? /./);
  expect(await fixture.strays()).toEqual([]);
});
