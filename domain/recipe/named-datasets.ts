import { findKind } from './kinds.ts';
import type { Step } from './recipe.ts';

/** The ids of the datasets that steps look things up in, each once; also of steps that are switched off. */
export function namedDatasets(steps: readonly Step[]): string[] {
  const named = steps.flatMap(({ kind, settings }) =>
    (findKind(kind)?.fields ?? []).flatMap(({ input, name }) => (input === 'dataset' ? [settings[name]] : [])),
  );
  return [...new Set(named.filter((id) => typeof id === 'string' && id !== ''))] as string[];
}
