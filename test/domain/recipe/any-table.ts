import {
  type Arbitrary,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  nat,
  oneof,
  option,
  tuple,
  uniqueArray,
} from 'fast-check';
import type { Cell, Table } from './run-recipe.ts';

/** A name that would end a string, and one that would end a name. */
export const oddName = `it's "u"`;
export const columns = {
  /** Different in each row, and not touched by the steps that are made up, so that rows are known again. */
  id: 'BIGINT',
  n: 'BIGINT',
  x: 'DOUBLE',
  t: 'VARCHAR',
  [oddName]: 'VARCHAR',
  w: 'VARCHAR',
  b: 'BOOLEAN',
  d: 'DATE',
  s: 'TIMESTAMP',
  y: 'VARCHAR',
} as const;

const missing = <T>(some: Arbitrary<T>) => option(some, { nil: null, freq: 6 });
export const words = ['a', 'b', 'c c', ' a', "d'", 'é"', 'other', 'ab-1'];
const cells = [
  missing(oneof({ weight: 9, arbitrary: integer({ min: -50, max: 50 }) }, constantFrom('9007199254740993', 1e9))),
  missing(
    oneof(double({ min: -1e6, max: 1e6, noNaN: true }), constantFrom('inf', 'nan', 0.1, 0.2, 2.5, '-0.0', 0, 1e300)),
  ),
  missing(constantFrom(...words)),
  missing(constantFrom(...words.slice(0, 3))),
  missing(constantFrom('7', '1.5', ' 12 ', '2024-02-29', '31.12.2023', 'yes', 'no', 'none', '1e3')),
  missing(boolean()),
  missing(constantFrom('2026-01-01', '2026-02-28', '2024-02-29', '1969-12-31')),
  missing(constantFrom('2026-01-01 00:00:00', '2024-02-29 23:59:59.999999', '1999-12-31 12:30:00')),
  missing(constantFrom('yes', 'no')),
] as const;

const ids = (minLength: number, maxLength: number) => uniqueArray(nat(999), { minLength, maxLength });
export const table: Arbitrary<Table> = oneof({ weight: 6, arbitrary: ids(15, 40) }, { weight: 1, arbitrary: ids(1, 3) })
  .chain((numbers) => tuple(...numbers.map((id) => tuple(constant(id), ...cells))))
  .map((rows: Cell[][]) => ({
    columns,
    rows,
    folds: rows.map((_, n) => n % 3),
  }));

/** So many rows of the same columns, the same each time. */
export const manyRows = (rows: number): string => `SELECT range AS id,
  CASE WHEN range % 7 > 0 THEN (range * 7919) % 101 - 50 END AS n,
  CASE WHEN range % 11 > 0 THEN sin(range) * pow(10, range % 12 - 6) END AS x,
  CASE WHEN range % 5 > 0 THEN ['a', 'b', 'c c', ' a', 'd''', 'é"', 'other', 'ab-1'][range % 8 + 1] END AS t,
  CASE WHEN range % 6 > 0 THEN ['a', 'b', 'c c'][range % 3 + 1] END AS "it's ""u""",
  CASE WHEN range % 9 > 0 THEN ['7', '1.5', ' 12 ', '2024-02-29', 'yes', 'none'][range % 6 + 1] END AS w,
  CASE WHEN range % 8 > 0 THEN range % 3 = 0 END AS b,
  CASE WHEN range % 10 > 0 THEN DATE '2024-01-01' + CAST(range % 700 AS INTEGER) END AS d,
  CASE WHEN range % 13 > 0 THEN TIMESTAMP '1999-12-31 12:30:00' + to_seconds(range * 3607) END AS s,
  CASE WHEN range % 17 > 0 THEN CASE WHEN range % 4 = 0 THEN 'yes' ELSE 'no' END END AS y
  FROM range(${rows})`;

/** What steps look things up in: keys that are there twice, one that is missing, and one that nothing has. */
export const others = {
  d1: {
    name: 'theirs',
    columns: { k: 'VARCHAR', l: 'VARCHAR', v: 'DOUBLE', m: 'BIGINT', e: 'DATE' },
    rows: [
      ['a', 'a', 1.5, 1, '2024-02-29'],
      ['a', 'b', 2.5, 2, null],
      ["d'", 'a', null, 3, '2026-01-01'],
      ['z', 'a', 4, 4, null],
      [null, 'a', 5, 5, null],
      ['b', 'c c', 'inf', null, null],
    ],
  },
} satisfies Record<string, Table & { name: string }>;
