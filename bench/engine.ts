/**
 * Jobs per second with a machine in memory that does nothing, against a bare workflow with the same number of
 * activities on the same server: what Trainyard's own bookkeeping costs on top of the durable engine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { workflowIdOf } from '../domain/ids.ts';
import { SimulatedCloud } from '../test/clouds/simulated-cloud.ts';
import { succeeds } from '../test/workflows/scripts.ts';
import { closeTemporal, openTestYard, temporal, until } from '../test/workflows/test-yard.ts';
import { conclude, median, say } from './report.ts';

const jobs = 60;
const rounds = 3;
const limit = 0.6;

const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-engine-'));
const server = await temporal({ dbFilename: join(folder, 'temporal.db') });

async function jobsPerSecond(): Promise<{ rate: number; activities: number; spent: Map<string, number[]> }> {
  const spent = new Map<string, number[]>();
  const yard = await openTestYard(new SimulatedCloud({ script: () => succeeds, places: jobs }), { spent });
  const { stores } = yard.dependencies;
  const began = performance.now();
  const ids = await Promise.all(Array.from({ length: jobs }, async () => (await yard.accept()).id));
  await until('all are done', async () => (await stores.jobs.open()).length === 0, 120);
  const seconds = (performance.now() - began) / 1000;
  const handle = server.client.workflow.getHandle(workflowIdOf({ kind: 'job', id: ids[0] as string }));
  const events = (await handle.fetchHistory()).events ?? [];
  const activities = events.filter((event) => event.activityTaskScheduledEventAttributes).length;
  await yard.close();
  return { rate: jobs / seconds, activities, spent };
}

async function barePerSecond(activities: number): Promise<number> {
  const taskQueue = `bare-${Math.random()}`;
  const connection = await NativeConnection.connect({ address: server.address });
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const bundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'bare-workflow.ts'),
    logger: quiet,
  });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: bundle,
    activities: { nothing: async () => {} },
    reuseV8Context: true,
  });
  const rate = await worker.runUntil(async () => {
    const began = performance.now();
    await Promise.all(
      Array.from({ length: jobs }, (_, i) =>
        server.client.workflow.execute('bareWorkflow', {
          workflowId: `${taskQueue}-${i}`,
          taskQueue,
          args: [activities],
        }),
      ),
    );
    return jobs / ((performance.now() - began) / 1000);
  });
  await connection.close();
  return rate;
}

const ratios: number[] = [];
for (let round = 1; round <= rounds; round++) {
  const { rate, activities, spent } = await jobsPerSecond();
  const bare = await barePerSecond(activities);
  ratios.push(rate / bare);
  say(
    `round ${round}: ${rate.toFixed(2)} jobs/s, bare ${bare.toFixed(2)}/s with ${activities} activities: ${(rate / bare).toFixed(2)}`,
  );
  if (round < rounds) continue;
  say('where the rest goes (milliseconds inside our own activities, per job):');
  const perJob = [...spent].map(([name, ms]) => ({ name, ms: ms.reduce((sum, value) => sum + value, 0) / jobs }));
  for (const { name, ms } of perJob.sort((a, b) => b.ms - a.ms)) say(`  ${name.padEnd(18)} ${ms.toFixed(1)}`);
}
await closeTemporal();
rmSync(folder, { recursive: true, force: true });
const ratio = Number(median(ratios).toFixed(3));
conclude({ bench: 'engine', ratio, limit, ok: ratio >= limit });
