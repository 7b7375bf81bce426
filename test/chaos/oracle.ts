import type { apiAt } from '../e2e/api.ts';

export type Wish = 'succeed' | 'cancel' | 'stop';

/** Where a job was right before something was asked of it. */
export interface Seen {
  phase: string;
  /** The attempt that had counted and still did, as far as Trainyard had heard; null when none had. */
  counting: number | null;
}

const pastTraining = ['collecting', 'releasing', 'done'];

/** Which outcomes are right. `wasHit`: whether the machine of an attempt, or what ran on it, was killed. */
export function rightOutcomes(wish: Wish, seen: Seen | undefined, wasHit: (attempt: number) => boolean): string[] {
  if (wish === 'succeed' || !seen) return ['succeeded'];
  if (wish === 'cancel') return pastTraining.includes(seen.phase) ? ['succeeded', 'cancelled'] : ['cancelled'];
  if (pastTraining.includes(seen.phase)) return ['succeeded'];
  // What has counted hands in what it counted to, if it is left to.
  if (seen.counting !== null && !wasHit(seen.counting)) return ['succeeded'];
  return ['succeeded', 'cancelled'];
}

export async function lookAt(api: ReturnType<typeof apiAt>, id: string): Promise<Seen> {
  const { phase, attempt } = await api.job(id);
  if (phase !== 'training') return { phase, counting: null };
  const { lines } = await api.json<{ lines: { attempt: number; text: string }[] }>(`/jobs/${id}/log?tail=100`);
  const counts = lines.some((line) => line.attempt === attempt && /^line \d+ of/.test(line.text));
  return { phase, counting: counts ? attempt : null };
}
