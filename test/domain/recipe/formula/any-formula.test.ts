import * as fc from 'fast-check';
import { compileFormula, formulaFunctions } from '../../../../domain/recipe/formula/compile-formula.ts';
import { FormulaProblem } from '../../../../domain/recipe/formula/formula-problem.ts';
import { parseFormula } from '../../../../domain/recipe/formula/parse-formula.ts';
import { FormulaEngine, schema } from './engine.ts';

let engine: FormulaEngine;
beforeAll(async () => {
  engine = await FormulaEngine.open();
});
afterAll(() => engine.close());

const names = schema.map(({ name }) => `[${name.replaceAll(']', ']]')}]`);
const small = fc.constantFrom('0', '1', '2', '0.5', '3e2', '18', '99999999999999999999', '1e308');
const quoted = fc.constantFrom("'a'", "'Berlin'", "''", "'2024-03-31'", "'12.5'", '"it\'s"', "' '");

/** Formulas of a type, so that most of them can be carried out: garbage would only ever be refused. */
const { number, text, truth, date } = fc.letrec<Record<'number' | 'text' | 'truth' | 'date', string>>((tie) => {
  const of = (...options: fc.Arbitrary<string>[]) =>
    fc.oneof({ maxDepth: 5, depthSize: 'small' }, ...(options as [fc.Arbitrary<string>]));
  const call = (name: string, ...args: fc.Arbitrary<string>[]) =>
    fc.tuple(...args).map((each) => `${name}(${each.join(', ')})`);
  const between = (signs: string[], one: fc.Arbitrary<string>) =>
    fc.tuple(one, fc.constantFrom(...signs), one).map(([a, sign, b]) => `(${a} ${sign} ${b})`);
  const n = tie('number');
  const t = tie('text');
  const b = tie('truth');
  const d = tie('date');
  return {
    number: of(
      fc.constantFrom('[age]', '[fee]', names.at(-1) as string),
      small,
      between(['+', '-', '*', '/', '%', '^'], n),
      n.map((each) => `-(${each})`),
      ...['abs', 'floor', 'ceil', 'sqrt', 'ln', 'log10', 'exp', 'round'].map((name) => call(name, n)),
      call('round', n, fc.constantFrom('2', '-9', '9')),
      call('min', n, n),
      call('max', n, fc.constant('missing'), n),
      call('coalesce', n, n),
      call('if', b, n, n),
      call('length', t),
      call('to_number', t),
      ...['year', 'month', 'day', 'weekday'].map((name) => call(name, d)),
      call('hour', fc.constant('[seen]')),
      call('days_between', d, d),
    ),
    text: of(
      fc.constant('[city]'),
      quoted,
      ...['lower', 'upper', 'trim'].map((name) => call(name, t)),
      call('concat', t, n, d),
      ...['left', 'right'].map((name) => call(name, t, n)),
      call('substring', t, n, n),
      call('replace', t, t, quoted),
      call('if', b, t, fc.constant('missing')),
      call('coalesce', t, t),
      call('min', t, t),
      call('to_text', fc.oneof(n, b, d)),
    ),
    truth: of(
      fc.constantFrom('[left]', 'true', 'no'),
      between(['=', '<>', '<', '<=', '>', '>='], n),
      between(['=', '!=', '<', '>='], t),
      between(['=', '!=', '<', '>='], d),
      between(['and', 'or'], b),
      b.map((each) => `(not ${each})`),
      fc.oneof(n, t, b, d).map((each) => `((${each}) is missing)`),
      fc.tuple(n, n, n).map(([a, x, y]) => `((${a}) not in (${x}, ${y}))`),
      fc.tuple(t, t).map(([a, x]) => `((${a}) in (${x}))`),
      ...['contains', 'starts_with', 'ends_with'].map((name) => call(name, t, t)),
    ),
    date: of(
      fc.constantFrom('[signup]', '[seen]'),
      call('to_date', t),
      call('to_date', t, fc.constantFrom("'day.month.year'", "'name day, year'")),
      call('to_date', d),
      call('if', b, d, d),
      call('coalesce', d, d),
    ),
  };
});

it('carries out every formula that it accepts, and gives the type that it declares', async () => {
  let carriedOut = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(number, text, truth, date), async (formula) => {
      let declared: string;
      try {
        ({ type: declared } = compileFormula(formula, schema));
      } catch (problem) {
        expect(problem).toBeInstanceOf(FormulaProblem);
        return;
      }
      const { type, values } = await engine.all(formula);
      expect(type).toBe(declared);
      for (const value of values) expect(['', 'Infinity', '-Infinity', 'NaN']).not.toContain(value);
      carriedOut += 1;
    }),
    { numRuns: 600 },
  );
  expect(carriedOut).toBeGreaterThan(300);
});

const pieces = fc.constantFrom(
  ...[
    '(',
    ')',
    ',',
    '+',
    '-',
    '*',
    '/',
    '%',
    '^',
    '=',
    '<>',
    '<',
    '[',
    ']',
    "'",
    '"',
    '--',
    ';',
    '\0',
    '\\',
    '{',
    '$1',
  ],
  ...['and', 'or', 'not', 'is', 'in', 'missing', 'true', 'SELECT', 'null', '1', '2e', '.', 'é', '😀', '\ud800', ' '],
  ...[...names, ...formulaFunctions.map(({ name }) => `${name}(`)],
);
const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
  fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(' ')),
);

it('throws nothing but a FormulaProblem, whose place is in the formula', () => {
  fc.assert(
    fc.property(garbage, (formula) => {
      try {
        compileFormula(formula, schema);
      } catch (problem) {
        if (!(problem instanceof FormulaProblem)) throw problem;
        expect(problem.at).toBeLessThanOrEqual(formula.length);
        expect(problem.instead).not.toBe('');
      }
    }),
    { numRuns: 5000 },
  );
});

it('carries out garbage too, when it happens to be a formula', async () => {
  await fc.assert(
    fc.asyncProperty(garbage, async (formula) => {
      try {
        compileFormula(formula, schema);
      } catch {
        return;
      }
      const { type, declared } = await engine.all(formula);
      expect(type).toBe(declared);
    }),
    { numRuns: 3000 },
  );
});

it('reads what is written between quotes and brackets as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (plain) => {
      fc.pre(!plain.includes('\0'));
      expect(parseFormula(`'${plain.replaceAll("'", "''")}'`)).toMatchObject({ kind: 'text', text: plain });
      expect(parseFormula(`[${plain.replaceAll(']', ']]')}]`)).toMatchObject({ kind: 'column', name: plain });
    }),
  );
});
