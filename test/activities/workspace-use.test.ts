import { dollars } from '../../domain/money.ts';
import { type Ground, openGround } from './ground.ts';

const month = Date.parse('2026-11-01T00:00:00Z');
const day = 86_400_000;
let ground: Ground;
beforeEach(async () => {
  ground = await openGround({ workspaceLimits: { machines: 2, monthlyMicros: dollars(50) } });
  ground.clock.atMs = month + 20 * day;
});
afterEach(() => ground.close());

/** A job in the database that may cost so much. */
async function job(worst: number) {
  const { holder, spec } = await ground.accept();
  await setWorst(holder.id, worst);
  return { holder, spec };
}

const setWorst = (id: string, worst: number) =>
  ground.dependencies.stores.database.run(undefined, (db) =>
    db('jobs')
      .where('jobs.id', id)
      .update({ worst_micros: dollars(worst) }),
  );

/** A machine of a job that is done, at a dollar an hour. */
async function ran(fromMs: number, hours: number) {
  const { holder } = await job(500);
  const { stores } = ground.dependencies;
  const key = { holder, kind: 'machine', attempt: 1 } as const;
  await stores.resources.intend({ ...key, name: 'm', cloud: 'local', pricePerHourMicros: dollars(1), nowMs: fromMs });
  await stores.resources.created(key, { startedAtMs: fromMs });
  const endedAtMs = fromMs + hours * 3_600_000;
  await stores.resources.gone(key, { confirmedAtMs: endedAtMs, endedAtMs });
  await stores.database.run(undefined, (db) => db('jobs').where('jobs.id', holder.id).update({ phase: 'done' }));
}

const claim = (holder: { kind: 'job' | 'prediction'; id: string }) =>
  ground.activities.claimPlace({ ...holder, cloud: 'local' });

test('no more machines at once than the workspace may have, though there are places', async () => {
  const jobs = [await job(1), await job(1), await job(1)] as const;
  expect(await claim(jobs[0].holder)).toEqual({ granted: true });
  expect(await claim(jobs[1].holder)).toEqual({ granted: true });
  const held = await claim(jobs[2].holder);
  const sentence = 'Its workspace has all 2 machines that it may have at once; it waits until one is gone.';
  expect(held).toEqual({ granted: false, ahead: 0, sentence });
  expect((await ground.dependencies.stores.jobs.find(jobs[2].holder.id))?.sentence).toBe(sentence);
  // Whoever has a place keeps it, asked twice.
  expect(await claim(jobs[1].holder)).toEqual({ granted: true });
  await ground.activities.freePlace(jobs[0].holder);
  expect(await claim(jobs[2].holder)).toEqual({ granted: true });
});

test('what was spent before this month does not count, and of what ran across its beginning a part', async () => {
  await ran(month - 10 * day, 24 * 5);
  await ran(month - 3_600_000 * 10, 25);
  const { holder } = await job(36);
  expect(await claim(holder)).toEqual({
    granted: false,
    ahead: 0,
    sentence:
      'This workspace may spend $50.00 a month; $15.00 is spent and what is open may come to $0.00, which leaves $35.00, and this may come to $36.00. It waits until there is room.',
  });
  await setWorst(holder.id, 35);
  expect(await claim(holder)).toEqual({ granted: true });
});

test('what has its place counts with its worst case, what only waits does not hold anybody back', async () => {
  const [first, second] = [await job(30), await job(30)] as const;
  expect(await claim(first.holder)).toEqual({ granted: true });
  expect(await claim(second.holder)).toMatchObject({ granted: false });
  ground.clock.atMs = month + 40 * day;
  // In the next month the first is still open, and so is what it may come to.
  expect(await claim(second.holder)).toMatchObject({ granted: false });
  await ground.activities.freePlace(first.holder);
  expect(await claim(second.holder)).toEqual({ granted: true });
});

test('what costs nothing is held back by no limit on money', async () => {
  await ran(month + day, 24 * 10);
  const { holder } = await job(0);
  expect(await claim(holder)).toEqual({ granted: true });
});
