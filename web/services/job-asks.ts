import { z } from 'zod';
import type { JobRow, PredictionRow } from '../../db/tables.ts';
import { TrainyardError } from '../../domain/failures.ts';
import type { Holder } from '../../domain/ids.ts';
import { deliver } from './deliver.ts';
import type { ServiceOptions } from './options.ts';
import { conflict } from './refused.ts';
import { parsed } from './request-problems.ts';
import { specOf } from './row-views.ts';
import type { Asked, Who } from './services.ts';
import { extendedKey, presentLimit } from './training-limit.ts';

const later = 'The Temporal server does not answer now; it is done as soon as it does.';

export const extendSchema = z
  .strictObject({
    trainingSeconds: z
      .int()
      .min(10)
      .max(14 * 86_400),
  })
  .meta({ id: 'ExtendRequest' });

/** What a person asks of work that is open: kept in the database first, then told to the workflow. */
export function workAsks(options: ServiceOptions) {
  const { stores, work, onError } = options;
  const now = options.now ?? Date.now;

  const note = (who: Who, holder: Holder, row: { attempt: number }, key: string, text: string) =>
    stores.timeline.add({
      holder,
      kind: 'asked',
      attempt: row.attempt,
      text: `${text} (${who.owner})`,
      dedupeKey: key,
      atMs: now(),
    });

  return {
    async cancel(who: Who, holder: Holder, row: JobRow | PredictionRow): Promise<Asked> {
      if (row.phase === 'done') throw conflict(`It is done already: ${row.reason ?? row.outcome}`);
      const asked = holder.kind === 'job' ? stores.jobs : stores.predictions;
      if (await asked.askCancel(who.workspaceId, row.id, now())) {
        await note(who, holder, row, 'asked-cancel', 'Cancel was asked for');
      }
      const delivered = await deliver(() => work.cancel(holder), onError);
      const sentence = `Cancelling: its machine is taken down and nothing of it is kept.${delivered ? '' : ` ${later}`}`;
      return { sentence, delivered };
    },

    async stop(who: Who, holder: Holder, row: JobRow): Promise<Asked> {
      if (row.phase === 'done') throw conflict(`It is done already: ${row.reason ?? row.outcome}`);
      if (await stores.jobs.askStop(who.workspaceId, row.id, now())) {
        await note(who, holder, row, 'asked-stop', 'Stop, keeping the best so far, was asked for');
      }
      const delivered = await deliver(() => work.stop(holder), onError);
      const sentence = `Stopping: the best model so far is kept.${delivered ? '' : ` ${later}`}`;
      return { sentence, delivered };
    },

    async extend(who: Who, row: JobRow, given: unknown) {
      const { trainingSeconds } = parsed(extendSchema, given);
      if (row.phase === 'done') throw conflict('It is done; its time can no longer be extended. Continue it instead.');
      // The workflow itself takes its present limit again, so that an answer that was lost can be asked for; to a person
      // it would look as if something had changed.
      const holder = { kind: 'job', id: row.id } as const;
      const present = presentLimit(specOf(row), await stores.timeline.list(holder));
      if (trainingSeconds <= present) {
        throw new TrainyardError('BadSpec', `The new limit must be longer than the old one (${present} seconds now).`);
      }
      const answer = await work.extend(row.id, trainingSeconds);
      const text = `The training time was set to ${answer.trainingSeconds} s`;
      await note(who, holder, row, extendedKey(answer.trainingSeconds), text);
      return {
        trainingSeconds: answer.trainingSeconds,
        longestSeconds: answer.longestSeconds,
        sentence: `It may now train for ${answer.trainingSeconds} s in all.`,
      };
    },
  };
}
