import { join } from 'node:path';
import { ChildLane, GaveWay } from '../../data/child-lane.ts';
import { openDataWorker } from '../../data/open-data-worker.ts';
import { type DataFixture, openFixture } from './data-fixture.ts';
import { fillAge, peopleCsv, sortByScore, step, trimPlan } from './recipe/recipe-fixture.ts';

let fixture: DataFixture;
let parquet: string;
let large: string;
beforeAll(async () => {
  fixture = await openFixture();
  ({ parquet } = await fixture.ingest(peopleCsv(20_000)));
  const rows = Array.from({ length: 400_000 }, (_, n) => `${n},name ${n * 7919},${n / 7},${n % 13}\n`);
  large = await fixture.write('large.csv', `id,name,part,class\n${rows.join('')}`);
});
afterAll(() => fixture.close());

describe('a lane', () => {
  const settings = { memoryMb: 256, threads: 1 };
  const ingest = (lane: ChildLane, to: string, givesWayAfterMs: number) => {
    const input = { path: large, name: 'large.csv', toParquet: to };
    return lane.call('ingest', input, [to, `${to}.rejected`], { givesWayAfterMs });
  };

  test('ends a call that had its time when another waits, and the same child goes on', async () => {
    const lane = new ChildLane(settings, fixture.tempFolder);
    await lane.call('rows', { parquet, limit: 1 }, [], {});
    const { pid } = lane;
    const slow = ingest(lane, join(fixture.folder, 'slow.parquet'), 100).catch((error: unknown) => error);
    const [error, shown] = await Promise.all([slow, lane.call('rows', { parquet, limit: 1 }, [], {})]);
    expect(error).toBeInstanceOf(GaveWay);
    expect(shown.rows).toHaveLength(1);
    expect(lane.pid).toBe(pid);
    await lane.close();
    expect(await fixture.strays()).toEqual([]);
  });

  test('lets a call go on for which nobody waits', async () => {
    const lane = new ChildLane(settings, fixture.tempFolder);
    const { profile } = await ingest(lane, join(fixture.folder, 'alone.parquet'), 1);
    expect(profile.rows).toBe(400_000);
    await lane.close();
  });
});

test('a preview that is not quick goes on beside those who waited, with the same answer', async () => {
  const worker = openDataWorker({ memoryMb: 256, tempFolder: fixture.tempFolder, threads: 1, quickLimitMs: 1 });
  try {
    await worker.rows({ parquet, limit: 1 });
    const steps = [trimPlan, fillAge, step('x', 'one-hot', { columns: ['city'], most: 50 }), sortByScore];
    const ended: string[] = [];
    const ask = (key: string) => worker.recipePreview({ parquet, steps, rows: 'first', limit: 5, key });
    const slow = ask('slow').finally(() => ended.push('slow'));
    const quick = worker.rows({ parquet, limit: 1 }).finally(() => ended.push('quick'));
    const [seen] = await Promise.all([slow, quick]);
    expect(ended).toEqual(['quick', 'slow']);
    expect(seen.rows).toEqual((await fixture.worker.recipePreview({ parquet, steps, rows: 'first', limit: 5 })).rows);
    expect(worker.pids()).toHaveLength(2);
    // Only the older one of the same person ends.
    const [older, other, newer] = await Promise.allSettled([ask('ada'), ask('grace'), ask('ada')]);
    expect([older.status, other.status, newer.status]).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  } finally {
    await worker.close();
  }
});
