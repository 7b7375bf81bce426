import { literalProblem, castLiteral } from '../literals.ts';
import { quoteName, quoteNumber, quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { findColumn, type SqlType, type TableSchema } from '../table-schema.ts';
import { typeInWords } from '../words.ts';
import { FormulaProblem } from './formula-problem.ts';
import { type Argument, asDouble, findFunction, simpleFunctions } from './functions.ts';
import { parseFormula } from './parse-formula.ts';
import { partsOf, type Syntax } from './syntax.ts';
import { commonType, settled, type Typed, typed, widened } from './typed.ts';

export interface CompiledFormula {
  /** An expression over the columns of the table, which never fails, whatever is in a row. */
  sql: string;
  type: SqlType;
}

/** Throws a FormulaProblem, and nothing else. */
export function compileFormula(formula: string, schema: TableSchema): CompiledFormula {
  const syntax = parseFormula(formula);
  const { sql, type } = settled(new Compiler(formula, schema).typed(syntax));
  if (type === null)
    throw new FormulaProblem('This formula never gives a value.', 'Write something else than “missing”.', syntax);
  return { sql, type };
}

/** What is wrong with a formula on this table, as a step says it; of any type unless one is wanted. */
export function problemsOfFormula(formula: string, schema: TableSchema, wanted?: SqlType): StepProblem[] {
  try {
    const { type } = compileFormula(formula, schema);
    if (!wanted || wanted === type) return [];
    const message = `The formula gives ${typeInWords({ type })}, where ${typeInWords({ type: wanted })} is needed.`;
    return [{ field: 'formula', message, instead: 'Compare it with something: [age] > 18.' }];
  } catch (problem) {
    if (!(problem instanceof FormulaProblem)) throw problem;
    return [{ field: 'formula', message: `At letter ${problem.at + 1}: ${problem.message}`, instead: problem.instead }];
  }
}

/** The columns that a formula names; none when it cannot be read. */
export function columnsOfFormula(formula: string): string[] {
  try {
    return columnsOf(parseFormula(formula));
  } catch {
    return [];
  }
}

function columnsOf(syntax: Syntax): string[] {
  return syntax.kind === 'column' ? [syntax.name] : partsOf(syntax).flatMap(columnsOf);
}

/** Everything that a formula can call, for the help beside its field. */
export const formulaFunctions: readonly { name: string; usage: string; help: string }[] = [
  { name: 'if', usage: 'if(condition, then, else)', help: 'one of two; the last where the condition is missing' },
  { name: 'coalesce', usage: 'coalesce(a, b, …)', help: 'the first that is not missing' },
  { name: 'min', usage: 'min(a, b, …)', help: 'the least of those that are not missing' },
  { name: 'max', usage: 'max(a, b, …)', help: 'the greatest of those that are not missing' },
  ...simpleFunctions.map(({ name, usage, help }) => ({ name, usage, help })),
];

const unsteady = new Set(['today', 'now', 'random', 'rand', 'current_date', 'current_timestamp', 'uuid']);

/** Every part never fails: it is missing where it is not defined. */
class Compiler {
  readonly #formula: string;
  readonly #schema: TableSchema;

  constructor(formula: string, schema: TableSchema) {
    this.#formula = formula;
    this.#schema = schema;
  }

  typed(syntax: Syntax): Typed {
    switch (syntax.kind) {
      case 'number':
        return this.#number(syntax, syntax.text);
      case 'text':
        return typed('VARCHAR', quoteText(syntax.text), { loose: syntax.text === '' });
      case 'truth':
        return typed('BOOLEAN', String(syntax.value));
      case 'missing':
        return typed(null, 'NULL');
      case 'column':
        return this.#column(syntax, syntax.name);
      case 'minus':
        return typed('DOUBLE', `(-${this.#double(syntax.of, '“-”').sql})`, { loose: true });
      case 'not':
        return typed('BOOLEAN', `(NOT ${this.#truth(syntax.of, '“not”')})`);
      case 'junction': {
        const role = `“${syntax.word}”`;
        const [left, right] = [this.#truth(syntax.left, role), this.#truth(syntax.right, role)];
        return typed('BOOLEAN', `(${left} ${syntax.word.toUpperCase()} ${right})`);
      }
      case 'arithmetic':
        return this.#arithmetic(syntax);
      case 'comparison': {
        const [left, right] = this.#alike([syntax.left, syntax.right], `“${syntax.sign}” compares`);
        return typed('BOOLEAN', `(${left?.sql} ${syntax.sign === '!=' ? '<>' : syntax.sign} ${right?.sql})`);
      }
      case 'is missing':
        return typed('BOOLEAN', `(${settled(this.typed(syntax.of)).sql} IS ${syntax.not ? 'NOT ' : ''}NULL)`);
      case 'in':
        return this.#in(syntax);
      case 'call':
        return this.#call(syntax);
    }
  }

  #number(syntax: Syntax, text: string): Typed {
    if (/^\d{1,18}$/.test(text)) return typed('BIGINT', `CAST(${quoteText(text)} AS BIGINT)`);
    const value = Number(text);
    if (Number.isFinite(value)) return typed('DOUBLE', quoteNumber(value));
    throw new FormulaProblem('This number is too large.', 'Write one below 1e308.', syntax);
  }

  #column(syntax: Syntax, name: string): Typed {
    const column = findColumn(this.#schema, name);
    if (column?.type === 'BLOB') {
      throw new FormulaProblem(
        `“${name}” holds images, and formulas do not look into images.`,
        'Use another column.',
        syntax,
      );
    }
    if (column) return typed(column.type, quoteName(column.name), { loose: column.type === 'DOUBLE' });
    const call = findFunction(name.toLowerCase());
    throw new FormulaProblem(
      `There is no column “${name}” at this point.`,
      call
        ? `Write ${call.usage} to call the function.`
        : "Write the name of a column in brackets, [like this], and a text in quotes, 'like this'.",
      syntax,
    );
  }

  #arithmetic({ sign, left, right }: Extract<Syntax, { kind: 'arithmetic' }>): Typed {
    const a = this.#double(left, `“${sign}”`);
    const b = this.#double(right, `“${sign}”`);
    if (sign === '^') return typed('DOUBLE', `pow(${settled(a).sql}, ${settled(b).sql})`, { loose: true });
    // x / ∞ would be 0 again; and zero makes of a division a number that is not finite.
    const by = sign === '/' || sign === '%' ? settled(b) : b;
    return typed('DOUBLE', `(${a.sql} ${sign} ${by.sql})`, { loose: true });
  }

  #in({ of, list, not }: Extract<Syntax, { kind: 'in' }>): Typed {
    const missing = list.find(({ kind }) => kind === 'missing');
    if (missing) throw new FormulaProblem('“missing” equals nothing.', 'Write “or … is missing”.', missing);
    if (list.length === 0)
      throw new FormulaProblem('The list is empty.', "Write values between the parentheses: in ('a', 'b').", {
        at: of.end,
        end: of.end,
      });
    const [value, ...values] = this.#alike([of, ...list], '“in” compares');
    return typed('BOOLEAN', `(${value?.sql} ${not ? 'NOT ' : ''}IN (${values.map(({ sql }) => sql).join(', ')}))`);
  }

  #call(syntax: Extract<Syntax, { kind: 'call' }>): Typed {
    const { name, of } = syntax;
    if (name === 'if') return this.#if(syntax);
    if (name === 'coalesce' || name === 'min' || name === 'max') return this.#choose(syntax, name);
    const found = findFunction(name);
    if (!found) throw this.#unknown(syntax);
    this.#count(syntax, found.takes, found.usage);
    const role = `“${name}”`;
    return found.make(
      of.map((part): Argument => {
        const value = this.typed(part);
        return {
          value,
          syntax: part,
          number: () => this.#as(part, value, ['DOUBLE', 'BIGINT'], role),
          text: () => this.#as(part, value, ['VARCHAR'], role),
          date: () => this.#as(part, value, ['DATE', 'TIMESTAMP'], role),
        };
      }),
    );
  }

  #if(syntax: Extract<Syntax, { kind: 'call' }>): Typed {
    this.#count(syntax, [3, 3], 'if(condition, then, else)');
    const [condition, ...branches] = syntax.of as [Syntax, Syntax, Syntax];
    const when = this.#truth(condition, '“if”');
    const [then, otherwise] = this.#unified(branches, '“if” gives') as [Typed, Typed];
    return typed(then.type, `CASE WHEN ${when} THEN ${then.sql} ELSE ${otherwise.sql} END`, {
      loose: then.loose || otherwise.loose,
      growth: Math.max(then.growth, otherwise.growth),
    });
  }

  #choose(syntax: Extract<Syntax, { kind: 'call' }>, name: 'coalesce' | 'min' | 'max'): Typed {
    this.#count(syntax, [1, 100], `${name}(a, b, …)`);
    const values = this.#unified(syntax.of, `“${name}” takes`).map(settled);
    const call = { coalesce: 'coalesce', min: 'least', max: 'greatest' }[name];
    const growth = Math.max(...values.map((value) => value.growth));
    return typed(values[0]?.type ?? null, `${call}(${values.map(({ sql }) => sql).join(', ')})`, { growth });
  }

  #count(
    { of, name, ...place }: Extract<Syntax, { kind: 'call' }>,
    takes: readonly [number, number],
    usage: string,
  ): void {
    const [fewest, most] = takes;
    if (of.length >= fewest && of.length <= most) return;
    const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
    throw new FormulaProblem(`“${name}” takes ${wanted} values, not ${of.length}.`, `Write ${usage}.`, place);
  }

  #unknown({ name, ...place }: Extract<Syntax, { kind: 'call' }>): FormulaProblem {
    if (unsteady.has(name))
      return new FormulaProblem(
        `“${name}” is not possible: the same rows would give something else tomorrow.`,
        "Use a fixed day: to_date('2024-03-31').",
        place,
      );
    const names = formulaFunctions.map((each) => each.name).join(', ');
    return new FormulaProblem(`There is no function “${name}”.`, `Use one of these: ${names}.`, place);
  }

  #double(syntax: Syntax, role: string): Typed {
    return this.#as(syntax, this.typed(syntax), ['DOUBLE', 'BIGINT'], role);
  }

  #truth(syntax: Syntax, role: string): string {
    return this.#as(syntax, this.typed(syntax), ['BOOLEAN'], role).sql;
  }

  /** As one of these types; whole numbers become numbers, and what is missing one of the first type. */
  #as(syntax: Syntax, value: Typed, types: readonly [SqlType, ...SqlType[]], role: string): Typed {
    if (value.type === null) return typed(types[0], `CAST(NULL AS ${types[0]})`);
    if (types.includes(value.type)) return types.includes('DOUBLE') ? asDouble(value) : value;
    const wanted = typeInWords({ type: types[0] });
    throw new FormulaProblem(
      `${role} needs ${wanted}, but ${this.#shown(syntax)} is ${typeInWords({ type: value.type })}.`,
      types[0] === 'VARCHAR' ? 'Use to_text(…).' : (mend[types[0]] ?? 'Use something else.'),
      syntax,
    );
  }

  /** All settled, and of one type that can be compared. */
  #alike(parts: readonly Syntax[], role: string): Typed[] {
    for (const part of parts) {
      const instead = 'Write “is missing” or “is not missing”.';
      if (part.kind === 'missing') throw new FormulaProblem('“missing” equals nothing.', instead, part);
      if (part.kind === 'text' && part.text === '')
        throw new FormulaProblem('A text is never empty here, but missing.', instead, part);
    }
    return this.#unified(parts, role).map(settled);
  }

  /** All of one type that holds them all. A text that is a date is one beside a date. */
  #unified(parts: readonly Syntax[], role: string): Typed[] {
    let values = parts.map((part) => this.typed(part));
    const date = values.find(({ type }) => type === 'DATE' || type === 'TIMESTAMP')?.type;
    if (date) values = values.map((value, n) => this.#dateLiteral(parts[n] as Syntax, value, date));
    let type: SqlType | null = null;
    for (const [n, value] of values.entries()) {
      const common = commonType(type, value.type);
      if (common === undefined) {
        const [one, other] = [type, value.type].map((each) => typeInWords({ type: each as SqlType }));
        throw new FormulaProblem(
          `${role} things of one type, but ${this.#shown(parts[n] as Syntax)} is ${other} beside ${one}.`,
          'Use to_number(…), to_text(…) or to_date(…) to make them alike.',
          parts[n] as Syntax,
        );
      }
      type = common;
    }
    return type === null ? values : values.map((value) => widened(value, type));
  }

  #dateLiteral(syntax: Syntax, value: Typed, type: SqlType): Typed {
    if (syntax.kind !== 'text') return value;
    // A day with a time beside a date, too.
    for (const each of [type, 'TIMESTAMP'] as const)
      if (!literalProblem(syntax.text, { name: '', type: each })) return typed(each, castLiteral(syntax.text, each));
    throw new FormulaProblem(`“${syntax.text.slice(0, 40)}” is no date.`, "Write it like '2024-03-31'.", syntax);
  }

  #shown({ at, end }: Syntax): string {
    const text = this.#formula.slice(at, end).replaceAll(/\s+/g, ' ');
    return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
  }
}

const mend: Partial<Record<SqlType, string>> = {
  DOUBLE: 'Use to_number(…) to make a number of a text, or days_between(…) for dates.',
  BOOLEAN: 'Compare it with something: [age] > 18.',
  DATE: 'Use to_date(…) to make a date of a text.',
};
