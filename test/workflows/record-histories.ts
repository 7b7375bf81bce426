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
import { failsWith, succeeds, trainsUntilAsked, vanishes } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const folder = join(import.meta.dirname, '../histories');

interface Recording {
  name: string;
  /** The trainer of each attempt; the last one goes on for all that follow. */
  scripts: [Script, ...Script[]];
  limits?: Record<string, number>;
  meanwhile?: (yard: TestYard, holder: Holder) => Promise<void>;
}

const training = async (yard: TestYard, { id }: Holder) =>
  until('it trains', async () => (await yard.dependencies.stores.jobs.find(id))?.phase === 'training');

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
];

/** Who ran it, and where its files were, decides nothing. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return '';
  return key === 'identity' ? 'a worker' : value;
}

async function record({ name, scripts, limits, meanwhile }: Recording): Promise<void> {
  const script = (attempt: number) => scripts[Math.min(attempt, scripts.length) - 1] as Script;
  const yard = await openTestYard(new SimulatedCloud({ script: (order) => script(order.attempt) }));
  try {
    const { id } = await yard.accept(limits ? { limits } : {});
    const holder = { kind: 'job', id } as const;
    await meanwhile?.(yard, holder);
    await until('it is done', async () => (await yard.dependencies.stores.jobs.find(id))?.phase === 'done', 60);
    const { client } = await temporal();
    const handle = client.workflow.getHandle(workflowIdOf(holder));
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
