import type { EventOf, TrainerEvent } from '../../domain/event.ts';
import { TrainyardError } from '../../domain/failures.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import { lockHolder, raiseVersion } from '../holder-version.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { JobRow, PredictionRow, RelayRow } from '../tables.ts';
import { attemptStore } from './attempt-store.ts';
import { leaderboardStore } from './leaderboard-store.ts';
import { logStore, type StoredLine } from './log-store.ts';
import { metricStore } from './metric-store.ts';
import { workStore } from './work-store.ts';

export type TerminalEvent = EventOf<'finished'> | EventOf<'failed'>;

export interface RelayCommit {
  ref: AttemptRef;
  epoch: string;
  /** The watermark that this relay knows: the last `seq` of its commit before, or what `begin` returned. */
  expectedSeq: number;
  /** The last contiguous `seq` of what is committed here. */
  newSeq: number;
  /** When this relay heard from the machine, by our clock. */
  heardAtMs: number;
  /** When the machine was heard for the first time; the first one stays. */
  firstHeardAtMs?: number | null;
  logLines?: readonly StoredLine[];
  metrics?: readonly EventOf<'metric'>[];
  leaderboard?: readonly EventOf<'leaderboard'>[];
  heartbeat?: EventOf<'heartbeat'> | null;
  hello?: EventOf<'hello'> | null;
  progress?: EventOf<'progress'> | null;
  checkpoint?: EventOf<'checkpoint'> | null;
  terminal?: TerminalEvent | null;
}

/** Who may write what an attempt says, and up to where it is written. */
export function relayStore(database: Database) {
  const attempts = attemptStore(database);
  const metrics = metricStore(database);
  const leaderboard = leaderboardStore(database);
  const log = logStore(database);
  const works = {
    job: workStore<JobRow>(database, 'job'),
    prediction: workStore<PredictionRow>(database, 'prediction'),
  };
  const ofAttempt = (ref: AttemptRef) => ({ ...ofHolder('relays', ref), 'relays.attempt': ref.attempt });

  async function get(ref: AttemptRef, trx?: Trx): Promise<RelayRow | undefined> {
    return database.run(trx, (db) => db('relays').where(ofAttempt(ref)).first('relays.*'));
  }

  /** Inserts all and moves the watermark, or, for a relay that another has taken over from, writes nothing. */
  async function commitIn(own: Trx, commit: RelayCommit): Promise<void> {
    const { ref, epoch, expectedSeq, newSeq } = commit;
    // The holder first: whoever writes for it locks in the same order, so two attempts wait and do not deadlock.
    await lockHolder(own, ref);
    const moved = await own('relays')
      .where({ ...ofAttempt(ref), 'relays.epoch': epoch, 'relays.seq': expectedSeq })
      .update({
        seq: newSeq,
        first_heard_at_ms: own.raw('coalesce(??, ?)', ['first_heard_at_ms', commit.firstHeardAtMs ?? null]),
        ...(commit.terminal ? { terminal_json: JSON.stringify(commit.terminal) } : {}),
      });
    if (moved === 0) return refuse(own, commit);

    if (commit.logLines?.length) await log.append(ref, commit.logLines, own);
    if (commit.metrics?.length) await metrics.insert(ref, commit.metrics, own);
    if (commit.leaderboard?.length) await leaderboard.insert(ref, commit.leaderboard, own);
    const { hello, heartbeat, checkpoint } = commit;
    const heard = {
      atMs: commit.heardAtMs,
      hello: hello ?? null,
      heartbeat: heartbeat ?? null,
      checkpoint: checkpoint ?? null,
    };
    await attempts.heard(ref, heard, own);
    // The progress raises the version itself.
    if (commit.progress) await works[ref.kind].setProgress(ref.id, JSON.stringify(commit.progress), own);
    else if (showsMore(commit)) await raiseVersion(own, ref);
  }

  /** Not moved: either another has taken over, or this very commit was made before and only its answer was lost. */
  async function refuse(own: Trx, { ref, epoch, expectedSeq, newSeq }: RelayCommit): Promise<void> {
    const there = await get(ref, own);
    if (there?.epoch !== epoch) {
      throw new TrainyardError('RelaySuperseded', `Another relay has taken over attempt ${ref.attempt} of ${ref.id}.`);
    }
    if (there.seq === newSeq && newSeq > expectedSeq) return;
    const positions = `${expectedSeq} → ${newSeq}, but the watermark is at ${there.seq}`;
    throw new TrainyardError('Bug', `The relay of attempt ${ref.attempt} wanted to go ${positions}.`);
  }

  return {
    get,

    /** Takes the attempt over: from now on only commits of this epoch are written. */
    async begin(ref: AttemptRef, epoch: string, trx?: Trx): Promise<{ seq: number; terminal: TerminalEvent | null }> {
      return database.transaction(async (own) => {
        await lockHolder(own, ref);
        const row: RelayRow = {
          ...holderColumns(ref),
          attempt: ref.attempt,
          epoch,
          seq: 0,
          first_heard_at_ms: null,
          terminal_json: null,
        };
        if (await database.insertOnce('relays', row, own)) return { seq: 0, terminal: null };
        await own('relays').where(ofAttempt(ref)).update({ epoch });
        const there = (await get(ref, own)) as RelayRow;
        const terminal = there.terminal_json === null ? null : (JSON.parse(there.terminal_json) as TerminalEvent);
        return { seq: there.seq, terminal };
      }, trx);
    },

    async commit(commit: RelayCommit, trx?: Trx): Promise<void> {
      await database.transaction((own) => commitIn(own, commit), trx);
    },
  };
}

export type RelayStore = ReturnType<typeof relayStore>;

/** Whether a page shows more than it did; log lines have a watermark of their own. */
function showsMore(commit: RelayCommit): boolean {
  const events: (TrainerEvent | null | undefined)[] = [
    commit.heartbeat,
    commit.hello,
    commit.checkpoint,
    commit.terminal,
    commit.metrics?.[0],
    commit.leaderboard?.[0],
  ];
  return events.some(Boolean);
}
