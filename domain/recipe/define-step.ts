import type { StepKind } from './step-kind.ts';

/**
 * A kind among others, whose settings nobody else knows. Safe, because settings reach a kind only after its own schema
 * has parsed them (see parse-steps.ts).
 */
export function defineStep<Settings>(kind: StepKind<Settings>): StepKind<unknown> {
  return kind as unknown as StepKind<unknown>;
}
