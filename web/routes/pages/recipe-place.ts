import type { Request } from 'express';
import { Refused } from '../../services/refused.ts';
import { textOf } from './page-kit.ts';

/** The state of the draft that somebody had before them: a change of another one is refused. */
export function positionIn(request: Request): number {
  const text = textOf(request, 'position');
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Refused(400, 'The form is broken', 'The form does not say which state of the recipe it changes.', {
    hint: 'Go back, reload the page and try again.',
  });
}
