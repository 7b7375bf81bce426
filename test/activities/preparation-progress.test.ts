import { preparationProgress } from '../../activities/preparation-progress.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { PreparationRow } from '../../db/tables.ts';

type Told = Pick<PreparationRow, 'rows_done' | 'rows_total' | 'seconds_left' | 'sentence'>;

const { jest } = import.meta;
beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());

function opened(rows: number) {
  const told: Told[] = [];
  const stores = {
    preparations: { progress: async (_id: string, at: Told) => told.push({ ...at }) > 0 },
  } as unknown as Dependencies['stores'];
  const progress = preparationProgress({ stores, now: () => Date.now() }, { id: 'p' } as PreparationRow, rows);
  const at = (passes: number, passed: number) =>
    progress.running({ doing: 'writing', rows: passed, ofRows: rows, passes, ofPasses: 2 });
  const later = async (seconds: number) => {
    await jest.advanceTimersByTimeAsync(seconds * 1000);
    return told.at(-1);
  };
  return { progress, at, later, told };
}

test('the time that is left follows from how fast the rows passed so far', async () => {
  const { progress, at, later } = opened(1000);
  // Bringing the data here took a minute, which says nothing of the rows.
  expect(await later(60)).toEqual({
    rows_done: 0,
    rows_total: 1000,
    seconds_left: null,
    sentence: 'Reading the data.',
  });
  at(0, 0);
  await later(10);
  at(0, 20);
  expect(await later(1)).toMatchObject({ rows_done: 10, seconds_left: null });
  await later(9);
  at(0, 500);
  expect(await later(1)).toMatchObject({ rows_done: 250, seconds_left: 60 });
  await later(19);
  at(1, 0);
  expect(await later(1)).toMatchObject({ rows_done: 500, seconds_left: 40 });
  progress.say('Keeping the result.');
  expect(await later(1)).toEqual({
    rows_done: 1000,
    rows_total: 1000,
    seconds_left: null,
    sentence: 'Keeping the result.',
  });
  await progress.end();
});

test('it never goes back, and is written once a second at most', async () => {
  const { progress, at, later, told } = opened(1000);
  for (let n = 0; n < 100; n++) at(1, n);
  at(0, 0);
  expect(await later(1)).toMatchObject({ rows_done: 549 });
  const { length } = told;
  await later(5);
  expect([length, told.length]).toEqual([2, 2]);
  await progress.end();
});
