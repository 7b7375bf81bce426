import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainerEvent } from '../../../domain/event.ts';
import { type AttemptRef, machineNameOf } from '../../../domain/ids.ts';
import type { EventBatch, MachineSeen } from '../../../infra/cloud.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';

interface Channel {
  batches: (TrainerEvent[] | EventBatch)[];
  acked: number[];
  readers: number;
  /** What the cloud says of the machine, when it is not what it is. */
  seen: Partial<MachineSeen>;
  lookFails: Error | undefined;
  ackFails: Error | undefined;
}

/**
 * A cloud whose channel hands out exactly the batches that a test puts into it, repeated and out of order as they are,
 * to every reader from the first on; as a queue does that delivers at least once.
 */
export class ChannelCloud extends SimulatedCloud {
  readonly #channels = new Map<string, Channel>();

  constructor() {
    super({ script: () => async (actor) => actor.gone });
  }

  channel(ref: AttemptRef): Channel {
    const name = machineNameOf(ref);
    const known = this.#channels.get(name);
    if (known) return known;
    const made: Channel = { batches: [], acked: [], readers: 0, seen: {}, lookFails: undefined, ackFails: undefined };
    this.#channels.set(name, made);
    return made;
  }

  say(ref: AttemptRef, ...events: TrainerEvent[]): void {
    this.channel(ref).batches.push(events);
  }

  /** These, and so many records that could not be read. */
  sayDamaged(ref: AttemptRef, unreadable: number, ...events: TrainerEvent[]): void {
    this.channel(ref).batches.push({ events, unreadable });
  }

  override async *readSignals(ref: AttemptRef, _afterSeq: number, signal: AbortSignal): AsyncIterable<EventBatch> {
    const { batches } = this.channel(ref);
    this.channel(ref).readers += 1;
    try {
      for (let next = 0; !signal.aborted; ) {
        const batch = batches[next];
        if (batch) {
          next += 1;
          yield Array.isArray(batch) ? { events: batch, unreadable: 0 } : batch;
        } else await sleep(10, undefined, { signal }).catch(() => {});
      }
    } finally {
      // As long as it takes to close a file or a connection.
      await sleep(5);
    }
  }

  override async ackSignals(ref?: AttemptRef, seq?: number): Promise<void> {
    if (!ref || seq === undefined) return;
    const channel = this.channel(ref);
    if (channel.ackFails) throw channel.ackFails;
    channel.acked.push(seq);
  }

  override async lookAtMachine(ref: AttemptRef): Promise<MachineSeen> {
    const { lookFails, seen } = this.channel(ref);
    if (lookFails) throw lookFails;
    return { ...(await super.lookAtMachine(ref)), ...seen };
  }
}

/** A channel over a network, as Pub/Sub with an ordering key: it says nothing more until what it said is acknowledged. */
export class OrderedChannelCloud extends ChannelCloud {
  readonly isRemote = true;

  override async *readSignals(ref: AttemptRef, afterSeq: number, signal: AbortSignal): AsyncIterable<EventBatch> {
    const { acked } = this.channel(ref);
    for await (const batch of super.readSignals(ref, afterSeq, signal)) {
      yield batch;
      const last = batch.events.at(-1)?.seq ?? 0;
      while (!signal.aborted && (acked.at(-1) ?? 0) < last) await sleep(5, undefined, { signal }).catch(() => {});
    }
  }
}

const at = 1_790_000_000_000;
const machine = { cpuPercent: 50, memoryUsedBytes: 1, memoryTotalBytes: 2, diskUsedBytes: 1, diskTotalBytes: 2 };

/** What trainers say: each word a second after the one before it, by the machine's clock. */
export const words = {
  hello: (seq: number): TrainerEvent => ({
    ...{
      seq,
      atMs: at + seq * 1000,
      type: 'hello',
      runnerVersion: '1',
      host: 'here',
      cpus: 2,
      memoryBytes: 1,
      gpus: [],
    },
  }),
  line: (seq: number, text = `line ${seq}`): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'log', stream: 'out', text },
  }),
  beat: (seq: number): TrainerEvent => ({ seq, atMs: at + seq * 1000, type: 'heartbeat', ...machine, gpus: [] }),
  metric: (seq: number, value: number | null): TrainerEvent => ({
    ...{
      seq,
      atMs: at + seq * 1000,
      type: 'metric',
      name: 'loss',
      step: seq,
      value,
      unit: null,
      higherIsBetter: false,
    },
  }),
  progress: (seq: number, fraction: number): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'progress', fraction, secondsLeft: 5, sentence: 'Fitting.' },
  }),
  model: (seq: number, model: string): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'leaderboard', model, metric: 'roc_auc', higherIsBetter: true },
    ...{
      validation: 0.9,
      interval: null,
      low: null,
      high: null,
      fitSeconds: 1,
      predictMsPer1000: null,
      baseline: false,
    },
    ...{ secondsUsed: 1, secondsLeft: 2 },
  }),
  checkpoint: (seq: number, label: string): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'checkpoint', label, object: 'checkpoints/latest.json' },
  }),
  finished: (seq: number): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'finished', why: 'completed', hasResult: true, sentence: 'done' },
  }),
  failed: (seq: number, type: string): TrainerEvent => ({
    ...{ seq, atMs: at + seq * 1000, type: 'failed', failure: { type, message: 'It broke.' }, exitCode: 70 },
  }),
};
