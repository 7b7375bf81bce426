import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { problemOfPattern, readPattern } from '../../../domain/recipe/pattern.ts';
import { quoteText } from '../../../domain/recipe/sql-text.ts';

it.each([
  '[0-9]{5}',
  '^(\\w+)\\s*[,;]',
  'a|b|',
  '(?:x(y))?z$',
  '[^a-z\\d\\]-]',
  '[]a]',
  'a{2,}?',
  'é+',
  '\\.\\\\',
  'x{0,1000}',
  '}]',
])('takes %s', (pattern) => expect(problemOfPattern(pattern)).toBeUndefined());

it.each([
  ['', 'There is no pattern.'],
  ['(a', 'never closed'],
  ['a)', 'closes nothing'],
  ['[a', 'never closed'],
  ['*a', 'nothing before *'],
  ['a**', 'cannot be repeated'],
  ['(?=a)', 'Looking ahead'],
  ['(?<n>a)', 'Looking ahead'],
  ['(a)\\1', '\\1 means nothing'],
  ['\\p', '\\p means nothing'],
  ['a\\', 'means nothing'],
  ['[z-a]', 'wrong way round'],
  ['[\\d-z]', 'wrong way round'],
  ['a{3', 'no number of times'],
  ['a{,3}', 'no number of times'],
  ['a{5,2}', 'wrong way round'],
  ['a{1001}', 'So many repetitions'],
  ['(a{100}){100}', 'So many repetitions'],
  [`${'('.repeat(30)}${')'.repeat(30)}`, 'nested too deep'],
])('refuses %s', (pattern, message) => expect(problemOfPattern(pattern)?.message).toContain(message));

it('counts the groups whose text can be taken', () => {
  expect(readPattern('(a)(?:b)((c))[(]\\(').groups).toBe(3);
});

it('takes no pattern that the data engine refuses', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      '(?:',
      '[',
      ']',
      '[^',
      '{2}',
      '{2,9}',
      '{',
      '}',
      '*',
      '+',
      '?',
      '|',
      '^',
      '$',
      '.',
      '-',
      ',',
    ),
    fc.constantFrom(
      '\\d',
      '\\W',
      '\\s',
      '\\b',
      '\\.',
      '\\-',
      '\\]',
      '\\n',
      '\\t',
      '\\',
      '\\z',
      '\\Q',
      '\\x',
      '[:alpha:]',
      '[[:digit:]]',
    ),
    fc.constantFrom('a', 'z', '0', 'é', '😀', "'", ' ', '{0}', '{1000}', 'a-z', '&&', '--', '~', '\u0301'),
    fc.string({ unit: 'binary', maxLength: 2 }).filter((text) => !text.includes('\0')),
  );
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
      const pattern = pieces.join('');
      if (pattern === '' || problemOfPattern(pattern)) return;
      taken += 1;
      const group = readPattern(pattern).groups > 0 ? 1 : 0;
      await connection.run(
        `SELECT regexp_extract(x, ${quoteText(pattern)}, ${group}) FROM (VALUES ('abc 012'), (NULL)) t(x)`,
      );
    }),
    { numRuns: 4000 },
  );
  expect(taken).toBeGreaterThan(300);
  connection.closeSync();
  instance.closeSync();
});
