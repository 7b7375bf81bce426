import { outcomeMarks, type Outcome } from '../../domain/outcomes.ts';
import { type Phase, phaseWords } from '../../domain/phases.ts';

/** Status: icon, word and colour together. */
export interface Chip {
  icon: string;
  word: string;
  tone: 'go' | 'wait' | 'stop' | 'run' | 'plain';
}

const phaseIcons: Record<Phase, string> = {
  queued: '◷',
  preparing: '▷',
  provisioning: '▷',
  training: '▶',
  collecting: '▷',
  releasing: '▷',
  done: '✓',
};

export function workChip(
  kind: 'job' | 'prediction',
  work: { phase: Phase; outcome: Outcome | null; cancel_asked_at_ms: number | null; stop_asked_at_ms: number | null },
): Chip {
  if (work.phase === 'done') {
    const { icon, word, tone } = outcomeMarks[work.outcome ?? 'failed'];
    return { icon, word, tone };
  }
  if (work.cancel_asked_at_ms !== null) return { icon: '◼', word: 'Cancelling', tone: 'wait' };
  if (work.stop_asked_at_ms !== null) return { icon: '◼', word: 'Stopping', tone: 'wait' };
  const tone = work.phase === 'queued' ? 'wait' : 'run';
  return { icon: phaseIcons[work.phase], word: phaseWords[work.phase][kind], tone };
}
