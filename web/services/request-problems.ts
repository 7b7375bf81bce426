import type { z } from 'zod';
import { Refused } from './refused.ts';
import type { FieldProblem } from './views.ts';

/** What zod found, with the dotted names that forms, API and CLI use for fields. */
export function problemsIn(error: z.ZodError): FieldProblem[] {
  const found = error.issues.map((issue) => ({ field: issue.path.map(String).join('.'), message: sentence(issue) }));
  // What is neither whole nor in its range is one mistake to a person.
  return found.filter(
    ({ field, message }, n) => n === found.findIndex((one) => one.field === field && one.message === message),
  );
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `There is no field ${issue.keys.map((key) => `“${key}”`).join(', ')}.`;
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return isMissing ? 'This is needed.' : issue.message;
}

/** In one sentence: the first field that does not fit, by its name, and how many more there are. */
export function firstOf(problems: readonly FieldProblem[]): string {
  const [first] = problems;
  if (!first) return 'It does not fit.';
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `${first.field === '' ? '' : `${first.field}: `}${first.message}${more}`;
}

/** Parses what came by query or body, or refuses it as a whole. */
export function parsed<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = problemsIn(result.error);
  throw new Refused(422, 'The request does not fit', firstOf(problems), { problems });
}
