import { setTimeout as sleep } from 'node:timers/promises';
import type { PreparationRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { uploaded } from '../activities/files.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { trainsUntilAsked } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
const csv = 'city,size\n  Graz ,1\nWien,\n =SUM(A1),3\n';
const trim = { kind: 'trim-text', settings: { columns: ['city'] } };
const fill = { kind: 'fill-missing', settings: { columns: ['size'], with: 'median' } };

async function openYard(): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud({ script: () => trainsUntilAsked }));
  open.push(yard);
  return yard;
}

const rowOf = async ({ dependencies: { stores } }: TestYard, id: string): Promise<PreparationRow> => {
  const row = await stores.preparations.find(id);
  if (!row) throw new Error(`There is no preparation ${id}.`);
  return row;
};
async function isDone(yard: TestYard, id: string, seconds = 30): Promise<PreparationRow> {
  await until('it is done', async () => (await rowOf(yard, id)).phase === 'done', seconds);
  return rowOf(yard, id);
}
const made = (yard: TestYard) => yard.dependencies.stores.datasets.list('default', { text: 'prepared' });
/** Nothing of it is visible: no dataset, and no file but those of what was uploaded. */
async function nothingIsMade(yard: TestYard): Promise<void> {
  expect(await made(yard)).toEqual([]);
  const { store } = yard.dependencies;
  expect((await store.list('datasets/')).filter((object) => object.endsWith('.csv'))).toEqual([]);
}

/** Stands in the way of the data engine until it is let go, or asked to stop. */
function heldRun(yard: TestYard) {
  const { data } = yard.dependencies;
  const { runRecipe } = data;
  const held = { calls: 0, stopped: 0, letGo: () => {} };
  const gate = new Promise<void>((resolve) => {
    held.letGo = resolve;
  });
  data.runRecipe = async (input) => {
    held.calls += 1;
    const stopped = new Promise<never>((_resolve, reject) => {
      input.signal?.addEventListener('abort', () => {
        held.stopped += 1;
        reject(new DOMException('Asked to stop.', 'AbortError'));
      });
    });
    await Promise.race([gate, stopped]);
    return runRecipe(input);
  };
  return held;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('a recipe over a dataset makes another, as Parquet and CSV, and both know of each other', async () => {
  const yard = await openYard();
  const sourceId = await uploaded(yard, csv);
  const id = await yard.acceptPreparation(sourceId, [trim, fill]);
  const row = await isDone(yard, id);
  expect(row).toMatchObject({
    ...{ outcome: 'succeeded', reason: 'Ready: 3 rows of 3 rows in 2 columns.', failure_type: null },
    ...{ rows_done: 3, rows_total: 3, seconds_left: null },
  });
  const { stores, store, data } = yard.dependencies;
  const dataset = await stores.datasets.get('default', row.output_dataset_id ?? '');
  if (!dataset) throw new Error('It made no dataset.');
  expect(dataset).toMatchObject({ name: 'prepared', row_count: 3, column_count: 2, made_by_preparation_id: id });
  const shown = await data.rows({ parquet: store.path?.(datasetFiles(dataset).parquet) ?? '', limit: 9 });
  expect(shown.rows).toEqual([
    ['Graz', '1'],
    ['Wien', '1'],
    ['=SUM(A1)', '3'],
  ]);
  expect(await store.readText(datasetFiles(dataset).csv)).toBe("city,size\nGraz,1\nWien,1\n'=SUM(A1),3\n");
  expect(JSON.parse(row.result_json ?? '')).toMatchObject({
    ...{ rowsIn: 3, rowsOut: 3 },
    steps: [{ id: 's1' }, { id: 's2', learnedSentence: expect.stringContaining('1') }],
  });
});

test('starting twice makes one', async () => {
  const yard = await openYard();
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  const { work } = yard.dependencies;
  await Promise.all([1, 2].map(() => work.startPreparation({ id, owner: 'tester', name: 'prepared' })));
  await isDone(yard, id);
  await work.startPreparation({ id, owner: 'tester', name: 'prepared' });
  expect(await made(yard)).toHaveLength(1);
});

test.each([
  [
    'a step that does not fit',
    [{ kind: 'fill-missing', settings: { columns: ['city'], with: 'mean' } }],
    'The mean of “city” cannot be taken',
  ],
  [
    'a row that a step stops at',
    [{ kind: 'change-type', onFailure: 'stop' as const, settings: { columns: ['city'], to: 'number' } }],
    'Graz',
  ],
])('%s ends it with what to mend, and makes nothing', async (_what, steps, sentence) => {
  const yard = await openYard();
  const row = await isDone(yard, await yard.acceptPreparation(await uploaded(yard, csv), steps));
  expect(row).toMatchObject({ outcome: 'failed', output_dataset_id: null });
  expect(row.reason).toContain(sentence);
  await nothingIsMade(yard);
});

test('cancel, asked while it runs, stops the data engine and makes nothing', async () => {
  const yard = await openYard();
  const held = heldRun(yard);
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await until('it runs', () => held.calls === 1);
  expect(await rowOf(yard, id)).toMatchObject({ phase: 'preparing' });
  await yard.dependencies.work.cancel({ kind: 'preparation', id });
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled when asked.' });
  await until('the engine was told', () => held.stopped === 1);
  await nothingIsMade(yard);
});

test('cancel, asked before any worker is up, is remembered', async () => {
  const yard = await openYard();
  await yard.stopWorkers();
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await yard.dependencies.work.cancel({ kind: 'preparation', id });
  await yard.startWorkers();
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'cancelled' });
  await nothingIsMade(yard);
});

test('cancel, asked once the dataset is there, changes nothing', async () => {
  const yard = await openYard();
  const { stores, work } = yard.dependencies;
  const { insert } = stores.datasets;
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  stores.datasets.insert = async (row, trx) => {
    const answer = await insert(row, trx);
    // Not before this transaction is over will the workflow hear of either.
    await work.cancel({ kind: 'preparation', id });
    return answer;
  };
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded' });
  const { client } = await temporal();
  expect(await client.workflow.getHandle(`preparation-${id}`).result()).toMatchObject({ outcome: 'succeeded' });
  expect(await made(yard)).toHaveLength(1);
});

test('a worker that goes away in the middle is followed by one that begins anew', async () => {
  const yard = await openYard();
  const held = heldRun(yard);
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await until('it runs', () => held.calls === 1);
  await yard.stopWorkers();
  await nothingIsMade(yard);
  held.letGo();
  await yard.startWorkers();
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded' });
  expect(held.calls).toBe(2);
  expect(await made(yard)).toHaveLength(1);
}, 60_000);

test('a try that was taken for dead and comes late finds it done', async () => {
  const yard = await openYard();
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  const row = await isDone(yard, id);
  const late = await yard.activities.runPreparation(id);
  expect(late).toEqual({ outcome: 'succeeded', reason: row.reason });
  const other = await yard.acceptPreparation(row.dataset_id, [fill]);
  const both = await Promise.all([1, 2].map(() => yard.activities.runPreparation(other)));
  expect(both[0]).toEqual(both[1]);
  expect(await made(yard)).toHaveLength(2);
});

test('a child that is killed in the middle of its work is started again', async () => {
  const yard = await openYard();
  const { data } = yard.dependencies;
  const { runRecipe } = data;
  let calls = 0;
  data.runRecipe = async (input) => {
    calls += 1;
    if (calls > 1) return runRecipe(input);
    const before = new Set(data.pids());
    const running = runRecipe(input);
    running.catch(() => undefined);
    await until('its child is up', () => data.pids().some((pid) => !before.has(pid)));
    for (const pid of data.pids()) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
    return running;
  };
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded' });
  expect(calls).toBe(2);
  expect(await made(yard)).toHaveLength(1);
});

test('what does not fit into memory is tried a few times, which the page says, and then given up', async () => {
  const yard = await openYard();
  const sentences = new Set<string>();
  yard.dependencies.data.runRecipe = async () => {
    throw new TrainyardError('OutOfMemory', 'It did not fit in the memory.');
  };
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await until('it is given up', async () => {
    const row = await rowOf(yard, id);
    sentences.add(row.sentence);
    return row.phase === 'done';
  });
  expect(sentences).toContain('It did not fit in the memory. It is tried again.');
  expect(await rowOf(yard, id)).toMatchObject({
    ...{ outcome: 'failed', failure_type: 'OutOfMemory' },
    reason: 'It did not fit in the memory. It was tried 4 times.',
  });
}, 60_000);

test('how far it is gets to the row about once a second, and never into history', async () => {
  const yard = await openYard();
  const { data, stores } = yard.dependencies;
  const { runRecipe } = data;
  const { progress } = stores.preparations;
  const seen: number[] = [];
  stores.preparations.progress = async (id, at, trx) => {
    seen.push(at.rows_done);
    return progress(id, at, trx);
  };
  data.runRecipe = async (input) => {
    for (let tick = 0; tick < 100; tick += 1) {
      input.onProgress?.({ doing: 'writing', rows: tick, ofRows: 100, passes: 0, ofPasses: 1 });
      await sleep(30);
    }
    return runRecipe(input);
  };
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await isDone(yard, id);
  expect(seen.length).toBeGreaterThanOrEqual(3);
  expect(seen.length).toBeLessThan(8);
  expect(seen).toEqual(seen.toSorted((one, other) => one - other));
  const { client } = await temporal();
  const { events } = await client.workflow.getHandle(`preparation-${id}`).fetchHistory();
  expect(events?.length).toBeLessThan(30);
});

test('terminated from outside, it is closed by reconcile; nobody started it, it is started', async () => {
  const yard = await openYard();
  const held = heldRun(yard);
  const { stores, work } = yard.dependencies;
  const id = await yard.acceptPreparation(await uploaded(yard, csv), [trim]);
  await until('it runs', () => held.calls === 1);
  const { client } = await temporal();
  await client.workflow.getHandle(`preparation-${id}`).terminate('a person pressed it');
  expect(await work.stateOf({ kind: 'preparation', id })).toBe('closed');
  let aheadMs = 0;
  yard.dependencies.now = () => Date.now() + aheadMs;
  const pass = yard.reconciler();
  await pass();
  expect(await rowOf(yard, id)).toMatchObject({ phase: 'preparing' });
  aheadMs = 6000;
  await pass();
  expect(await rowOf(yard, id)).toMatchObject({
    ...{ phase: 'done', outcome: 'cancelled' },
    reason: expect.stringContaining('terminated from outside'),
  });
  held.letGo();
  await sleep(300);
  await nothingIsMade(yard);
  const forgotten = await stores.preparations.insert(
    { ...(await rowOf(yard, id)), id: crypto.randomUUID() },
    Date.now(),
  );
  await pass();
  expect(await isDone(yard, forgotten.row.id)).toMatchObject({ outcome: 'succeeded' });
}, 60_000);
