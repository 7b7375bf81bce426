import { worksOf } from './holders.ts';
import type { TimelineKind } from '../db/tables.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { AttemptRef, Holder } from '../domain/ids.ts';
import type { Outcome } from '../domain/outcomes.ts';
import type { Phase } from '../domain/phases.ts';
import type { Dependencies } from './dependencies.ts';
import { finalCost } from './costs.ts';
import { dropUnkept, isKept } from './kept.ts';
import { reportFinalCost } from './report-cost.ts';
import { writeEntry } from './timeline-entry.ts';

/** What a person reads of a job: its phase, its timeline, its end. */
export function journalActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;

  const write = (ref: AttemptRef, kind: TimelineKind, key: string, text: string, phase: Phase | null = null) =>
    writeEntry(dependencies, ref, { kind, key, text, phase });

  return {
    /** Safe to retry: the move is guarded, the timeline entry has a key. What comes too late leaves no trace. */
    async enterPhase(request: AttemptRef & { phase: Exclude<Phase, 'done'>; sentence: string }): Promise<void> {
      const { phase, sentence, attempt } = request;
      const entered = await worksOf(stores, request.kind).enterPhase(request.id, phase, sentence, attempt);
      if (entered) await write(request, 'phase', `phase-${phase}-${attempt}`, sentence, phase);
    },

    /** Safe to retry: the entry has a key. */
    async note(request: AttemptRef & { mark: TimelineKind; key: string; text: string }): Promise<void> {
      await write(request, request.mark, request.key, request.text);
    },

    /** Safe to retry: reads only. After its phase has been left, the answer stays. */
    wasKept: ({ kind, id }: Holder) => isKept(dependencies, { kind, id }),

    /** Safe to retry: a done row stays as it is, the cost is counted from the same ledger. */
    async closeWork(request: Holder & { outcome: Outcome; reason: string; failureType: string | null }): Promise<void> {
      const { kind, id, outcome, reason, failureType } = request;
      const work = await worksOf(stores, kind).find(id);
      // Put back from a copy that is older than this work: there is no row to close.
      if (!work) return;
      await finalCost(dependencies, { kind, id });
      await write({ kind, id, attempt: work.attempt }, 'ending', 'ending', reason);
      const closed = await worksOf(stores, kind).close(id, { outcome, reason, failureType, nowMs: now() });
      if (closed === 'refused') {
        throw new TrainyardError('Bug', `The ${kind} ${id} is in the phase “${work.phase}”, from which nothing ends.`);
      }
      await dropUnkept(dependencies, { kind, id });
      if (kind === 'job') await reportFinalCost(dependencies, id);
      // After its row, so that the sweep finds it ended; and again, when the first time was not heard.
      if ('sweep_id' in work && work.sweep_id !== null) await dependencies.work.trialEnded(work.sweep_id);
    },
  };
}
