import type { EventOf } from '../../domain/event.ts';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import { raiseVersion } from '../holder-version.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { AttemptRow } from '../tables.ts';

export interface NewAttempt {
  machineName: string;
  machineType: string;
  cloud: string;
  spot: boolean;
  pricePerHourMicros: number;
  priceListDate: string;
  endsAtMs: number;
  deadlineAtMs: number;
  limitedBy: 'time' | 'money';
}

export interface Heard {
  atMs: number;
  hello?: EventOf<'hello'> | null;
  heartbeat?: EventOf<'heartbeat'> | null;
  checkpoint?: EventOf<'checkpoint'> | null;
}

export function attemptStore(database: Database) {
  const ofAttempt = (ref: AttemptRef) => ({ ...ofHolder('attempts', ref), 'attempts.attempt': ref.attempt });

  /** The holder's version is raised before its attempt is touched: everyone locks in this order. */
  async function change(ref: AttemptRef, trx: Trx | undefined, act: (own: Trx) => PromiseLike<unknown>): Promise<void> {
    await database.transaction(async (own) => {
      await raiseVersion(own, ref);
      await act(own);
    }, trx);
  }

  return {
    /** Opening twice is the same as once; returns what stands. */
    async open(ref: AttemptRef, attempt: NewAttempt, trx?: Trx): Promise<AttemptRow> {
      return database.transaction(async (own) => {
        await raiseVersion(own, ref);
        const row: AttemptRow = {
          ...holderColumns(ref),
          attempt: ref.attempt,
          machine_name: attempt.machineName,
          machine_type: attempt.machineType,
          cloud: attempt.cloud,
          spot: attempt.spot ? 1 : 0,
          price_per_hour_micros: attempt.pricePerHourMicros,
          price_list_date: attempt.priceListDate,
          ends_at_ms: attempt.endsAtMs,
          deadline_at_ms: attempt.deadlineAtMs,
          limited_by: attempt.limitedBy,
          started_at_ms: null,
          ended_at_ms: null,
          ended_because: null,
          heartbeat_json: null,
          hello_json: null,
          last_heard_at_ms: null,
          checkpoint_json: null,
          zone: null,
        };
        if (await database.insertOnce('attempts', row, own)) return row;
        return own('attempts').where(ofAttempt(ref)).first('attempts.*');
      }, trx);
    },

    /** Its machine was waited for, so the times are others now. Once it has started they stand. */
    async setTimes(
      ref: AttemptRef,
      times: Pick<NewAttempt, 'endsAtMs' | 'deadlineAtMs' | 'limitedBy'>,
      trx?: Trx,
    ): Promise<void> {
      const { endsAtMs, deadlineAtMs, limitedBy } = times;
      await change(ref, trx, (own) =>
        own('attempts')
          .where(ofAttempt(ref))
          .whereNull('attempts.started_at_ms')
          .update({ ends_at_ms: endsAtMs, deadline_at_ms: deadlineAtMs, limited_by: limitedBy }),
      );
    },

    /** Another way to buy its machine was decided before there was any. */
    async setMarket(
      ref: AttemptRef,
      market: Pick<NewAttempt, 'spot' | 'pricePerHourMicros'>,
      trx?: Trx,
    ): Promise<void> {
      await change(ref, trx, (own) =>
        own('attempts')
          .where(ofAttempt(ref))
          .whereNull('attempts.started_at_ms')
          .update({ spot: market.spot ? 1 : 0, price_per_hour_micros: market.pricePerHourMicros }),
      );
    },

    async standsIn(ref: AttemptRef, zone: string, trx?: Trx): Promise<void> {
      await change(ref, trx, (own) => own('attempts').where(ofAttempt(ref)).update({ zone }));
    },

    /** The time was extended. */
    async setDeadline(ref: AttemptRef, deadlineAtMs: number, trx?: Trx): Promise<void> {
      await change(ref, trx, (own) => own('attempts').where(ofAttempt(ref)).update({ deadline_at_ms: deadlineAtMs }));
    },

    async started(ref: AttemptRef, startedAtMs: number, trx?: Trx): Promise<void> {
      await change(ref, trx, (own) =>
        own('attempts')
          .where(ofAttempt(ref))
          .whereNull('attempts.started_at_ms')
          .update({ started_at_ms: startedAtMs }),
      );
    },

    /** The first reason stands. */
    async ended(ref: AttemptRef, endedAtMs: number, because: string, trx?: Trx): Promise<void> {
      await change(ref, trx, (own) =>
        own('attempts')
          .where(ofAttempt(ref))
          .whereNull('attempts.ended_at_ms')
          .update({ ended_at_ms: endedAtMs, ended_because: because }),
      );
    },

    /** Does not raise the version by itself: the relay does, once for all that it heard. */
    async heard(ref: AttemptRef, { atMs, hello, heartbeat, checkpoint }: Heard, trx?: Trx): Promise<void> {
      await database.run(trx, (db) =>
        db('attempts')
          .where(ofAttempt(ref))
          .update({
            last_heard_at_ms: atMs,
            ...(hello ? { hello_json: JSON.stringify(hello) } : {}),
            ...(heartbeat ? { heartbeat_json: JSON.stringify(heartbeat) } : {}),
            ...(checkpoint ? { checkpoint_json: JSON.stringify(checkpoint) } : {}),
          }),
      );
    },

    /** How far the next attempt of this one's holder would begin: the newest checkpoint up to this attempt. */
    async checkpointBefore({ attempt, ...holder }: AttemptRef, trx?: Trx): Promise<EventOf<'checkpoint'> | undefined> {
      const row = await database.run(trx, (db) =>
        db('attempts')
          .where(ofHolder('attempts', holder))
          .where('attempts.attempt', '<=', attempt)
          .whereNotNull('attempts.checkpoint_json')
          .orderBy('attempts.attempt', 'desc')
          .first('attempts.checkpoint_json'),
      );
      return row?.checkpoint_json ? (JSON.parse(row.checkpoint_json) as EventOf<'checkpoint'>) : undefined;
    },

    async get(ref: AttemptRef, trx?: Trx): Promise<AttemptRow | undefined> {
      return database.run(trx, (db) => db('attempts').where(ofAttempt(ref)).first('attempts.*'));
    },

    /** The attempts of all trials of a sweep. */
    async ofSweep(sweepId: string, trx?: Trx): Promise<AttemptRow[]> {
      return database.run(trx, (db) =>
        db('attempts')
          .join('jobs', 'jobs.id', 'attempts.holder_id')
          .where('attempts.holder_kind', 'job')
          .where('jobs.sweep_id', sweepId)
          .select('attempts.*'),
      );
    },

    async list(holder: Holder, trx?: Trx): Promise<AttemptRow[]> {
      return database.run(trx, (db) =>
        db('attempts').where(ofHolder('attempts', holder)).orderBy('attempts.attempt').select('attempts.*'),
      );
    },
  };
}

export type AttemptStore = ReturnType<typeof attemptStore>;
