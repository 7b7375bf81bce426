import { outcomeMarks } from '../../../domain/outcomes.ts';
import type { SweepSummary, TrialView } from '../../services/sweep-views.ts';
import { type Chip, workChip } from '../chip.ts';

export function sweepChip(sweep: SweepSummary): Chip {
  if (sweep.phase === 'done') {
    const { icon, word, tone } = outcomeMarks[sweep.outcome ?? 'failed'];
    return { icon, word, tone };
  }
  if (sweep.cancelAskedAtMs !== null) return { icon: '◼', word: 'Cancelling', tone: 'wait' };
  if (sweep.stopAskedAtMs !== null) return { icon: '◼', word: 'Stopping', tone: 'wait' };
  if (sweep.phase === 'queued') return { icon: '◷', word: 'Queued', tone: 'wait' };
  const { begun, open, planned } = sweep.trials;
  return { icon: '▶', word: `${begun - open} of ${planned} ended`, tone: 'run' };
}

export function trialChip(job: TrialView['job'], isOver: boolean): Chip {
  if (!job) return { icon: '·', word: isOver ? 'Not begun' : 'To come', tone: 'plain' };
  const { phase, outcome, cancelAskedAtMs, stopAskedAtMs } = job;
  return workChip('job', { phase, outcome, cancel_asked_at_ms: cancelAskedAtMs, stop_asked_at_ms: stopAskedAtMs });
}
