import type { Step } from './recipe.ts';

/** Changes of a draft, each of one step. Undefined: there is no such step (any more). */

/** Behind all others unless a place, from 0, is told. */
export function addStep(steps: readonly Step[], step: Step, at = steps.length): Step[] {
  return steps.toSpliced(Math.min(Math.max(0, at), steps.length), 0, step);
}

export function changeStep(
  steps: readonly Step[],
  id: string,
  changes: Partial<Omit<Step, 'id' | 'kind'>>,
): Step[] | undefined {
  const place = steps.findIndex((step) => step.id === id);
  const step = steps[place];
  return step && steps.with(place, { ...step, ...changes });
}

export function moveStep(steps: readonly Step[], id: string, at: number): Step[] | undefined {
  const step = steps.find((each) => each.id === id);
  if (!step) return undefined;
  return addStep(
    steps.filter((each) => each !== step),
    step,
    at,
  );
}

export function removeStep(steps: readonly Step[], id: string): Step[] | undefined {
  const rest = steps.filter((step) => step.id !== id);
  return rest.length === steps.length ? undefined : rest;
}

/** An id that no step of the draft has: s1, s2 … */
export function freeStepId(steps: readonly Step[]): string {
  const taken = new Set(steps.map(({ id }) => id));
  let n = steps.length + 1;
  while (taken.has(`s${n}`)) n += 1;
  return `s${n}`;
}
