import {
  columnsOfFormula,
  compileFormula,
  formulaFunctions,
  problemsOfFormula,
} from '../../../../domain/recipe/formula/compile-formula.ts';
import { FormulaEngine, schema } from './engine.ts';

let engine: FormulaEngine;
beforeAll(async () => {
  engine = await FormulaEngine.open();
});
afterAll(() => engine.close());

const refusal = (formula: string) => problemsOfFormula(formula, schema)[0];

describe('what a formula gives', () => {
  it.each([
    // Arithmetic, in the order that school teaches
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-2 ^ 2', -4],
    ['2 ^ 3 ^ 2', 512],
    ['2 ^ -1', 0.5],
    ['7 % 4 - +1', 2],
    ['1 / 4', 0.25],
    ['.5e1', 5],
    ['[age] * 2', 60],
    ['AGE + fee', 50.5],
    [`[a "b"'; DROP TABLE t; -- <b>[x]]] + 1`, 2],
    ['abs(-3) + floor(2.7) + ceil(2.1)', 8],
    ['round(2.345, 1)', 2.3],
    ['round(1234, -2)', 1200],
    ['round(2.5)', 3],
    ['sqrt(16) + ln(exp(2)) + log10(100)', 8],
    ['min(3, [age], 1.5)', 1.5],
    ['max(3, missing, [age])', 30],
    ['to_number(" 12.50 ") + 1', 13.5],
    ['to_number([left])', 1],
    // Conditions
    ['[age] > 18 and not [left]', false],
    ['[age] >= 30 or 1 / 0 > 2', true],
    ["[city] = 'Berlin'", true],
    ['[city] <> "Bonn"', true],
    ["city in ('Bonn', 'Berlin')", true],
    ['age not in (1, 2.5)', true],
    ['[city] is missing', false],
    ['city is not missing', true],
    ["trim(' ') is missing", true],
    ['1 / 0 is missing', true],
    ["if([age] > 18, 'adult', 'child')", 'adult'],
    ['if(missing, 1, 2)', 2],
    ['if([left], 1, missing)', 1],
    ['true', true],
    ['coalesce(missing, 1 / 0, [age])', 30],
    // Texts
    ["upper(concat([city], '-', [age], '-', fee))", 'BERLIN-30-20.5'],
    ["concat('a', missing, 2.0)", 'a2'],
    ["'it''s' ", "it's"],
    ['length([city])', 6],
    ["contains(lower([city]), 'ber') and starts_with([city], 'B') and ends_with([city], 'lin')", true],
    ["replace([city], 'lin', 'n')", 'Bern'],
    ['left([city], 2)', 'Be'],
    ['right([city], 3)', 'lin'],
    ['substring([city], 2, 3)', 'erl'],
    ['substring([city], 4)', 'lin'],
    ['left([city], length([city]) - 1)', 'Berli'],
    ['to_text([age])', '30'],
    ['to_text([age] / 4)', '7.5'],
    ['to_text([age] / 3 * 3)', '30'],
    ["concat('<b>', \"'; DROP TABLE t; --\")", "<b>'; DROP TABLE t; --"],
    // Dates
    ['year([signup]) * 100 + month([signup])', 202403],
    ['day(signup)', 31],
    ['weekday([signup])', 7],
    ['hour([seen])', 10],
    ['days_between([signup], [seen])', 1],
    ["[signup] >= '2024-03-31'", true],
    ["[signup] < '2024-03-31 12:00'", true],
    ['[signup] < [seen]', true],
    ["days_between(to_date('1.3.2024', 'day.month.year'), [signup])", 30],
    ["to_date(' 2024-02-29T10:00:00Z ')", '2024-02-29'],
    ["to_date('2024-02-30')", null],
    ["to_date('1.3.24', 'day.month.year')", null],
    ['to_date([seen])', '2024-04-01'],
  ])('%s → %p', async (formula, expected) => {
    const found = await engine.first(formula);
    if (typeof expected === 'number') expect(found).toBeCloseTo(expected, 10);
    else expect(found).toBe(expected);
  });

  it('is missing where it is not defined, and never a failure', async () => {
    for (const formula of [
      '[age] / 0',
      '[age] % 0',
      '0 / 0',
      '1e308 * 10',
      '1 / (1e308 * 10)',
      '1 / (1 / 0)',
      '10 ^ 400',
      '(-8) ^ 0.5',
      'exp(1000)',
      'exp(-1e308 * 10)',
      'ln(0)',
      'sqrt(-1)',
      'log10(-1)',
      'to_number("1e999")',
      'to_number("1_000")',
      'left([city], 1e18)',
      'substring([city], 9e18, 1)',
      "replace([city], 'Berlin', '')",
      "[city] = trim(' ')",
      'round(1 / 0, 2)',
      'round(1 / 0, -1)',
    ])
      expect([formula, await engine.first(formula)]).toEqual([formula, null]);
  });

  it('keeps whole numbers whole where nothing is reckoned', async () => {
    const { type, values } = await engine.all('if([age] is missing, 0, [age])');
    expect([type, values[3], values[1]]).toEqual(['BIGINT', '9223372036854775807', '0']);
    expect((await engine.all('coalesce([age], 0.5)')).type).toBe('DOUBLE');
  });

  it('is missing beside what is missing', async () => {
    for (const formula of ['[age] + 1', "[city] = 'x'", 'not [left]', 'year([signup])', 'length([city])', '[fee] ^ 0'])
      expect([formula, await engine.first(formula, 1)]).toEqual([formula, null]);
  });

  it('holds every function that its help names to its word', async () => {
    const examples: Record<string, string> = {
      if: 'if([left], 1, 2)',
      round: 'round([fee], 1)',
      replace: "replace(city, 'a', 'b')",
    };
    const given: Record<string, string> = {
      number: '[fee]',
      text: '[city]',
      part: "'e'",
      date: '[seen]',
      a: '1',
      b: '2',
    };
    for (const { name, usage, help } of formulaFunctions) {
      const plain = usage
        .replace(/\(.*\)/, (list) =>
          list.replace(/'[^']*'|[a-z]+(?: [a-z]+)*|…/g, (word) => {
            if (word.startsWith("'")) return word;
            return (
              given[word] ??
              (word === 'how many' ? '2' : word === '…' ? '3' : word === 'value' ? '[fee]' : (given.date as string))
            );
          }),
        )
        .replace('substring([city], [seen], 2)', 'substring([city], 1, 2)');
      const formula = examples[name] ?? plain;
      expect([formula, refusal(formula)]).toEqual([formula, undefined]);
      const { type, declared } = await engine.all(formula);
      expect([help === '', type]).toEqual([false, declared]);
    }
  });
});

describe('what is refused', () => {
  it.each([
    ['', 'At letter 1: The formula is empty.', 'price'],
    ['   ', 'At letter 4: The formula is empty.', 'price'],
    ['1 +', 'At letter 4: The formula ends', 'Here belongs a number'],
    ['1 2', 'At letter 3: There is “2”', 'operator'],
    ['(1', 'At letter 3: The formula ends', ')'],
    ["'abc", "At letter 1: The ' is never closed.", "Write '"],
    ['[abc', 'At letter 1: The [ is never closed.', 'Write ]'],
    ['1 ; 2', 'At letter 3: “;”', 'quotes'],
    ['a == 1', 'At letter 3: “==”', 'one ='],
    ['a && b', 'At letter 3: “&&”', '“and”'],
    ['1 < 2 < 3', 'At letter 7: Only two things', '“and”'],
    ['[agee] + 1', 'At letter 1: There is no column “agee”', 'brackets'],
    ['year + 1', 'At letter 1: There is no column “year”', 'Write year(date)'],
    ['[city] + 1', 'At letter 1: “+” needs a number, but “[city]” is text.', 'to_number'],
    ['[signup] - [signup]', 'needs a number, but “[signup]” is a date.', 'days_between'],
    ['not [age]', 'needs yes or no', '> 18'],
    ["[age] = '30'", "things of one type, but “'30'” is text beside a whole number.", 'to_number'],
    ['[city] = missing', '“missing” equals nothing.', 'is missing'],
    ["[city] = ''", 'never empty', 'is missing'],
    ["[signup] > '31.3.2024'", '“31.3.2024” is no date.', '2024-03-31'],
    ["[signup] > '2024-02-30'", '“2024-02-30” is no date.', '2024-03-31'],
    ['[age] in ()', 'The list is empty.', 'in ('],
    ['[age] in (1, missing)', '“missing” equals nothing.', 'is missing'],
    ['hour([signup])', 'no time of day', 'date with time'],
    ['today()', '“today” is not possible', "to_date('2024-03-31')"],
    ['read_csv("/etc/passwd")', 'There is no function “read_csv”.', 'coalesce'],
    ['constructor(1)', 'There is no function “constructor”.', 'coalesce'],
    ['sqrt(1, 2)', '“sqrt” takes 1 values, not 2.', 'sqrt(number)'],
    ['substring([city])', '“substring” takes 2 to 3 values, not 1.', 'from'],
    ['round([fee], [age])', 'digits', 'round([price], 2)'],
    ["replace([city], 'a', [city])", 'has to be a text in quotes', "'this'"],
    ["to_date([city], 'yyyy')", 'no format of dates', 'day.month.year'],
    ['missing', 'never gives a value', 'something else'],
    ['1e999', 'too large', '1e308'],
    ["'a\0b'", 'At letter 3: This letter means nothing', 'quotes'],
    ['if(1, 2)', '“if” takes 3 values', 'if(condition, then, else)'],
    ["if([left], 1, 'a')", '“if” gives things of one type', 'to_text'],
  ])('%j', (formula, message, instead) => {
    const problem = refusal(formula);
    expect(problem?.field).toBe('formula');
    expect(problem?.message).toContain(message);
    expect(problem?.instead).toContain(instead);
  });

  it('a formula so long, deep or large that it would keep the engine busy', () => {
    expect(refusal('1'.repeat(4001))?.message).toContain('at most 4000');
    expect(refusal(`${'('.repeat(51)}1${')'.repeat(51)}`)?.message).toContain('more than 50 deep');
    expect(refusal(`${'not '.repeat(900)}true`)?.message).toContain('more than 50 deep');
    expect(refusal(`${'-'.repeat(3000)}1`)?.message).toContain('more than 50 deep');
    expect(refusal(`1${'^1'.repeat(100)}`)?.message).toContain('more than 50 deep');
    expect(refusal(`1${'+1'.repeat(300)}`)?.message).toContain('more than 500 parts');
    let text = '[city]';
    for (let times = 0; times < 8; times += 1) text = `replace(${text}, 'a', 'aa')`;
    expect(refusal(text)?.message).toContain('100 times as long');
    let joined = '[city]';
    for (let times = 0; times < 7; times += 1) joined = `concat(${joined}, ${joined})`;
    expect(refusal(joined)?.message).toContain('100 times as long');
  });

  it('a formula of another type than the one that is wanted', () => {
    expect(problemsOfFormula('[age] + 1', schema, 'BOOLEAN')[0]?.message).toBe(
      'The formula gives a number, where yes or no is needed.',
    );
    expect(problemsOfFormula('[age] > 1', schema, 'BOOLEAN')).toEqual([]);
  });
});

it('carries out the largest formulas there may be', async () => {
  const deep = (open: string, inner: string, close: string, times: number) =>
    `${open.repeat(times)}${inner}${close.repeat(times)}`;
  for (const formula of [
    `1${'+[fee]'.repeat(249)}`,
    `1${'/[fee]'.repeat(249)}`,
    `[left]${' or [left]'.repeat(249)}`,
    deep('1/(', '[fee]', ')', 49),
    deep('exp(', '[fee]', ')', 49),
    deep('sqrt(1 + ', '[fee]', ')', 49),
    deep('if(1 / (', '[fee]', ') > 2, 1, [fee])', 25),
    deep('coalesce(trim(', '[city]', "), 'x')", 24),
    deep('to_text(to_date(', '[city]', '))', 24),
    deep('(', '[age]', ')', 50),
  ]) {
    expect([formula, refusal(formula)]).toEqual([formula, undefined]);
    expect(compileFormula(formula, schema).sql.length).toBeLessThan(200_000);
    const { type, declared } = await engine.all(formula);
    expect(type).toBe(declared);
  }
});

it('says which columns a formula names', () => {
  expect(columnsOfFormula("if([age] in (1, fee), [city], 'x')")).toEqual(['age', 'fee', 'city']);
  expect(columnsOfFormula('1 +')).toEqual([]);
});
