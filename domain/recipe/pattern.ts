import type { StepProblem } from './step-kind.ts';

export const LONGEST_PATTERN = 200;
/** RE2 refuses patterns that would be too large once repeated; these are far from that. */
const MOST_REPEATED = 1000;
const DEEPEST = 20;

class PatternProblem extends Error {
  readonly instead: string;

  constructor(message: string, instead: string) {
    super(message);
    this.instead = instead;
  }
}

/** What is wrong with a regular expression; the rest, RE2 takes, in time that grows with the text only. */
export function problemOfPattern(pattern: string): StepProblem | undefined {
  try {
    readPattern(pattern);
    return undefined;
  } catch (problem) {
    if (!(problem instanceof PatternProblem)) throw problem;
    return { field: 'pattern', message: problem.message, instead: problem.instead };
  }
}

/** How many groups a pattern has whose text can be taken. */
export function readPattern(pattern: string): { groups: number } {
  if (pattern === '') throw new PatternProblem('There is no pattern.', 'Write one, like [0-9]+, or take letters.');
  const reader = new Reader(pattern);
  reader.alternatives(0);
  if (!reader.isAtEnd) throw reader.wrong('The ) closes nothing.', 'Write \\) for the letter itself.');
  return { groups: reader.groups };
}

/** The part of RE2 that people know: letters, classes, groups, repetitions, alternatives and both ends. */
class Reader {
  groups = 0;
  readonly #letters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#letters = Array.from(pattern);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#letters.length;
  }

  get #seen(): string {
    return this.#letters[this.#at] ?? '';
  }

  #take(): string {
    const letter = this.#seen;
    this.#at += 1;
    return letter;
  }

  #takes(text: string): boolean {
    const letters = Array.from(text);
    if (!letters.every((letter, n) => this.#letters[this.#at + n] === letter)) return false;
    this.#at += letters.length;
    return true;
  }

  wrong(message: string, instead: string): PatternProblem {
    return new PatternProblem(
      `At letter ${Math.min(this.#at, this.#letters.length)} of the pattern: ${message}`,
      instead,
    );
  }

  /** How often, at most, an innermost part is repeated. */
  alternatives(depth: number): number {
    if (depth > DEEPEST) throw this.wrong('It is nested too deep.', 'Write a simpler pattern.');
    let most = 1;
    do most = Math.max(most, this.#sequence(depth));
    while (this.#takes('|'));
    return most;
  }

  #sequence(depth: number): number {
    let most = 1;
    while (!this.isAtEnd && this.#seen !== '|' && this.#seen !== ')') {
      const repeated = this.#part(depth) * this.#repetition();
      if (repeated > MOST_REPEATED)
        throw this.wrong(
          'So many repetitions are not possible.',
          `Repeat at most ${MOST_REPEATED} times in all, or use * or +.`,
        );
      most = Math.max(most, repeated);
    }
    return most;
  }

  #part(depth: number): number {
    const letter = this.#take();
    if (letter === '(') return this.#group(depth);
    if (letter === '[') this.#class();
    else if (letter === '\\') this.#escape('dDwWsSbB');
    else if ('*+?{'.includes(letter))
      throw this.wrong(`There is nothing before ${letter} to repeat.`, `Write \\${letter} for the letter itself.`);
    return 1;
  }

  #group(depth: number): number {
    if (!this.#takes('?:')) {
      if (this.#seen === '?')
        throw this.wrong('Looking ahead or behind is not possible.', 'Use plain parentheses, or (?:…).');
      this.groups += 1;
    }
    const most = this.alternatives(depth + 1);
    if (!this.#takes(')')) throw this.wrong('The ( is never closed.', 'Write ), or \\( for the letter itself.');
    return most;
  }

  #escape(named: string): void {
    const letter = this.#take();
    if (
      letter === '' ||
      (/[\p{L}\p{N}]/u.test(letter) && !`${named}tnr`.includes(letter)) ||
      /[^\x20-\x7e]/.test(letter)
    )
      throw this.wrong(`\\${letter} means nothing here.`, 'Possible are \\d, \\w, \\s, \\b and \\ before a sign.');
  }

  #class(): void {
    this.#takes('^');
    let isFirst = true;
    while (isFirst || this.#seen !== ']') {
      isFirst = false;
      const from = this.#member();
      if (this.#seen !== '-' || this.#letters[this.#at + 1] === ']') continue;
      this.#take();
      const until = this.#member();
      if (from === undefined || until === undefined || (from.codePointAt(0) ?? 0) > (until.codePointAt(0) ?? 0))
        throw this.wrong('The range is the wrong way round.', 'Write the lower letter first: a-z.');
    }
    this.#take();
  }

  /** A single letter, or undefined for one that stands for many. */
  #member(): string | undefined {
    if (this.isAtEnd) throw this.wrong('The [ is never closed.', 'Write ], or \\[ for the letter itself.');
    if (this.#seen === '[') throw this.wrong('There is a [ in a class.', 'Write \\[ for the letter itself.');
    const letter = this.#take();
    if (letter !== '\\') return letter;
    const escaped = this.#seen;
    this.#escape('dDwWsS');
    return /[dDwWsStnr]/.test(escaped) ? undefined : escaped;
  }

  /** How often the part before may be repeated: 1 for any number of times, which costs nothing. */
  #repetition(): number {
    let most = 1;
    const letter = this.#seen;
    if (letter !== '' && '*+?'.includes(letter)) this.#take();
    else if (letter === '{') most = this.#counted();
    else return 1;
    this.#takes('?');
    if (this.#seen !== '' && '*+?{'.includes(this.#seen))
      throw this.wrong('A repetition cannot be repeated.', 'Put parentheses around the first one.');
    return most;
  }

  #counted(): number {
    const end = this.#letters.indexOf('}', this.#at);
    const counts = /^\{(\d{1,4})(?:,(\d{0,4}))?\}$/.exec(this.#letters.slice(this.#at, end + 1).join(''));
    if (!counts)
      throw this.wrong('The { begins no number of times.', 'Write {3} or {2,5}, or \\{ for the letter itself.');
    this.#at = end + 1;
    const least = Number(counts[1]);
    const most = counts[2] ? Number(counts[2]) : least;
    if (most < least) throw this.wrong('The range is the wrong way round.', 'Write the lower number first: {2,5}.');
    return Math.max(1, most);
  }
}
