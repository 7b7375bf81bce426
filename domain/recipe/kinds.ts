import { fillMissing } from './kinds/fill-missing.ts';
import { sortRows } from './kinds/sort-rows.ts';
import { trimText } from './kinds/trim-text.ts';
import type { StepKind } from './step-kind.ts';

/** Every kind of step, in the order in which it is offered. A new one is a file in kinds/ and a line here. */
export const stepKinds: readonly StepKind<unknown>[] = [fillMissing, sortRows, trimText];

const byName = new Map(stepKinds.map((kind) => [kind.name, kind]));

export function findKind(name: string): StepKind<unknown> | undefined {
  return byName.get(name);
}
