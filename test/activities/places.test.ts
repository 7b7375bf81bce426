import type { Holder } from '../../domain/ids.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { type Ground, openGround } from './ground.ts';

/** A cloud whose owner changes how many may be in it. */
class Yard extends SimulatedCloud {
  room = 1;
  constructor() {
    super({ script: () => async (actor) => actor.gone });
  }
  override async places() {
    return this.room;
  }
}

let ground: Ground<Yard>;
let atMs = 1_790_000_000_000;
beforeEach(async () => {
  ground = await openGround({ cloud: new Yard() });
});
afterEach(() => ground.close());

const claim = (holder: Holder) => ground.activities.claimPlace({ ...holder, cloud: 'local' });
const placesOf = async () => (await ground.dependencies.stores.places.list()).map((place) => place.holder_id);

/** One after the other, a minute apart, each with a workflow that waits. */
async function accepted(count: number): Promise<Holder[]> {
  const holders: Holder[] = [];
  for (let n = 0; n < count; n++) {
    ground.clock.atMs = atMs += 60_000;
    const { holder, spec } = await ground.accept();
    await ground.work.startJob(spec);
    holders.push(holder);
  }
  return holders;
}

test('claiming twice takes one place', async () => {
  ground.cloud.room = 2;
  const [first, second] = (await accepted(2)) as [Holder, Holder];
  expect(await claim(first)).toEqual({ granted: true });
  expect(await claim(first)).toEqual({ granted: true });
  expect(await placesOf()).toEqual([first.id]);
  expect(await claim(second)).toEqual({ granted: true });
});

test('who waits is told why, and how many are ahead', async () => {
  const [first, second, third] = (await accepted(3)) as [Holder, Holder, Holder];
  await claim(first);
  expect(await claim(second)).toEqual({
    granted: false,
    ahead: 0,
    sentence: 'The one place is taken; it is next.',
  });
  await claim(third);
  ground.cloud.room = 2;
  expect(await claim(third)).toMatchObject({ sentence: 'All 2 places are taken; 1 ahead of it.' });
  const row = await ground.dependencies.stores.jobs.find(third.id);
  expect(row?.sentence).toBe('All 2 places are taken; 1 ahead of it.');
});

test('places are given in the order of acceptance, not of asking', async () => {
  const [holds, early, late] = (await accepted(3)) as [Holder, Holder, Holder];
  await claim(holds);
  expect(await claim(late)).toMatchObject({ ahead: 0 });
  expect(await claim(early)).toMatchObject({ ahead: 0 });
  expect(await claim(late)).toMatchObject({ ahead: 1 });
  await ground.activities.freePlace(holds);
  expect(await claim(late)).toMatchObject({ granted: false });
  expect(await claim(early)).toEqual({ granted: true });
});

test('how many places there are is asked of the cloud each time, not remembered from the plan', async () => {
  const [first, second] = (await accepted(2)) as [Holder, Holder];
  await claim(first);
  expect(await claim(second)).toMatchObject({ granted: false });
  ground.cloud.room = 2;
  expect(await claim(second)).toEqual({ granted: true });
});

test('freeing a place wakes the one who is next, and freeing it again frees nobody else’s', async () => {
  const [first, second, third] = (await accepted(3)) as [Holder, Holder, Holder];
  for (const holder of [first, second, third]) await claim(holder);
  await ground.activities.freePlace(first);
  expect(ground.work.of(second)?.signals).toEqual(['wake']);
  expect(ground.work.of(third)?.signals).toEqual([]);
  await claim(second);
  await ground.activities.freePlace(first);
  expect((await placesOf()).toSorted()).toEqual([second.id, third.id].toSorted());
  expect(await claim(second)).toEqual({ granted: true });
});

test('who gives up waiting leaves the queue', async () => {
  const [first, second, third] = (await accepted(3)) as [Holder, Holder, Holder];
  for (const holder of [first, second, third]) await claim(holder);
  await ground.activities.freePlace(second);
  await ground.activities.freePlace(second);
  expect(await claim(third)).toMatchObject({ ahead: 0 });
});
