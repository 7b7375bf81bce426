import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { TerminalEvent } from '../../db/stores/relay-store.ts';
import type { EventOf, TrainerEvent } from '../../domain/event.ts';
import { type Failure, isFailureType } from '../../domain/failures.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Dependencies } from '../dependencies.ts';
import { cloudFreeing, cloudOf, type Freeing } from '../holders.ts';
import { compactLog } from './compact-log.ts';
import { tellDeadLetters } from './dead-letters.ts';
import { Listening } from './listening.ts';
import { Relay } from './relay.ts';
import type { LeftOff } from './machine-watch.ts';
import { watchMachine } from './watch-machine.ts';

/** How an attempt came to its end; of one that did not finish, `checkpoint` says from where the next one goes on. */
export type RelayResult = { trainingSeconds: number; checkpoint?: string } & AttemptEnd;

type AttemptEnd =
  | { kind: 'finished'; why: EventOf<'finished'>['why']; hasResult: boolean; sentence: string }
  | { kind: 'failed' | 'lost'; failure: Failure }
  | { kind: 'overran' };

/**
 * Nothing new for this long, with the machine gone: the channel is empty. A stream of messages and a listing of a bucket
 * over a network take longer to say something than a file of this host.
 */
const quietMs = { here: 1000, elsewhere: 6000 };
const tickMs = 100;

export function relayActivities(dependencies: Dependencies) {
  const { stores } = dependencies;

  /** By the machine's own clock: from its first word to its last. */
  const trainedSeconds = async (ref: AttemptRef, terminal: TerminalEvent | undefined): Promise<number> => {
    const first = (await stores.relays.get(ref))?.first_heard_at_ms;
    if (!first) return 0;
    const beat = (await stores.attempts.get(ref))?.heartbeat_json;
    const lastMs = terminal?.atMs ?? (beat ? (JSON.parse(beat) as TrainerEvent).atMs : first);
    return Math.max(0, (lastMs - first) / 1000);
  };

  const told = async (ref: AttemptRef, end: AttemptEnd, trainingSeconds: number): Promise<RelayResult> => {
    const checkpoint = end.kind === 'finished' ? undefined : await stores.attempts.checkpointBefore(ref);
    return { ...end, trainingSeconds, ...(checkpoint ? { checkpoint: checkpoint.label } : {}) };
  };

  return {
    /** Safe to retry: a new epoch takes over at the watermark; what was taken in is not taken in again. */
    async relayEvents(request: AttemptRef & { silenceSeconds: number }): Promise<RelayResult> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const { cloud, work } = await cloudOf(dependencies, ref);
      const limits = {
        silenceSeconds: request.silenceSeconds,
        budgetMicros: work.spec.limits.budgetMicros,
      };
      const relay = new Relay(dependencies, cloud, ref);
      const before = await relay.takeOver();
      if (before) return told(ref, saidBy(before), await trainedSeconds(ref, before));

      const { cancellationSignal } = Context.current();
      const ended = new AbortController();
      const stop = AbortSignal.any([cancellationSignal, ended.signal]);
      stop.addEventListener('abort', () => relay.stopReading());
      const watching = watchMachine(dependencies, cloud, ref, limits, relay, stop).finally(() => relay.stopReading());
      // Looked at when the reading has ended; until then nobody waits for it, and that must not end the process.
      watching.catch(() => {});
      let leftOff: LeftOff | undefined;
      let terminal: TerminalEvent | undefined;
      try {
        terminal = await relay.readUntilEnd();
      } finally {
        ended.abort();
        leftOff = await watching;
      }
      cancellationSignal.throwIfAborted();
      if (!terminal && leftOff?.kind === 'lost') terminal = await relay.closeGaps();
      if (relay.unreadable > 0) {
        Context.current().log.warn('records of a machine could not be read', { ...ref, unreadable: relay.unreadable });
      }
      const trainingSeconds = await trainedSeconds(ref, terminal);
      if (terminal) return told(ref, saidBy(terminal), trainingSeconds);
      const closed = { type: 'MachineLost', message: 'The channel to the machine closed.' } as const;
      return told(ref, leftOff ?? { kind: 'lost', failure: closed }, trainingSeconds);
    },

    /** Safe to retry: reads from the watermark, and compacting what is compacted does nothing. */
    async drainEvents(request: Freeing<AttemptRef>): Promise<void> {
      const ref = { kind: request.kind, id: request.id, attempt: request.attempt };
      const cloud = await cloudFreeing(dependencies, request);
      const relay = new Relay(dependencies, cloud, ref);
      await tellDeadLetters(dependencies, cloud, ref);
      if (!(await relay.takeOver())) {
        const reading = relay.readUntilEnd().then(() => true);
        const quiet = new Listening(Date.now(), 2 * tickMs);
        let { heardAtMs } = relay;
        while (!(await Promise.race([reading, sleep(tickMs).then(() => false)]))) {
          if (relay.heardAtMs !== heardAtMs) quiet.heard(Date.now());
          ({ heardAtMs } = relay);
          if (quiet.tick(Date.now()) >= (cloud.isRemote ? quietMs.elsewhere : quietMs.here)) relay.stopReading();
        }
        await relay.closeGaps();
      }
      await compactLog(dependencies, ref, { force: true });
    },
  };
}

function saidBy(terminal: TerminalEvent) {
  if (terminal.type === 'finished') {
    const { why, hasResult, sentence } = terminal;
    return { kind: 'finished', why, hasResult, sentence } as const;
  }
  const { type, message } = terminal.failure;
  const failure: Failure = isFailureType(type)
    ? { type, message }
    : { type: 'TrainerBug', message: `${type}: ${message}` };
  return { kind: 'failed', failure } as const;
}
