import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Actor, Script } from '../clouds/simulated-cloud.ts';

/** What simulated trainers do: each is one way an attempt can go. */

export const hello = (actor: Actor) =>
  actor.say({ type: 'hello', runnerVersion: 'simulated', host: 'here', cpus: 2, memoryBytes: 1, gpus: [] });

const line = (actor: Actor, text: string) => actor.say({ type: 'log', stream: 'out', text });

export function handInModel(actor: Actor): void {
  actor.handIn({
    'model.zip': 'a model',
    'manifest.json': '{"files":{}}',
    'input-schema.json': JSON.stringify({
      columns: [{ name: 'x', sqlType: 'DOUBLE' }],
      label: { name: 'y', sqlType: 'BIGINT' },
    }),
    'report.html': '<p>good</p>',
    'report.json': JSON.stringify({ metric: { name: 'roc_auc' }, best: { model: 'm', validation: 0.9, test: 0.8 } }),
  });
}

/** Says a few lines, hands in a model, ends well. */
export const succeeds: Script = async (actor) => {
  hello(actor);
  for (let i = 1; i <= 20; i++) line(actor, `line ${i} of attempt ${actor.order.attempt}`);
  handInModel(actor);
  actor.say({ type: 'finished', why: 'completed', hasResult: true, sentence: 'done' });
};

const whyToEnd = (actor: Actor): 'stop_asked' | 'time_up' | undefined => {
  const asked = actor.control();
  if (asked?.stop) return 'stop_asked';
  return Date.now() > (asked?.deadlineAtMs ?? actor.order.deadlineAtMs) ? 'time_up' : undefined;
};

/** Works until it is asked to stop, or its time is up, and has nothing to show for it. */
export const worksInVain: Script = async (actor) => {
  hello(actor);
  const gone = new AbortController();
  void actor.gone.then(() => gone.abort());
  while (!gone.signal.aborted) {
    await sleep(50);
    const why = whyToEnd(actor);
    if (!why) continue;
    actor.say({ type: 'finished', why, hasResult: false, sentence: 'nothing yet' });
    return;
  }
};

/** Comes to its end, and leaves nothing. */
export const leavesNothing: Script = async (actor) => {
  hello(actor);
  actor.say({ type: 'finished', why: 'completed', hasResult: false, sentence: 'done' });
};

/** Everything handed in, but its last word never comes. */
export const handsInAndWaits: Script = async (actor) => {
  hello(actor);
  handInModel(actor);
  await actor.gone;
};

/** Trains until it is asked to stop; then it hands in what it has. */
export const trainsUntilAsked: Script = async (actor) => {
  hello(actor);
  line(actor, 'training');
  const gone = new AbortController();
  void actor.gone.then(() => gone.abort());
  while (!gone.signal.aborted) {
    await sleep(50);
    const why = whyToEnd(actor);
    if (!why) continue;
    handInModel(actor);
    actor.say({ type: 'finished', why, hasResult: true, sentence: 'kept the best' });
    return;
  }
};

export const failsWith =
  (type: string, message: string): Script =>
  async (actor) => {
    hello(actor);
    line(actor, 'about to fail');
    actor.say({ type: 'failed', failure: { type, message }, exitCode: 65 });
  };

/** The machine vanishes in mid-sentence. */
export const vanishes: Script = async (actor) => {
  hello(actor);
  line(actor, `last words of attempt ${actor.order.attempt}`);
  await sleep(100);
  throw new Error('the machine is gone');
};

/** The machine vanishes after something was made safe. */
export const keepsAndVanishes: Script = async (actor) => {
  hello(actor);
  actor.say({ type: 'checkpoint', label: 'epoch 7', object: 'checkpoints/latest.json' });
  await sleep(100);
  throw new Error('the machine is gone');
};

/** Up, but says nothing after hello. */
export const fallsSilent: Script = async (actor) => {
  hello(actor);
  await actor.gone;
};

/** Up, but its runner never comes to say hello. */
export const neverSpeaks: Script = async (actor) => {
  await actor.gone;
};

/** Hands in one row for each that it was given, with what it predicts beside it, written by the data engine itself. */
export const predicts: Script = async (actor) => {
  hello(actor);
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-predicts-'));
  try {
    const [given, made] = [join(folder, 'data.parquet'), join(folder, 'predictions.parquet')] as const;
    writeFileSync(given, actor.input('data.parquet') ?? '');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const rows = `SELECT *, CASE WHEN size > 2 THEN 'large' ELSE 'small' END AS prediction FROM read_parquet('${given}')`;
    await connection.run(`COPY (${rows}) TO '${made}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    actor.handIn({ 'predictions.parquet': readFileSync(made) });
  } finally {
    rmSync(folder, { recursive: true });
  }
  actor.say({ type: 'finished', why: 'completed', hasResult: true, sentence: 'done' });
};
