import { ApiError } from '../api-error.ts';
import { asJson, asText, type Json } from '../json.ts';

type Test = (record: Json) => boolean;

/**
 * The language that listings of Compute Engine are filtered by, both its ways of writing: `labels.a=b AND status!=DONE`
 * and `(name eq 'ty-.*') (status ne DONE)`.
 */
export function parseFilter(text: string | null): Test {
  const words = text?.match(/\(|\)|"(?:[^"\\]|\\.)*"|'[^']*'|!=|<=|>=|[=:<>]|[^\s()=:<>!"']+/g) ?? [];
  if (words.length === 0) return () => true;
  let at = 0;
  const refuse = (): never => {
    throw new ApiError(400, `Invalid value for field 'filter': '${text}'. Invalid list filter expression.`);
  };

  const any = (): Test => {
    const tests = [all()];
    while (words[at] === 'OR') {
      at += 1;
      tests.push(all());
    }
    return (record) => tests.some((test) => test(record));
  };
  const all = (): Test => {
    const tests = [one()];
    while (at < words.length && words[at] !== ')' && words[at] !== 'OR') {
      if (words[at] === 'AND') at += 1;
      tests.push(one());
    }
    return (record) => tests.every((test) => test(record));
  };
  const one = (): Test => {
    if (words[at] === 'NOT') {
      at += 1;
      const test = one();
      return (record) => !test(record);
    }
    if (words[at] !== '(') return comparison();
    at += 1;
    const inner = any();
    if (words[at++] !== ')') refuse();
    return inner;
  };
  const comparison = (): Test => {
    const [field, how, ...rest] = words.slice(at, at + 3);
    if (field === undefined || how === undefined || rest[0] === undefined) return refuse();
    at += 3;
    // A value may hold colons, as a link does.
    let value = unquoted(rest[0]);
    while (words[at] === ':' || (words[at - 1] === ':' && at < words.length && words[at] !== ')')) value += words[at++];
    return comparing(field, how, value) ?? refuse();
  };

  const test = any();
  return at === words.length ? test : refuse();
}

function comparing(field: string, how: string, value: string): Test | undefined {
  const read = (record: Json): string | undefined => {
    const found = field.split('.').reduce<unknown>((inner, key) => asJson(inner)[key], record);
    return found === undefined ? undefined : asText(found) || String(found);
  };
  const matches = (text: string | undefined): boolean => new RegExp(`^(?:${value})$`).test(text ?? '');
  switch (how) {
    case '=':
      return (record) => read(record) === value;
    case '!=':
      return (record) => read(record) !== value;
    case ':':
      return (record) =>
        value === '*' ? read(record) !== undefined : (read(record) ?? '').includes(value.replace(/\*$/, ''));
    case 'eq':
      return (record) => matches(read(record));
    case 'ne':
      return (record) => !matches(read(record));
    case '>':
      return (record) => (read(record) ?? '') > value;
    case '>=':
      return (record) => (read(record) ?? '') >= value;
    case '<':
      return (record) => (read(record) ?? '') < value;
    case '<=':
      return (record) => (read(record) ?? '') <= value;
    default:
      return undefined;
  }
}

function unquoted(word: string): string {
  return /^["']/.test(word) ? word.slice(1, -1).replaceAll('\\"', '"') : word;
}
