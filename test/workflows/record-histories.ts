/**
 * Records one history of each outcome into test/histories, to be replayed for ever after. Run it whenever a workflow
 * ships: `node test/workflows/record-histories.ts`, or with the beginning of a name for some of them only. Old histories stay: they stand for jobs that are still open somewhere.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TrainyardError } from '../../domain/failures.ts';
import type { Holder } from '../../domain/ids.ts';
import { workflowIdOf } from '../../domain/ids.ts';
import { dollars } from '../../domain/money.ts';
import type { ReleaseEnding } from '../../domain/outcomes.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import type { SweepAsked } from '../activities/sweep-spec-for.ts';
import { keptModel, uploaded } from '../activities/files.ts';
import {
  failsWith,
  handsInAndWaits,
  leavesNothing,
  predicts,
  succeeds,
  trainsUntilAsked,
  vanishes,
  worksInVain,
} from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const folder = join(import.meta.dirname, '../histories');

interface Recording {
  name: string;
  /** The trainer of each attempt; the last one goes on for all that follow. */
  scripts: [Script, ...Script[]];
  /** A job with these limits, unless something else is accepted. */
  limits?: Record<string, number>;
  pricePerHourMicros?: number;
  /** Whether the cloud has a size up. */
  hasLarger?: boolean;
  /** How often there is no machine to be had, before there is one. */
  refusals?: number;
  accept?: (yard: TestYard) => Promise<Holder>;
  meanwhile?: (yard: TestYard, holder: Holder) => Promise<void>;
  /** Whose history it is, when it is not the holder's own. */
  workflowId?: (holder: Holder) => string;
}

const rowOf = ({ dependencies: { stores } }: TestYard, { kind, id }: Holder) =>
  (kind === 'job' ? stores.jobs : stores.predictions).find(id);
const training = (yard: TestYard, holder: Holder) =>
  until('it trains', async () => (await rowOf(yard, holder))?.phase === 'training');

const predicting =
  (csv: string, limits?: { seconds: number }) =>
  async (yard: TestYard): Promise<Holder> => {
    const columns: [string, string][] = [
      ['code', 'VARCHAR'],
      ['size', 'DOUBLE'],
    ];
    const model = await keptModel(yard, columns);
    const asked = { modelId: model.id, datasetId: await uploaded(yard, csv) };
    const { id } = await yard.acceptPrediction(limits ? { ...asked, limits } : asked);
    return { kind: 'prediction', id };
  };

const stops = async (yard: TestYard, holder: Holder) => {
  await training(yard, holder);
  await yard.dependencies.work.stop(holder);
};
const cancels = async (yard: TestYard, holder: Holder) => {
  await training(yard, holder);
  await yard.dependencies.work.cancel(holder);
};

/** Its own workflow is ended, and what reconcile would start begins at once. */
const isReleased = (ending: ReleaseEnding, isReady = training) => ({
  meanwhile: async (yard: TestYard, holder: Holder) => {
    await isReady(yard, holder);
    const { client } = await temporal();
    await client.workflow.getHandle(workflowIdOf(holder)).terminate('for the recording');
    await yard.dependencies.work.startRelease(holder, ending);
  },
  workflowId: (holder: Holder) => `release-${workflowIdOf(holder)}`,
});
const handedIn = (yard: TestYard, { kind, id }: Holder) =>
  until('it has handed in', async () => Boolean(await yard.cloud.getText({ kind, id }, 'attempts/1/done.json')));

const prediction = predicting('code,size\n007,1.5\nA12,2.5\n');
const bug = failsWith('TrainerBug', 'x is not a function');
const needsMore = failsWith('OutOfMemory', 'The memory was not enough.');
const inTwo = { trainingSeconds: 60, attempts: 2 };

/** Named by workflow, ending and outcome, as test/workflows/replay.test.ts asks for them. */
const recordings: Recording[] = [
  { name: 'train-job.finished.succeeded', scripts: [succeeds] },
  { name: 'train-job.finished.succeeded.second-attempt', scripts: [vanishes, succeeds] },
  { name: 'train-job.finished.succeeded.size-up', scripts: [needsMore, succeeds], hasLarger: true },
  { name: 'train-job.finished.succeeded.waited', scripts: [succeeds], refusals: 1 },
  { name: 'train-job.finished.failed', scripts: [leavesNothing] },
  { name: 'train-job.stopped.succeeded', scripts: [trainsUntilAsked], meanwhile: stops },
  { name: 'train-job.stopped.cancelled', scripts: [worksInVain], meanwhile: stops },
  {
    name: 'train-job.time-up.succeeded.extended',
    scripts: [trainsUntilAsked],
    limits: { trainingSeconds: 10, longestSeconds: 12 },
    meanwhile: async (yard, holder) => {
      await training(yard, holder);
      await yard.dependencies.work.extend(holder.id, 12);
    },
  },
  { name: 'train-job.time-up.failed', scripts: [worksInVain], limits: { trainingSeconds: 10 } },
  {
    name: 'train-job.money-up.over-budget',
    scripts: [trainsUntilAsked],
    limits: { trainingSeconds: 600, budgetMicros: dollars(130) },
    pricePerHourMicros: dollars(3600),
  },
  { name: 'train-job.cancelled.cancelled', scripts: [trainsUntilAsked], meanwhile: cancels },
  { name: 'train-job.user-failure.failed', scripts: [failsWith('BadLabel', 'The label has one value only.')] },
  { name: 'train-job.attempts-used-up.failed', scripts: [vanishes], limits: inTwo },
  { name: 'train-job.attempts-used-up.failed.no-larger', scripts: [needsMore] },
  { name: 'train-job.attempts-used-up.failed.no-machine', scripts: [succeeds], refusals: 3 },
  { name: 'train-job.bug.failed', scripts: [bug] },
  { name: 'predict-batch.finished.succeeded', scripts: [predicts], accept: prediction },
  { name: 'predict-batch.finished.succeeded.second-attempt', scripts: [vanishes, predicts], accept: prediction },
  { name: 'predict-batch.finished.failed', scripts: [leavesNothing], accept: prediction },
  { name: 'predict-batch.stopped.cancelled', scripts: [worksInVain], accept: prediction, meanwhile: stops },
  {
    name: 'predict-batch.time-up.failed',
    scripts: [worksInVain],
    accept: predicting('code,size\n007,1.5\n', { seconds: 10 }),
  },
  { name: 'predict-batch.cancelled.cancelled', scripts: [worksInVain], accept: prediction, meanwhile: cancels },
  { name: 'predict-batch.user-failure.failed', scripts: [predicts], accept: predicting('code\n007\n') },
  { name: 'predict-batch.attempts-used-up.failed', scripts: [vanishes], accept: prediction },
  { name: 'predict-batch.bug.failed', scripts: [bug], accept: prediction },
  { name: 'release-holder.terminated.cancelled', scripts: [trainsUntilAsked], ...isReleased('terminated') },
  { name: 'release-holder.cancelled.cancelled', scripts: [trainsUntilAsked], ...isReleased('cancelled') },
  {
    name: 'release-holder.history-lost.succeeded',
    scripts: [handsInAndWaits],
    ...isReleased('history_lost', handedIn),
  },
  { name: 'release-holder.history-lost.failed', scripts: [trainsUntilAsked], ...isReleased('history_lost') },
  {
    name: 'release-holder.workflow-failed.succeeded',
    scripts: [handsInAndWaits],
    ...isReleased('workflow_failed', handedIn),
  },
  { name: 'release-holder.workflow-failed.failed', scripts: [trainsUntilAsked], ...isReleased('workflow_failed') },
];

/** Who ran it, and where its files were, decides nothing. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return key === 'identity' ? 'a worker' : value;
}

async function keep(name: string, handle: WorkflowHandle): Promise<void> {
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as { events: unknown[] };
  const lines = events.map((event) => JSON.stringify(event, withoutTraces));
  writeFileSync(join(folder, `${name}.json`), `{"events":[\n${lines.join(',\n')}\n]}\n`);
  process.stdout.write(`recorded ${name}\n`);
}

async function record(recording: Recording): Promise<void> {
  const { name, scripts, limits, meanwhile, pricePerHourMicros = 0, workflowId = workflowIdOf } = recording;
  const larger = recording.hasLarger ? [{ name: 'large', memoryGib: 16, pricePerHourMicros }] : [];
  const script = (attempt: number) => scripts[Math.min(attempt, scripts.length) - 1] as Script;
  const yard = await openTestYard(
    new SimulatedCloud({ script: (order) => script(order.attempt), pricePerHourMicros, larger }),
  );
  let { refusals = 0 } = recording;
  yard.cloud.refuses = () => (refusals-- > 0 ? new TrainyardError('NoCapacity', 'There is none now.') : undefined);
  const accepted = async (): Promise<Holder> => ({
    kind: 'job',
    id: (await yard.accept(limits ? { limits } : {})).id,
  });
  try {
    const holder = await (recording.accept?.(yard) ?? accepted());
    await meanwhile?.(yard, holder);
    await until('it is done', async () => (await rowOf(yard, holder))?.phase === 'done', 60);
    const { client } = await temporal();
    const handle = client.workflow.getHandle(workflowId(holder));
    await handle.result();
    await keep(name, handle);
  } finally {
    await yard.close();
  }
}

/** Keeps house, in passes that take no time, until it goes on in a new history. */
async function recordKeepHouse(): Promise<void> {
  const instead = { reconcileForAWhile: async () => {} };
  const yard = await openTestYard(new SimulatedCloud({ script: () => succeeds }), { instead });
  try {
    const { client } = await temporal();
    const { queues } = await yard.activities.planRelease({ kind: 'job', id: (await yard.accept()).id });
    const workflowId = `keep-house-local-${queues.releases}`;
    await yard.dependencies.work.startKeepHouse({ cloud: 'local', queue: queues.releases });
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    const first = client.workflow.getHandle(workflowId, runId);
    await until('it goes on anew', async () => (await first.describe()).status.name === 'CONTINUED_AS_NEW', 60);
    await client.workflow.getHandle(workflowId).terminate();
    await keep('keep-house.goes-on', first);
  } finally {
    await yard.close();
  }
}

interface PreparationRecording {
  name: string;
  steps: Partial<Step>[];
  /** What the data engine does in place of its work. */
  instead?: (signal: AbortSignal | undefined) => Promise<never>;
  cancel?: boolean;
}

const trim = { kind: 'trim-text', settings: { columns: ['code'] } };
const runsUntilStopped = (signal: AbortSignal | undefined) =>
  new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('Asked to stop.', 'AbortError')));
  });
const preparations: PreparationRecording[] = [
  { name: 'prepare-dataset.finished.succeeded', steps: [trim] },
  {
    name: 'prepare-dataset.user-failure.failed',
    steps: [{ kind: 'fill-missing', settings: { columns: ['code'], with: 'mean' } }],
  },
  { name: 'prepare-dataset.cancelled.cancelled', steps: [trim], instead: runsUntilStopped, cancel: true },
  {
    name: 'prepare-dataset.attempts-used-up.failed',
    steps: [trim],
    instead: async () => {
      throw new TrainyardError('OutOfMemory', 'It did not fit in the memory.');
    },
  },
  {
    name: 'prepare-dataset.bug.failed',
    steps: [trim],
    instead: async () => {
      throw new TypeError('x is not a function');
    },
  },
];

async function recordPreparation({ name, steps, instead, cancel = false }: PreparationRecording): Promise<void> {
  const yard = await openTestYard(new SimulatedCloud({ script: () => succeeds }));
  const { data, stores, work } = yard.dependencies;
  let begun = false;
  const { runRecipe } = data;
  data.runRecipe = (input) => {
    begun = true;
    return instead ? instead(input.signal) : runRecipe(input);
  };
  try {
    const id = await yard.acceptPreparation(await uploaded(yard, 'code,size\nA12,2.5\nB7,1\n'), steps);
    if (cancel) {
      await until('it runs', () => begun);
      await work.cancel({ kind: 'preparation', id });
    }
    await until('it is done', async () => (await stores.preparations.find(id))?.phase === 'done', 60);
    const { client } = await temporal();
    const handle = client.workflow.getHandle(`preparation-${id}`);
    await handle.result();
    await keep(name, handle);
  } finally {
    await yard.close();
  }
}

interface SweepRecording {
  name: string;
  script: Script;
  asked?: SweepAsked;
  pricePerHourMicros?: number;
  /** While its first trial trains. */
  meanwhile?: (yard: TestYard, sweepId: string, trialId: string) => Promise<void>;
}

/** The sweep lets its open trial come to an end, and that one is brought to it here. */
const stopsBoth: SweepRecording['meanwhile'] = async ({ dependencies: { work } }, sweepId, trialId) => {
  await work.stop({ kind: 'sweep', id: sweepId });
  await work.stop({ kind: 'job', id: trialId });
};
const oneAtATime = { parallel: 1 };
const sweeps: SweepRecording[] = [
  { name: 'sweep.finished.succeeded', script: succeeds },
  { name: 'sweep.finished.failed', script: failsWith('BadLabel', 'The label has one value only.') },
  { name: 'sweep.stopped.succeeded', script: trainsUntilAsked, asked: oneAtATime, meanwhile: stopsBoth },
  { name: 'sweep.stopped.cancelled', script: worksInVain, asked: oneAtATime, meanwhile: stopsBoth },
  {
    name: 'sweep.money-up.over-budget',
    script: succeeds,
    asked: { limits: { budgetMicros: dollars(1) } },
    pricePerHourMicros: dollars(3600),
  },
  {
    name: 'sweep.cancelled.cancelled',
    script: trainsUntilAsked,
    meanwhile: ({ dependencies: { work } }, id) => work.cancel({ kind: 'sweep', id }),
  },
];

async function recordSweep({ name, script, asked, pricePerHourMicros = 0, meanwhile }: SweepRecording): Promise<void> {
  const yard = await openTestYard(new SimulatedCloud({ script: () => script, pricePerHourMicros }));
  const { stores } = yard.dependencies;
  try {
    const { id } = await yard.acceptSweep(asked);
    if (meanwhile) {
      await until('a trial is begun', async () => (await stores.jobs.ofSweep(id)).length > 0);
      const trialId = (await stores.jobs.ofSweep(id))[0]?.id ?? '';
      await training(yard, { kind: 'job', id: trialId });
      await meanwhile(yard, id, trialId);
    }
    await until('it is done', async () => (await stores.sweeps.find(id))?.phase === 'done', 60);
    const { client } = await temporal();
    const handle = client.workflow.getHandle(`sweep-${id}`);
    await handle.result();
    await keep(name, handle);
  } finally {
    await yard.close();
  }
}

/** Only those that begin so, when that is said. */
const wanted = (name: string) => name.startsWith(process.argv[2] ?? '');

mkdirSync(folder, { recursive: true });
for (const recording of recordings) if (wanted(recording.name)) await record(recording);
for (const recording of preparations) if (wanted(recording.name)) await recordPreparation(recording);
for (const recording of sweeps) if (wanted(recording.name)) await recordSweep(recording);
if (wanted('keep-house.goes-on')) await recordKeepHouse();
await closeTemporal();
process.exit(0);
