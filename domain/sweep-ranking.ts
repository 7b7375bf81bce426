import type { SettingValue } from './sweep.ts';
import { metricRule } from './task.ts';

/** What a trial came to, where it left a model. */
export interface TrialScore {
  number: number;
  combination: number;
  settings: Record<string, SettingValue>;
  isOpen: boolean;
  /** On validation, never on the held-out rows: those judge the winner once. Null without a model. */
  validation: number | null;
}

export interface Ranked {
  combination: number;
  settings: Record<string, SettingValue>;
  trials: number[];
  /** How many of them have a score. */
  scored: number;
  mean: number | null;
  /** Standard deviation over the seeds; null for fewer than two. */
  spread: number | null;
  /** Whether all of its seeds have ended. */
  isComplete: boolean;
}

export interface Ranking {
  combinations: Ranked[];
  /** The combination that is best so far. */
  best: Ranked | null;
  /** Its best trial by itself: the one whose model a person would take. */
  bestTrial: number | null;
}

/**
 * Mean and spread of each combination, best first. One seed that was lucky must not win over three that were honest:
 * only among combinations that are complete is there a best, until there is such a one among all that have a score.
 */
export function rank(trials: readonly TrialScore[], metric: string, planned: ReadonlyMap<number, number>): Ranking {
  const higherIsBetter = metricRule(metric)?.higherIsBetter ?? true;
  const better = (one: number, other: number) => (higherIsBetter ? other - one : one - other);
  const groups = Map.groupBy(trials, ({ combination }) => combination);
  const combinations = [...groups].map(([combination, group]): Ranked => {
    const scores = group.flatMap(({ validation }) => (validation === null ? [] : [validation]));
    const ended = group.filter(({ isOpen }) => !isOpen).length;
    return {
      combination,
      settings: group[0]?.settings ?? {},
      trials: group.map(({ number }) => number),
      scored: scores.length,
      ...meanAndSpread(scores),
      isComplete: ended >= (planned.get(combination) ?? 1),
    };
  });
  combinations.sort((one, other) => {
    if (one.mean === null || other.mean === null) return Number(one.mean === null) - Number(other.mean === null);
    return better(one.mean, other.mean) || one.combination - other.combination;
  });
  const scored = combinations.filter(({ mean }) => mean !== null);
  const best = scored.find(({ isComplete }) => isComplete) ?? scored[0] ?? null;
  const ofBest = trials.filter(
    ({ combination, validation }) => combination === best?.combination && validation !== null,
  );
  const [first] = ofBest.toSorted((one, other) => better(one.validation ?? 0, other.validation ?? 0));
  return { combinations, best, bestTrial: first?.number ?? null };
}

export function meanAndSpread(scores: readonly number[]): { mean: number | null; spread: number | null } {
  if (scores.length === 0) return { mean: null, spread: null };
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  if (scores.length < 2) return { mean, spread: null };
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / (scores.length - 1)) };
}
