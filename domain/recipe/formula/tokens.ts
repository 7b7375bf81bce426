import { FormulaProblem } from './formula-problem.ts';

export const LONGEST_FORMULA = 4000;

export interface Token {
  kind: 'number' | 'text' | 'column' | 'word' | 'sign' | 'end';
  /** What it says: a text without its quotes, a column without its brackets. */
  text: string;
  at: number;
  end: number;
}

const blanks = /\s+/y;
const numbers = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const words = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy;
const signs = /<=|>=|<>|!=|==|&&|\|\||[-+*/%^=<>(),]/y;
/** What encloses a text or the name of a column; twice the closing one stands for itself. */
const enclosed: Readonly<Record<string, { close: string; kind: 'text' | 'column' }>> = {
  "'": { close: "'", kind: 'text' },
  '"': { close: '"', kind: 'text' },
  '[': { close: ']', kind: 'column' },
};

const meant = new Map(
  Object.entries({
    '==': 'Write one = to compare.',
    '&&': 'Write “and”.',
    '||': 'Write “or”, or use concat(…) to join texts.',
  }),
);

export function readTokens(formula: string): Token[] {
  if (formula.length > LONGEST_FORMULA)
    throw new FormulaProblem(
      `The formula has ${formula.length} letters; at most ${LONGEST_FORMULA} are possible.`,
      'Make it in several steps, with a column for each part.',
      { at: LONGEST_FORMULA, end: formula.length },
    );
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(formula)?.[0];
  };
  while (at < formula.length) {
    const blank = match(blanks);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = readEnclosed(formula, at) ?? readPlain(at, match);
    if (!token) throw unknownLetter(formula, at);
    tokens.push(token);
    at = token.end;
  }
  return [...tokens, { kind: 'end', text: '', at, end: at }];
}

function readEnclosed(formula: string, at: number): Token | undefined {
  const open = enclosed[formula.charAt(at)];
  if (!open) return undefined;
  const { close, kind } = open;
  let text = '';
  for (let next = at + 1; next < formula.length; next += 1) {
    const letter = formula.charAt(next);
    if (letter === '\0') throw unknownLetter(formula, next);
    if (letter !== close) text += letter;
    else if (formula.charAt(next + 1) === close) {
      text += close;
      next += 1;
    } else return { kind, text, at, end: next + 1 };
  }
  throw new FormulaProblem(
    `The ${formula.charAt(at)} is never closed.`,
    `Write ${close} at the end of the ${kind === 'text' ? 'text' : 'name'}.`,
    { at, end: formula.length },
  );
}

function readPlain(at: number, match: (pattern: RegExp) => string | undefined): Token | undefined {
  for (const [kind, pattern] of [
    ['number', numbers],
    ['word', words],
    ['sign', signs],
  ] as const) {
    const text = match(pattern);
    if (text === undefined) continue;
    const token = { kind, text, at, end: at + text.length };
    const instead = meant.get(text);
    if (instead) throw new FormulaProblem(`“${text}” means nothing in a formula.`, instead, token);
    return token;
  }
  return undefined;
}

function unknownLetter(formula: string, at: number): FormulaProblem {
  const letter = String.fromCodePoint(formula.codePointAt(at) ?? 0);
  const shown = /\p{C}/u.test(letter) ? 'This letter' : `“${letter}”`;
  return new FormulaProblem(
    `${shown} means nothing in a formula.`,
    "Write texts in quotes, 'like this', and names of columns in brackets, [like this].",
    { at, end: at + letter.length },
  );
}
