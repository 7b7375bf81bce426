/** As deep as data is nested that somebody meant. */
const DEEPEST = 200;

/**
 * What a parser of JSON passes over in silence: a name that an object has twice, of which it keeps the last; and more
 * lists in lists than can be written again.
 */
export function hiddenProblem(text: string, parsed: unknown): string | undefined {
  const { names, depth } = countNames(parsed);
  if (depth > DEEPEST) return `It has more than ${DEEPEST} objects and lists in each other.`;
  if (names === namesIn(text)) return undefined;
  return `The name “${repeatedName(text) ?? ''}” is there twice.`;
}

function countNames(parsed: unknown): { names: number; depth: number } {
  let [names, depth] = [0, 0];
  // No recursion: what is nested by somebody who means harm would end the program.
  let level: unknown[] = [parsed];
  while (level.length > 0) {
    const below: unknown[] = [];
    for (const value of level) {
      if (Array.isArray(value)) {
        for (const each of value) if (typeof each === 'object' && each !== null) below.push(each);
      } else if (isPlain(value)) {
        for (const each of Object.values(value)) {
          names++;
          if (typeof each === 'object' && each !== null) below.push(each);
        }
      }
    }
    level = below;
    depth++;
    if (depth > DEEPEST) break;
  }
  return { names, depth };
}

/** An object of the data, and none that stands for a number. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function namesIn(text: string): number {
  let names = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    const after = behindSpace(text, endOfText(text, at) + 1);
    if (text[after] === ':') names++;
    at = after;
  }
  return names;
}

function repeatedName(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '{' || sign === '[') open.push(new Set());
    else if (sign === '}' || sign === ']') open.pop();
    if (sign !== '"') continue;
    const end = endOfText(text, at);
    if (text[behindSpace(text, end + 1)] === ':') {
      const name = JSON.parse(text.slice(at, end + 1)) as string;
      const known = open.at(-1);
      if (known?.has(name)) return name;
      known?.add(name);
    }
    at = end;
  }
  return undefined;
}

function endOfText(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let signs = 0;
  while (text[at - 1 - signs] === '\\') signs++;
  return signs % 2 === 1;
}

function behindSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++;
  return at;
}
