import { findKind } from '../../../domain/recipe/kinds.ts';
import type { Step } from '../../../domain/recipe/recipe.ts';

/** A step in plain words; one whose settings are not complete goes by the name of its kind. */
export function stepSentence({ kind, settings }: Pick<Step, 'kind' | 'settings'>): string {
  const known = findKind(kind);
  const read = known?.settings.safeParse(settings);
  return known && read?.success ? known.sentence(read.data) : (known?.title ?? kind);
}
