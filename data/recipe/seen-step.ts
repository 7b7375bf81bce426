import type { Walked, WalkedStep } from '../../domain/recipe/walk.ts';
import type { SeenStep } from './recipe-calls.ts';

export function seenStep({ step, problems, sentence, learnedSentence, after }: WalkedStep): SeenStep {
  return { id: step.id, problems, sentence, ...(learnedSentence ? { learnedSentence } : {}), schema: after };
}

/** “Step 3 (Parts of date “signup”)”. */
export function nameOf({ steps }: Pick<Walked, 'steps'>, stepId: string): string {
  const at = steps.findIndex(({ step }) => step.id === stepId);
  return `Step ${at + 1} (${steps[at]?.sentence ?? stepId})`;
}
