import { retireDatasets } from '../../../activities/reconcile/retire-datasets.ts';
import { retireOutputs } from '../../../activities/reconcile/retire-outputs.ts';
import { datasetSweeper } from '../../../activities/reconcile/sweep-datasets.ts';
import type { Holder } from '../../../domain/ids.ts';
import { uploaded } from '../files.ts';
import { type Ground, openGround } from '../ground.ts';

const day = 86_400_000;
const begin = 1_790_000_000_000;
let ground: Ground;
beforeEach(async () => {
  ground = await openGround({ predictionRetentionMs: 30 * day, unusedDatasetRetentionMs: 30 * day });
  ground.clock.atMs = begin;
});
afterEach(() => ground.close());

const stores = () => ground.dependencies.stores;
const later = (ms: number) => {
  ground.clock.atMs = (ground.clock.atMs ?? begin) + ms;
};

describe('the retention of what predictions leave', () => {
  async function predicted(): Promise<Holder> {
    const { holder } = await ground.acceptPrediction();
    await ground.dependencies.store.putText(`predictions/${holder.id}/predictions.csv`, 'a\n1\n');
    await ground.dependencies.store.putText(`predictions/${holder.id}/predictions.parquet`, 'x');
    await stores().predictions.setOutput(holder.id, { rowCount: 1, outputHash: 'hash', previewJson: '{}' });
    await stores().predictions.enterPhase(holder.id, 'releasing', '', 1);
    await ground.activities.closeWork({ ...holder, outcome: 'succeeded', reason: 'Done.', failureType: null });
    return holder;
  }
  const files = () => ground.dependencies.store.list('predictions/');

  test('takes the files away, and the prediction says so and keeps how many rows there were', async () => {
    const old = await predicted();
    later(20 * day);
    const young = await predicted();
    later(11 * day);
    await retireOutputs(ground.dependencies);
    await retireOutputs(ground.dependencies);
    expect(await files()).toEqual([expect.stringContaining(young.id), expect.stringContaining(young.id)]);
    const row = await stores().predictions.find(old.id);
    expect(row).toMatchObject({ output_hash: null, preview_json: null, row_count: 1, outcome: 'succeeded' });
    expect((await stores().timeline.list(old)).map(({ text }) => text)).toEqual([
      'Done.',
      'Its output was kept for its time and has been removed.',
    ]);
  });

  test('of for ever, which is what it is when nobody says, takes nothing', async () => {
    await predicted();
    later(9999 * day);
    await retireOutputs({ ...ground.dependencies, predictionRetentionMs: Number.POSITIVE_INFINITY });
    expect(await files()).toHaveLength(2);
  });
});

describe('the retention of datasets that nothing uses', () => {
  const isThere = async (id: string) => (await stores().datasets.get('default', id)) !== undefined;
  const used = (datasetId: string) => ground.accept({ datasetId });
  const upload = async () => {
    const id = await uploaded(ground, 'a,b\n1,2\n');
    const knex = stores().database;
    await knex.run(undefined, (db) =>
      db('datasets')
        .where('datasets.id', id)
        .update({ created_at_ms: ground.clock.atMs ?? begin }),
    );
    return id;
  };

  test('takes those that came long ago, and none that a job or a prediction uses', async () => {
    const [unused, ofJob, ofPrediction] = [await upload(), await upload(), await upload()];
    await used(ofJob);
    await ground.acceptPrediction({ datasetId: ofPrediction });
    later(31 * day);
    const young = await upload();
    await retireDatasets(ground.dependencies);
    expect(await Promise.all([unused, ofJob, ofPrediction, young].map(isThere))).toEqual([false, true, true, true]);
  });

  test('counts from when the last job that used it was removed', async () => {
    const id = await upload();
    const { holder } = await used(id);
    await stores().jobs.enterPhase(holder.id, 'releasing', '', 0);
    await stores().jobs.close(holder.id, { outcome: 'cancelled', reason: 'x', nowMs: begin });
    later(40 * day);
    await stores().jobs.softDelete('default', holder.id, begin + 40 * day);
    await retireDatasets(ground.dependencies);
    expect(await isThere(id)).toBe(true);
    later(31 * day);
    await retireDatasets(ground.dependencies);
    expect(await isThere(id)).toBe(false);
  });

  test('of for ever, which is what it is when nobody says, takes nothing', async () => {
    const id = await upload();
    later(9999 * day);
    await retireDatasets({ ...ground.dependencies, unusedDatasetRetentionMs: Number.POSITIVE_INFINITY });
    expect(await isThere(id)).toBe(true);
  });
});

describe('the files of datasets', () => {
  const files = () => ground.dependencies.store.list('datasets/');
  beforeEach(async () => {
    for (const { id } of await stores().datasets.list('default')) await stores().datasets.softDelete('default', id, 1);
    for (const object of await files()) await ground.dependencies.store.remove(object);
  });

  test('go a minute after the last row that names them, and not with the first', async () => {
    const sweep = datasetSweeper(ground.dependencies);
    const [one, two] = [await uploaded(ground, 'a,b\n1,2\n'), await uploaded(ground, 'a,b\n1,2\n')];
    await uploaded(ground, 'a,b\n3,4\n');
    await stores().datasets.removeUnused('default', one, begin);
    for (let pass = 0; pass < 3; pass++) {
      await sweep();
      later(61_000);
    }
    expect(await files()).toHaveLength(4);
    await stores().datasets.removeUnused('default', two, begin);
    await sweep();
    later(59_000);
    await sweep();
    expect(await files()).toHaveLength(4);
    later(1000);
    await sweep();
    await sweep();
    expect(await files()).toHaveLength(2);
  });

  test('stay when somebody uploads the same again in that minute', async () => {
    const sweep = datasetSweeper(ground.dependencies);
    const id = await uploaded(ground, 'a,b\n1,2\n');
    await stores().datasets.removeUnused('default', id, begin);
    await sweep();
    later(30_000);
    const again = await uploaded(ground, 'a,b\n1,2\n');
    await sweep();
    later(3_600_000);
    await stores().datasets.removeUnused('default', again, begin);
    await sweep();
    later(30_000);
    await sweep();
    expect(await files()).toHaveLength(2);
  });

  test('are seen to be going by whoever needs them at that moment, and stay when a row came just before', async () => {
    const { store, stores: all } = ground.dependencies;
    const sweep = datasetSweeper(ground.dependencies);
    const id = await uploaded(ground, 'a,b\n1,2\n');
    await stores().datasets.removeUnused('default', id, begin);
    await sweep();
    later(61_000);
    const holds = all.datasets.holdsContent;
    let asked = 0;
    all.datasets.holdsContent = async (hash) => {
      const answer = await holds(hash);
      // A row that comes between the look and the removal.
      asked += 1;
      if (asked === 1) await uploaded(ground, 'a,b\n1,2\n');
      return answer;
    };
    await sweep();
    expect(await files()).toHaveLength(2);
    all.datasets.holdsContent = holds;
    const hash = (await files())[0]?.split('/')[1] ?? '';
    expect(await all.contents.isBeingRemoved(hash, ground.clock.atMs ?? begin)).toBe(false);
    expect(await store.exists(`datasets/${hash}/original`)).toBe(true);
  });

  test('that an upload left behind, which died before its row, go too', async () => {
    const sweep = datasetSweeper(ground.dependencies);
    await ground.dependencies.store.putText('datasets/0123/original', 'x');
    await sweep();
    later(61_000);
    await sweep();
    expect(await files()).toEqual([]);
  });
});
