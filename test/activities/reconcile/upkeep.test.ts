import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { compactLog } from '../../../activities/relay/compact-log.ts';
import { reconcileActivities, reconciler } from '../../../activities/reconcile/reconcile.ts';
import { retireLogs } from '../../../activities/reconcile/retire-logs.ts';
import { sweepScratch } from '../../../activities/reconcile/sweep-scratch.ts';
import { ownName } from '../../../data/own-name.ts';
import type { Holder } from '../../../domain/ids.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { type Ground, openGround } from '../ground.ts';

const day = 86_400_000;
const begin = 1_790_000_000_000;
let ground: Ground;
beforeEach(async () => {
  ground = await openGround({ logRetentionMs: 30 * day });
  ground.clock.atMs = begin;
});
afterEach(() => ground.close());

const ended = { outcome: 'succeeded', reason: 'Done.', failureType: null } as const;

async function doneWithLog(): Promise<Holder> {
  const holder = await ground.jobIn('releasing');
  await ground.dependencies.stores.log.append(holder, [[begin, 'o', 1, 'a line']]);
  await compactLog(ground.dependencies, holder, { force: true });
  await ground.activities.closeWork({ ...holder, ...ended });
  return holder;
}

describe('the retention of logs', () => {
  const files = () => ground.dependencies.store.list('logs/');
  const rowOf = ({ id }: Holder) => ground.dependencies.stores.jobs.find(id);

  test('takes away files and rows when it is over, says so at the job, and keeps the rest of it', async () => {
    const old = await doneWithLog();
    ground.clock.atMs = begin + 20 * day;
    const young = await doneWithLog();
    ground.clock.atMs = begin + 31 * day;
    await retireLogs(ground.dependencies);
    await retireLogs(ground.dependencies);
    expect(await files()).toEqual([expect.stringContaining(young.id)]);
    expect(await ground.dependencies.stores.log.stats(old)).toMatchObject({ lines: 0 });
    expect(await rowOf(old)).toMatchObject({ log_deleted_at_ms: begin + 31 * day, outcome: 'succeeded' });
    expect(await rowOf(young)).toMatchObject({ log_deleted_at_ms: null });
    expect(await ground.dependencies.stores.timeline.list(old)).toHaveLength(1);
  });

  test('killed after the files went, it goes on', async () => {
    const old = await doneWithLog();
    ground.clock.atMs = begin + 31 * day;
    const { log } = ground.dependencies.stores;
    const { deleteAll } = log;
    log.deleteAll = async () => {
      throw new Error('killed');
    };
    await expect(retireLogs(ground.dependencies)).rejects.toThrow('killed');
    expect(await rowOf(old)).toMatchObject({ log_deleted_at_ms: null });
    log.deleteAll = deleteAll;
    await retireLogs(ground.dependencies);
    expect(await rowOf(old)).toMatchObject({ log_deleted_at_ms: begin + 31 * day });
    expect(await files()).toEqual([]);
  });

  test('takes the log of a prediction too, and the prediction says so, once', async () => {
    const { stores } = ground.dependencies;
    const predicted = async () => {
      const { holder } = await ground.acceptPrediction();
      await stores.predictions.enterPhase(holder.id, 'releasing', '', 1);
      await stores.log.append(holder, [[begin, 'o', 1, 'a line']]);
      await ground.activities.closeWork({ ...holder, ...ended });
      await compactLog(ground.dependencies, holder, { force: true });
      return holder;
    };
    const old = await predicted();
    const { holder: open } = await ground.acceptPrediction();
    await stores.log.append(open, [[begin, 'o', 1, 'still at work']]);
    ground.clock.atMs = begin + 20 * day;
    const young = await predicted();
    ground.clock.atMs = begin + 31 * day;
    const { timeline } = stores;
    const { add } = timeline;
    timeline.add = async () => {
      throw new Error('killed');
    };
    await expect(retireLogs(ground.dependencies)).rejects.toThrow('killed');
    timeline.add = add;
    await retireLogs(ground.dependencies);
    await retireLogs(ground.dependencies);
    expect(await files()).toEqual([expect.stringContaining(young.id)]);
    expect(await stores.log.stats(old)).toMatchObject({ lines: 0 });
    expect(await stores.log.stats(young)).toMatchObject({ lines: 2 });
    expect(await stores.log.stats(open)).toMatchObject({ lines: 1 });
    expect((await timeline.list(old)).map(({ text }) => text)).toEqual([
      'Done.',
      'Its log was kept for its time and has been removed.',
    ]);
  });

  test('of for ever takes nothing', async () => {
    const old = await doneWithLog();
    ground.clock.atMs = begin + 9999 * day;
    await retireLogs({ ...ground.dependencies, logRetentionMs: Number.POSITIVE_INFINITY });
    expect(await rowOf(old)).toMatchObject({ log_deleted_at_ms: null });
  });

  test('never takes the log of a job that is not done', async () => {
    const holder = await ground.jobIn('training');
    await ground.dependencies.stores.log.append(holder, [[begin, 'o', 1, 'a line']]);
    ground.clock.atMs = begin + 999 * day;
    await retireLogs(ground.dependencies);
    expect(await ground.dependencies.stores.log.stats(holder)).toMatchObject({ lines: 1 });
  });
});

test('files on their way are swept away a day after whoever carried them died', async () => {
  const { scratchFolder } = ground.dependencies;
  const [old, young] = [join(scratchFolder, 'work-old'), join(scratchFolder, 'work-young')] as const;
  for (const folder of [old, young]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'data.parquet'), 'x');
  }
  utimesSync(old, new Date(begin - 2 * day), new Date(begin - 2 * day));
  utimesSync(young, new Date(begin), new Date(begin - day / 2));
  await sweepScratch(ground.dependencies);
  await sweepScratch(ground.dependencies);
  expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
});

test('files on their way are swept away at once when whoever carried them is gone', async () => {
  const { scratchFolder } = ground.dependencies;
  const mine = await mkdtemp(join(scratchFolder, ownName('work')));
  const gone = await promisify(execFile)(process.execPath, ['-p', 'process.pid']);
  const [dead, other] = [gone.stdout.trim(), '0123abcd'];
  const left = [
    mine.replace(`-${process.pid}-`, `-${dead}-`),
    // Its number was given to another process: this one.
    join(scratchFolder, `work-${process.pid}-${other}-abcdef`),
    join(scratchFolder, `.data-${dead}-${other}-abcdef.table.parquet.part`),
  ];
  for (const path of left) writeFileSync(path, 'x');
  await sweepScratch(ground.dependencies);
  expect([mine, ...left].map((path) => existsSync(path))).toEqual([true, false, false, false]);
});

describe('a pass', () => {
  const seams = () => {
    const warned: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void warned.push(JSON.parse(line).seam) });
    return { warned, reconcile: reconciler(ground.dependencies, log) };
  };

  test('goes on to the other seams when one cannot be mended', async () => {
    const { warned, reconcile } = seams();
    const { holder } = await ground.accept();
    ground.clock.atMs = begin + 60_000;
    await ground.cloud.createBucket(ground.labelsOf(holder));
    await ground.dependencies.stores.resources.intend({
      ...{ holder, kind: 'bucket', attempt: 0, name: 'x', cloud: 'local', pricePerHourMicros: 0, nowMs: begin },
    });
    await ground.dependencies.stores.jobs.enterPhase(holder.id, 'releasing', '', 0);
    await ground.activities.closeWork({ ...holder, ...ended });
    await ground.accept();
    ground.clock.atMs += 10_000;
    ground.work.away = true;
    await reconcile('local');
    expect(warned).toContain('workflows');
    expect(await ground.cloud.list()).toEqual([]);
  });

  test('looks through each cloud once a minute, whichever is asked first', async () => {
    const { reconcile } = seams();
    const other = new SimulatedCloud({ script: () => async (actor) => actor.gone });
    const listed: string[] = [];
    const list = (name: string, cloud: SimulatedCloud) => {
      const real = cloud.list.bind(cloud);
      cloud.list = async () => {
        listed.push(name);
        return real();
      };
    };
    list('local', ground.cloud);
    list('other', other);
    (ground.dependencies.clouds as Map<string, SimulatedCloud>).set('other', other);
    for (let pass = 0; pass < 3; pass++) {
      await reconcile('local');
      await reconcile('other');
      ground.clock.atMs = (ground.clock.atMs ?? 0) + 25_000;
    }
    expect(listed).toEqual(['local', 'other']);
    ground.clock.atMs = (ground.clock.atMs ?? 0) + 25_000;
    await reconcile('local');
    await reconcile('other');
    expect(listed).toEqual(['local', 'other', 'local', 'other']);
  });

  test('is made again and again until the worker goes away', async () => {
    const passes: string[] = [];
    const environment = new MockActivityEnvironment();
    const { reconcileForAWhile } = reconcileActivities(async (cloud) => {
      passes.push(cloud);
      setImmediate(() => environment.cancel());
    });
    await expect(environment.run(reconcileForAWhile, 'local')).rejects.toThrow();
    expect(passes).toEqual(['local']);
  });
});
