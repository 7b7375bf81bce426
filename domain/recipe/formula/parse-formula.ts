import { FormulaProblem } from './formula-problem.ts';
import type { Arithmetic, Comparison, Syntax } from './syntax.ts';
import { readTokens, type Token } from './tokens.ts';

/** So deep and so large that no person's formula is, and small enough for the data engine's own limits. */
const DEEPEST = 50;
const MOST_PARTS = 500;

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
/** Words that are no columns, unless in brackets. */
const keywords = new Set(['and', 'or', 'not', 'is', 'in', 'missing', 'true', 'false', 'yes', 'no']);

export function parseFormula(formula: string): Syntax {
  return new Parser(readTokens(formula)).whole();
}

/** Weakest first: or, and, not, comparisons, + −, * / %, a sign before, ^. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #parts = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Syntax {
    const [first] = this.#tokens;
    if (first?.kind === 'end')
      throw new FormulaProblem('The formula is empty.', 'Write one, like [price] * 1.19.', first);
    const syntax = this.#or();
    if (this.#seen.kind !== 'end') throw this.#unexpected('an operator like + or “and”, or the end');
    return syntax;
  }

  get #seen(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#seen;
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  #sign(...signs: readonly string[]): Token | undefined {
    return this.#seen.kind === 'sign' && signs.includes(this.#seen.text) ? this.#take() : undefined;
  }

  #isWord(...words: readonly string[]): boolean {
    return this.#seen.kind === 'word' && words.includes(this.#seen.text.toLowerCase());
  }

  #word(...words: readonly string[]): Token | undefined {
    return this.#isWord(...words) ? this.#take() : undefined;
  }

  #made<Made extends Syntax>(syntax: Made): Made {
    this.#parts += 1;
    if (this.#parts > MOST_PARTS)
      throw new FormulaProblem(
        `The formula has more than ${MOST_PARTS} parts.`,
        'Make it in several steps, with a column for each part.',
        syntax,
      );
    return syntax;
  }

  #deeper(read: () => Syntax): Syntax {
    this.#depth += 1;
    if (this.#depth > DEEPEST)
      throw new FormulaProblem(
        `The formula is nested more than ${DEEPEST} deep.`,
        'Make it in several steps, with a column for each part.',
        this.#seen,
      );
    const syntax = read();
    this.#depth -= 1;
    return syntax;
  }

  #or(): Syntax {
    let left = this.#and();
    while (this.#word('or')) left = this.#join('or', left, this.#and());
    return left;
  }

  #and(): Syntax {
    let left = this.#not();
    while (this.#word('and')) left = this.#join('and', left, this.#not());
    return left;
  }

  #join(word: 'and' | 'or', left: Syntax, right: Syntax): Syntax {
    return this.#made({ kind: 'junction', word, left, right, at: left.at, end: right.end });
  }

  #not(): Syntax {
    const word = this.#word('not');
    if (!word) return this.#comparison();
    const of = this.#deeper(() => this.#not());
    return this.#made({ kind: 'not', of, at: word.at, end: of.end });
  }

  #comparison(): Syntax {
    const left = this.#sum();
    const compared = this.#compared(left);
    if (compared !== left && (this.#seen.kind === 'sign' ? comparisons[this.#seen.text] : this.#isWord('is', 'in')))
      throw new FormulaProblem(
        'Only two things can be compared at once.',
        'Join two comparisons with “and”: [age] > 18 and [age] < 65.',
        this.#seen,
      );
    return compared;
  }

  #compared(left: Syntax): Syntax {
    const sign = this.#seen.kind === 'sign' ? comparisons[this.#seen.text] : undefined;
    if (sign) {
      this.#take();
      const right = this.#sum();
      return this.#made({ kind: 'comparison', sign, left, right, at: left.at, end: right.end });
    }
    if (this.#word('is')) {
      const not = this.#word('not') !== undefined;
      const end = this.#word('missing')?.end;
      if (end === undefined) throw this.#unexpected('“missing” or “not missing” after “is”');
      return this.#made({ kind: 'is missing', of: left, not, at: left.at, end });
    }
    const not = this.#word('not') !== undefined;
    if (this.#word('in')) {
      this.#open('in');
      const list = this.#list();
      return this.#made({ kind: 'in', of: left, list: list.items, not, at: left.at, end: list.end });
    }
    if (not) throw this.#unexpected('“in (…)” after “not”');
    return left;
  }

  #sum(): Syntax {
    let left = this.#product();
    for (let sign = this.#sign('+', '-'); sign; sign = this.#sign('+', '-'))
      left = this.#reckon(sign, left, this.#product());
    return left;
  }

  #product(): Syntax {
    let left = this.#signed();
    for (let sign = this.#sign('*', '/', '%'); sign; sign = this.#sign('*', '/', '%'))
      left = this.#reckon(sign, left, this.#signed());
    return left;
  }

  #reckon(sign: Token, left: Syntax, right: Syntax): Syntax {
    return this.#made({
      kind: 'arithmetic',
      sign: sign.text as Arithmetic,
      left,
      right,
      at: left.at,
      end: right.end,
    });
  }

  #signed(): Syntax {
    const sign = this.#sign('-', '+');
    if (!sign) return this.#power();
    const of = this.#deeper(() => this.#signed());
    return sign.text === '+' ? of : this.#made({ kind: 'minus', of, at: sign.at, end: of.end });
  }

  #power(): Syntax {
    const base = this.#atom();
    const sign = this.#sign('^');
    if (!sign) return base;
    return this.#reckon(
      sign,
      base,
      this.#deeper(() => this.#signed()),
    );
  }

  #atom(): Syntax {
    const token = this.#take();
    const { at, end, text } = token;
    if (token.kind === 'number') return this.#made({ kind: 'number', text, at, end });
    if (token.kind === 'text') return this.#made({ kind: 'text', text, at, end });
    if (token.kind === 'column') return this.#made({ kind: 'column', name: text, at, end });
    if (token.kind === 'sign' && text === '(') {
      const inner = this.#deeper(() => this.#or());
      if (!this.#sign(')')) throw this.#unexpected('a ) to close the ( before');
      return inner;
    }
    if (token.kind === 'word') {
      const word = text.toLowerCase();
      if (!keywords.has(word) && this.#sign('(')) {
        const list = this.#list();
        return this.#made({ kind: 'call', name: word, of: list.items, at, end: list.end });
      }
      if (word === 'missing') return this.#made({ kind: 'missing', at, end });
      if (word === 'true' || word === 'yes') return this.#made({ kind: 'truth', value: true, at, end });
      if (word === 'false' || word === 'no') return this.#made({ kind: 'truth', value: false, at, end });
      if (!keywords.has(word)) return this.#made({ kind: 'column', name: text, at, end });
    }
    throw this.#unexpected('a number, a text in quotes, a column in brackets or a function', token);
  }

  #open(word: string): void {
    if (!this.#sign('(')) throw this.#unexpected(`a ( after “${word}”`);
  }

  /** What stands between parentheses, of which the first has been taken. */
  #list(): { items: Syntax[]; end: number } {
    const items: Syntax[] = [];
    const close = this.#sign(')');
    if (close) return { items, end: close.end };
    do items.push(this.#deeper(() => this.#or()));
    while (this.#sign(','));
    const end = this.#sign(')')?.end;
    if (end === undefined) throw this.#unexpected('a , or a )');
    return { items, end };
  }

  #unexpected(wanted: string, token: Token = this.#seen): FormulaProblem {
    const found = token.kind === 'end' ? 'The formula ends' : `There is “${token.text.slice(0, 40)}”`;
    return new FormulaProblem(`${found} where something else is expected.`, `Here belongs ${wanted}.`, token);
  }
}
