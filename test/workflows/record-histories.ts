/**
 * Records one history of each outcome into test/histories, to be replayed for ever after. Run it whenever a workflow
 * ships: `node test/workflows/record-histories.ts`. Old histories stay: they stand for jobs that are still open somewhere.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Holder } from '../../domain/ids.ts';
import { workflowIdOf } from '../../domain/ids.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { keptModel, uploaded } from '../activities/files.ts';
import { failsWith, predicts, succeeds, trainsUntilAsked, vanishes } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const folder = join(import.meta.dirname, '../histories');

interface Recording {
  name: string;
  /** The trainer of each attempt; the last one goes on for all that follow. */
  scripts: [Script, ...Script[]];
  /** A job with these limits, unless something else is accepted. */
  limits?: Record<string, number>;
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
  (csv: string) =>
  async (yard: TestYard): Promise<Holder> => {
    const columns: [string, string][] = [
      ['code', 'VARCHAR'],
      ['size', 'DOUBLE'],
    ];
    const model = await keptModel(yard, columns);
    const { id } = await yard.acceptPrediction({ modelId: model.id, datasetId: await uploaded(yard, csv) });
    return { kind: 'prediction', id };
  };

const recordings: Recording[] = [
  { name: 'train-job-succeeded', scripts: [succeeds] },
  { name: 'train-job-second-attempt', scripts: [vanishes, succeeds] },
  { name: 'train-job-attempts-used-up', scripts: [vanishes], limits: { trainingSeconds: 60, attempts: 2 } },
  { name: 'train-job-user-failure', scripts: [failsWith('BadLabel', 'The label has one value only.')] },
  {
    name: 'train-job-stopped',
    scripts: [trainsUntilAsked],
    meanwhile: async (yard, holder) => {
      await training(yard, holder);
      await yard.dependencies.work.stop(holder);
    },
  },
  {
    name: 'train-job-cancelled',
    scripts: [trainsUntilAsked],
    meanwhile: async (yard, holder) => {
      await training(yard, holder);
      await yard.dependencies.work.cancel(holder);
    },
  },
  {
    name: 'train-job-extended-then-time-up',
    scripts: [trainsUntilAsked],
    limits: { trainingSeconds: 10, longestSeconds: 12 },
    meanwhile: async (yard, holder) => {
      await training(yard, holder);
      await yard.dependencies.work.extend(holder.id, 12);
    },
  },
  { name: 'predict-batch-succeeded', scripts: [predicts], accept: predicting('code,size\n007,1.5\nA12,2.5\n') },
  { name: 'predict-batch-second-attempt', scripts: [vanishes, predicts], accept: predicting('code,size\n007,1.5\n') },
  { name: 'predict-batch-user-failure', scripts: [predicts], accept: predicting('code\n007\n') },
  {
    name: 'release-holder-terminated',
    scripts: [trainsUntilAsked],
    meanwhile: async (yard, holder) => {
      await training(yard, holder);
      const { client } = await temporal();
      await client.workflow.getHandle(workflowIdOf(holder)).terminate('a person pressed it');
      await yard.dependencies.work.startRelease(holder, 'terminated');
    },
    workflowId: (holder) => `release-${workflowIdOf(holder)}`,
  },
];

/** Who ran it, and where its files were, decides nothing. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return key === 'identity' ? 'a worker' : value;
}

async function record(recording: Recording): Promise<void> {
  const { name, scripts, limits, meanwhile, workflowId = workflowIdOf } = recording;
  const script = (attempt: number) => scripts[Math.min(attempt, scripts.length) - 1] as Script;
  const yard = await openTestYard(new SimulatedCloud({ script: (order) => script(order.attempt) }));
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
    const history = JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory())), withoutTraces, 1);
    writeFileSync(join(folder, `${name}.json`), `${history}\n`);
    process.stdout.write(`recorded ${name}\n`);
  } finally {
    await yard.close();
  }
}

mkdirSync(folder, { recursive: true });
for (const recording of recordings) await record(recording);
await closeTemporal();
process.exit(0);
