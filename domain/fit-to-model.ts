import { type DatasetProfile, typeWordOf } from './dataset.ts';
import { few } from './few.ts';
import type { Allow } from './prediction-spec.ts';

/** A column that a model knows, as it was trained. */
export interface ModelColumn {
  name: string;
  sqlType: string;
  /** `feature`, `label` or `ignored`. */
  role: string;
}

interface NamedType {
  name: string;
  type: string;
}

/** Types in the words of the pages: “whole number”. */
export interface Cast {
  column: string;
  from: string;
  to: string;
}

/** What is done to data so that it fits: in JSON and on the page of the prediction. */
export interface Mended {
  ignored: string[];
  cast: Cast[];
}

export interface Fit {
  missing: NamedType[];
  extra: NamedType[];
  /** Every value may well have the other type, too: the values tell. */
  cast: Cast[];
  /** No value of the one type is ever one of the other. */
  impossible: Cast[];
}

/** How the columns of a dataset fit a model. What is known of its values here is their types. */
export function fitToModel(
  known: readonly ModelColumn[],
  { rows, columns }: Pick<DatasetProfile, 'rows' | 'columns'>,
): Fit {
  const features = new Map(known.filter(({ role }) => role === 'feature').map(({ name, sqlType }) => [name, sqlType]));
  const knownNames = new Set(known.map(({ name }) => name));
  const there = new Set(columns.map(({ name }) => name));
  const differing = columns.flatMap(({ name, sqlType, missing }) => {
    const wanted = features.get(name);
    // A column without a value is one of any type.
    if (wanted === undefined || wanted === sqlType || missing === rows) return [];
    const cast = { column: name, from: typeWordOf(sqlType), to: typeWordOf(wanted) };
    return [{ cast, isPossible: !never(sqlType, wanted) }];
  });
  return {
    missing: [...features].flatMap(([name, type]) => (there.has(name) ? [] : [{ name, type: typeWordOf(type) }])),
    extra: columns.flatMap(({ name, sqlType }) => (knownNames.has(name) ? [] : [{ name, type: typeWordOf(sqlType) }])),
    cast: differing.filter(({ isPossible }) => isPossible).map(({ cast }) => cast),
    impossible: differing.filter(({ isPossible }) => !isPossible).map(({ cast }) => cast),
  };
}

const numbers = ['BIGINT', 'DOUBLE'];
const dates = ['DATE', 'TIMESTAMP'];

function never(from: string, to: string): boolean {
  // An image is nothing else, and nothing else is one.
  if (from === 'BLOB' || to === 'BLOB') return true;
  const is = (some: readonly string[], others: readonly string[]) => some.includes(from) && others.includes(to);
  return is(dates, [...numbers, 'BOOLEAN']) || is(['BOOLEAN'], [...numbers, ...dates]) || is(numbers, dates);
}

export function mendedBy({ extra, cast }: Pick<Fit, 'extra' | 'cast'>): Mended {
  return { ignored: extra.map(({ name }) => name), cast };
}

/** Why the data is not taken: each reason with its columns, and with two things to do. */
export function misfits(fit: Fit, allow: Allow, model: string): string[] {
  const { missing, impossible } = fit;
  const reasons: string[] = [];
  if (missing.length > 0) {
    const one = missing.length === 1;
    reasons.push(
      `The data lacks the ${columnWord(missing)} ${named(missing)}, which the model “${model}” was trained on. ${
        one
          ? 'Add it, or give the column that holds it this name'
          : 'Add them, or give the columns that hold them these names'
      }.`,
    );
  }
  if (impossible.length > 0) {
    const what = `${otherTypes(impossible, model)}; no such value can be cast.`;
    reasons.push(`${what} Mend the ${columnWord(impossible)}, or predict data like that of the training.`);
  }
  return [...reasons, ...notAllowed(fit, allow, model)];
}

/** What could be mended, and may not be. */
export function notAllowed({ extra, cast }: Pick<Fit, 'extra' | 'cast'>, allow: Allow, model: string): string[] {
  const reasons: string[] = [];
  if (!allow.extraColumns && extra.length > 0) {
    const [it, they] = extra.length === 1 ? ['it', 'it is'] : ['them', 'they are'];
    reasons.push(
      `The data has the ${columnWord(extra)} ${named(extra)}, which the model “${model}” does not know. Remove ${it}, or allow extra columns: ${they} then ignored.`,
    );
  }
  if (!allow.castTypes && cast.length > 0) {
    const what = `${otherTypes(cast, model)}.`;
    reasons.push(`${what} Change the ${columnWord(cast)}, or allow types to be cast.`);
  }
  return reasons;
}

/** The same for who has had it accepted: what will be done, or nothing to say. */
export function mendedSentences({ ignored, cast }: Mended): string[] {
  return [
    ...(ignored.length > 0 ? [`The model does not look at ${ignoredText(ignored)}.`] : []),
    ...(cast.length > 0 ? [`Types are cast: ${castText(cast)}.`] : []),
  ];
}

export function ignoredText(names: readonly string[]): string {
  return few(names.map(quoted));
}

export function castText(casts: readonly Cast[]): string {
  return few(casts.map(({ column, from, to }) => `${quoted(column)} from ${from} to ${to}`));
}

function otherTypes(casts: readonly Cast[], model: string): string {
  const each = casts.map(({ column, from, to }) => `${quoted(column)} is ${from}, not ${to}`);
  return `The data has other types than the model “${model}” was trained on: ${few(each)}`;
}

function columnWord({ length }: readonly unknown[]): string {
  return length === 1 ? 'column' : 'columns';
}

function named(columns: readonly NamedType[]): string {
  return few(columns.map(({ name, type }) => `${quoted(name)} (${type})`));
}

const LONGEST_NAME = 60;

function quoted(name: string): string {
  return `“${name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name}”`;
}
