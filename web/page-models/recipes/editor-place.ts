import type { WhichRows } from '../../../data/recipe/recipe-calls.ts';

/** Where in the editor somebody is; all of it is in the address. */
export interface EditorPlace {
  /** After which step one looks: 1 is the first, 0 the data as it came. */
  step: number;
  /** Whether its form is open. */
  edit: boolean;
  rows: WhichRows;
  show: 'marked' | 'beside';
  seed: number;
}

const ways: readonly WhichRows[] = ['first', 'random', 'changed', 'failing'];

/** Unless told, one looks at what the last step makes. */
export function placeIn(query: (name: string) => string, steps: number): EditorPlace {
  const given = query('step');
  const step = /^\d{1,3}$/.test(given) ? Number(given) : steps;
  const rows = ways.find((way) => way === query('rows')) ?? 'first';
  const seed = /^\d{1,6}$/.test(query('seed')) ? Number(query('seed')) : 0;
  const place = Math.min(step, steps);
  return {
    step: place,
    edit: query('edit') !== '' && place > 0,
    rows: place === 0 && (rows === 'changed' || rows === 'failing') ? 'first' : rows,
    show: query('show') === 'beside' ? 'beside' : 'marked',
    seed,
  };
}

/** A change was sent with the place where it was made: one comes back to it. */
export function placeFrom(text: string, steps: number): EditorPlace {
  const query = new URLSearchParams(text.replace(/^\?/, ''));
  return placeIn((name) => query.get(name) ?? '', steps);
}

export function hrefIn(href: string, { step, edit, rows, show, seed }: EditorPlace): string {
  const query = new URLSearchParams({ step: String(step) });
  if (edit) query.set('edit', '1');
  if (rows !== 'first') query.set('rows', rows);
  if (rows === 'random') query.set('seed', String(seed));
  if (show !== 'marked') query.set('show', show);
  return `${href}?${query.toString()}`;
}
