import type { TimelineRow } from '../../db/tables.ts';
import type { HolderKind } from '../../domain/ids.ts';
import type { Outcome } from '../../domain/outcomes.ts';
import { type Phase, phases, phaseWords } from '../../domain/phases.ts';
import type { Clock, Moment } from './clock.ts';
import { formatDuration, formatMany } from './plain-words.ts';

/** One station on the track. `failed` is where it went wrong. */
export interface Station {
  word: string;
  state: 'done' | 'now' | 'failed' | 'ahead' | 'skipped';
  stateWord: string;
  began: Moment | null;
  detail: string;
}

interface Work {
  phase: Phase;
  outcome: Outcome | null;
  accepted_at_ms: number;
  done_at_ms: number | null;
}

interface Visit {
  phase: Phase;
  attempt: number;
  fromMs: number;
  toMs: number | null;
}

const stateWords: Record<Station['state'], string> = {
  done: 'done',
  now: 'now',
  failed: 'it went wrong here',
  ahead: 'not yet',
  skipped: 'left out',
};

export function trackOf(
  kind: HolderKind,
  work: Work,
  timeline: readonly TimelineRow[],
  clock: Clock,
  trainingSeconds: number | null,
): Station[] {
  const visits = visitsOf(work, timeline);
  const failedAt = work.outcome === 'failed' ? lastTry(visits) : undefined;
  return phases
    .filter((phase) => phase !== 'done')
    .map((phase) => {
      const own = visits.filter((visit) => visit.phase === phase);
      const state = stateOf(phase, work, own.length > 0, failedAt);
      return {
        word: phaseWords[phase][kind],
        state,
        stateWord: stateWords[state],
        began: own[0] ? clock.moment(own[0].fromMs) : null,
        detail: detailOf(phase, own, clock.nowMs, state === 'now' ? trainingSeconds : null),
      };
    });
}

function visitsOf(work: Work, timeline: readonly TimelineRow[]): Visit[] {
  const entered = timeline.filter((row) => row.kind === 'phase' && row.phase !== null);
  const visits: Visit[] = entered.map((row, index) => ({
    phase: row.phase as Phase,
    attempt: row.attempt,
    fromMs: row.at_ms,
    toMs: entered[index + 1]?.at_ms ?? work.done_at_ms,
  }));
  if (visits[0]?.phase === 'queued') return visits;
  // Accepted is queued, whether or not somebody has written it down yet.
  const toMs = visits[0]?.fromMs ?? work.done_at_ms;
  return [{ phase: 'queued', attempt: 0, fromMs: work.accepted_at_ms, toMs }, ...visits];
}

function lastTry(visits: readonly Visit[]): Phase | undefined {
  return visits.findLast((visit) => !['collecting', 'releasing', 'done'].includes(visit.phase))?.phase;
}

function stateOf(phase: Phase, work: Work, visited: boolean, failedAt: Phase | undefined): Station['state'] {
  if (phase === failedAt) return 'failed';
  if (phase === work.phase) return 'now';
  const isBehind = phases.indexOf(phase) < phases.indexOf(work.phase);
  if (isBehind) return visited ? 'done' : 'skipped';
  return 'ahead';
}

function detailOf(phase: Phase, visits: readonly Visit[], nowMs: number, limitSeconds: number | null): string {
  if (visits.length === 0) return '';
  const spent = visits.reduce((sum, visit) => sum + (visit.toMs ?? nowMs) - visit.fromMs, 0);
  const parts = [formatDuration(spent)];
  if (phase === 'training' && limitSeconds !== null) parts[0] += ` of ${formatDuration(limitSeconds * 1000)}`;
  if (phase === 'provisioning' && visits.length > 1) parts.push(formatMany(visits.length, 'attempt'));
  return parts.join(' · ');
}

/** When each later attempt began to train, for a mark on the chart. */
export function retriesOf(timeline: readonly TimelineRow[]): { attempt: number; atMs: number }[] {
  return timeline
    .filter((row) => row.kind === 'phase' && row.phase === 'provisioning' && row.attempt > 1)
    .map((row) => ({ attempt: row.attempt, atMs: row.at_ms }));
}
