import { z } from 'zod';
import type { Phase } from '../../domain/phases.ts';
import { formatSpan } from './plain-words.ts';

/** The one progress bar. `value` null: it moves, and nobody can know how far it is. */
export interface Bar {
  value: number | null;
  label: string;
  text: string;
  /** When it is done by the trainer's estimate, and when the limit ends it: the page's own clock counts down to them. */
  aboutUntilMs: number | null;
  mostUntilMs: number | null;
}

const progressSchema = z.object({
  fraction: z.number().nullish(),
  secondsLeft: z.number().nullish(),
  /** When the trainer said so; its estimate counts from there. */
  atMs: z.number().nullish(),
  sentence: z.string().nullish(),
});
export type Progress = z.infer<typeof progressSchema>;

export function progressOf(json: string | null): Progress | null {
  if (json === null) return null;
  const parsed = progressSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}

interface Work {
  phase: Phase;
  progress_json: string | null;
  done_at_ms: number | null;
  training_deadline_ms: number | null;
}

export function barOf(work: Work, nowMs: number): Bar | null {
  if (work.done_at_ms !== null || work.phase === 'queued') return null;
  const progress = progressOf(work.progress_json);
  if (work.phase === 'collecting' || work.phase === 'releasing') return null;
  const fraction = progress?.fraction ?? null;
  const times = { aboutUntilMs: aboutUntil(progress, nowMs), mostUntilMs: mostUntil(work) };
  return {
    value: fraction === null ? null : Math.round(Math.min(1, Math.max(0, fraction)) * 100),
    label: work.phase === 'training' ? 'Training' : 'Getting ready',
    text: timeLeft(times, nowMs),
    ...times,
  };
}

function aboutUntil(progress: Progress | null, nowMs: number): number | null {
  const secondsLeft = progress?.secondsLeft ?? null;
  // The clock of a machine may be ahead of ours; from the future nothing is told.
  return secondsLeft === null ? null : Math.min(progress?.atMs ?? nowMs, nowMs) + secondsLeft * 1000;
}

function mostUntil(work: Work): number | null {
  return work.phase === 'training' ? work.training_deadline_ms : null;
}

/** The estimate, as long as it holds; one that has been overrun says nothing, and only the limit is known. */
function timeLeft({ aboutUntilMs, mostUntilMs }: Pick<Bar, 'aboutUntilMs' | 'mostUntilMs'>, nowMs: number): string {
  const limit = mostUntilMs === null ? Number.POSITIVE_INFINITY : mostUntilMs;
  if (aboutUntilMs !== null && aboutUntilMs > nowMs && aboutUntilMs < limit)
    return `about ${formatSpan(aboutUntilMs - nowMs)} left`;
  return mostUntilMs !== null && limit > nowMs ? `at most ${formatSpan(limit - nowMs)} left` : '';
}
