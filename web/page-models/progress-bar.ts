import { z } from 'zod';
import type { Phase } from '../../domain/phases.ts';
import { formatSpan } from './plain-words.ts';

/** The one progress bar. `value` null: it moves, and nobody can know how far it is. */
export interface Bar {
  value: number | null;
  label: string;
  text: string;
}

const progressSchema = z.object({
  fraction: z.number().nullish(),
  secondsLeft: z.number().nullish(),
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
  const secondsLeft = progress?.secondsLeft ?? null;
  let text = '';
  if (secondsLeft !== null) text = `about ${formatSpan(secondsLeft * 1000)} left`;
  else if (work.phase === 'training' && work.training_deadline_ms !== null && work.training_deadline_ms > nowMs) {
    text = `at most ${formatSpan(work.training_deadline_ms - nowMs)} left`;
  }
  return {
    value: fraction === null ? null : Math.round(Math.min(1, Math.max(0, fraction)) * 100),
    label: work.phase === 'training' ? 'Training' : 'Getting ready',
    text,
  };
}
