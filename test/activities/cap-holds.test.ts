import * as fc from 'fast-check';
import { TrainyardError } from '../../domain/failures.ts';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import { teardownMarginSeconds } from '../../domain/machine-times.ts';
import { costOf, dollars } from '../../domain/money.ts';
import { type Behaviour, BillingCloud, WorkerKilled } from '../clouds/billing-cloud.ts';
import { type Ground, openGround } from './ground.ts';

const begin = 1_790_000_000_000;
const seconds = (max: number) => fc.integer({ min: 0, max: max * 1000 });

/** Of one attempt: what the cloud does, what becomes of us meanwhile, and how our clock is set. */
interface Attempt {
  behaviour: Behaviour;
  /** Trainyard dies: it notices nothing, and does nothing, before so much time has passed. */
  awayMs: number | null;
  /** The worker is killed over each order, before it heard the answer or after; another asks again so much later. */
  crashes: { laterMs: number; unheard: boolean }[];
  /** Our clock is set, in the middle of it. */
  jumpMs: number;
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  behaviour: fc.record({
    waitsMs: fc.oneof(fc.constant(0), seconds(900)),
    startsAfterMs: seconds(400),
    lostAfterMs: fc.oneof(fc.constant(null), fc.constant(null), seconds(7200)),
    // The cloud mostly answers within what is kept back for that, and sometimes much later.
    goesAfterMs: fc.oneof(fc.constant(0), seconds(120), seconds(900)),
    refusals: fc.constantFrom(0, 0, 0, 1, 2),
  }),
  awayMs: fc.oneof(fc.constant(null), seconds(7200), fc.constant(400_000_000)),
  crashes: fc.array(fc.record({ laterMs: seconds(1800), unheard: fc.boolean() }), { maxLength: 1 }),
  jumpMs: fc.oneof(fc.constant(0), fc.integer({ min: -7_200_000, max: 7_200_000 })),
});

const story = fc
  .record({
    attempts: fc.array(attempt, { minLength: 4, maxLength: 4 }),
    pricePerHourMicros: fc.integer({ min: 1000, max: dollars(40) }),
    /** How long the whole budget pays for a machine: mostly not as long as it may train. */
    budgetHours: fc.double({ min: 0, max: 3, noNaN: true }),
    spotShare: fc.option(fc.double({ min: 0.05, max: 1, noNaN: true })),
    leastSeconds: fc.constantFrom(0, 0, 60, 600),
    trainingSeconds: fc.integer({ min: 10, max: 80_000 }),
    spotAttempts: fc.integer({ min: 0, max: 3 }),
  })
  .map((given) => ({ ...given, budgetMicros: Math.max(1, Math.round(given.pricePerHourMicros * given.budgetHours)) }));
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const type = { name: 'local', title: 'Billed', cpus: 2, memoryGib: 8, gpus: [], priceListDate: '2026-11-01' };

/**
 * Real activities and their real database, a cloud that bills by a clock of its own. Told as `workflows/attempts.ts`
 * tells it: a machine, what becomes of it, its removal, and the next one only after that.
 */
async function run(
  ground: Ground<BillingCloud>,
  given: Story,
): Promise<{ bill: number; lastGoesMs: number; dearest: number }> {
  const { cloud, activities } = ground;
  const machine = { cloud: 'local', type: 'local', spot: given.spotShare !== null } as const;
  const { trainingSeconds, budgetMicros, spotAttempts } = given;
  const limits = { trainingSeconds, longestSeconds: trainingSeconds * 2, attempts: 4, spotAttempts, budgetMicros };
  const { holder } = await ground.accept({ machine, limits });
  await activities.createBucket(holder);
  await activities.createSignals(holder);
  let lastGoesMs = 0;
  let offsetMs = 0;
  const sync = () => {
    ground.clock.atMs = cloud.atMs + offsetMs;
  };
  for (const [index, each] of given.attempts.entries()) {
    const ref = { ...holder, attempt: index + 1 };
    cloud.behaves = () => each.behaviour;
    sync();
    const made = await ask(ground, ref, each, limits, sync);
    if (!made) break;
    lastGoesMs = Math.max(lastGoesMs, each.behaviour.goesAfterMs);
    offsetMs += each.jumpMs;
    // Away: whatever happens to the machine until then, happens without us.
    cloud.atMs += each.awayMs ?? Math.min(60_000, each.behaviour.lostAfterMs ?? 60_000);
    sync();
    await activities.removeMachine(ref);
    sync();
  }
  return { bill: cloud.bill(holder), lastGoesMs, dearest: given.pricePerHourMicros };
}

/** True when there is a machine; it is asked for again by a next worker, and when there was none. */
async function ask(
  ground: Ground<BillingCloud>,
  ref: AttemptRef & Holder,
  { crashes, behaviour }: Attempt,
  limits: { trainingSeconds: number; longestSeconds: number },
  sync: () => void,
): Promise<boolean> {
  const { cloud, activities } = ground;
  const left = { secondsLeft: limits.trainingSeconds, longestSecondsLeft: limits.longestSeconds };
  try {
    for (const { laterMs, unheard } of crashes) {
      cloud.diesAfterNext = unheard;
      await activities.createMachine({ ...ref, ...left }).catch((error: unknown) => {
        if (!(error instanceof WorkerKilled)) throw error;
      });
      cloud.diesAfterNext = false;
      cloud.atMs += laterMs;
      sync();
    }
    for (let refusals = crashes.length; refusals <= crashes.length + behaviour.refusals; refusals++) {
      const answer = await activities.createMachine({ ...ref, ...left, refusals });
      if (!answer.none) return true;
      cloud.atMs += 30_000;
      sync();
    }
  } catch (error) {
    if (error instanceof TrainyardError && error.type === 'OverBudget') return false;
    throw error;
  }
  return false;
}

async function opened({ pricePerHourMicros, spotShare, leastSeconds }: Story) {
  let ground: Ground<BillingCloud> | undefined;
  const spotPricePerHourMicros = spotShare === null ? null : Math.ceil(pricePerHourMicros * spotShare);
  const prices = { pricePerHourMicros, spotPricePerHourMicros, billedAtLeastSeconds: leastSeconds };
  const cloud = new BillingCloud({ ...type, ...prices }, () => ground?.clock.atMs ?? begin);
  cloud.atMs = begin;
  ground = await openGround({ cloud, machineWaitsSeconds: [30, 30, 30, 30] });
  ground.clock.atMs = begin;
  return ground;
}

const seen: { share: number; machines: number }[] = [];

test('the bill is never above the cap by more than the least that is billed and the time to go', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (given) => {
      const ground = await opened(given);
      const { cloud } = ground;
      try {
        const { bill, lastGoesMs, dearest } = await run(ground, given);
        // Two minutes to go are kept back from the budget, so only what is longer than that comes on top of it.
        const longerMs = Math.max(0, lastGoesMs - teardownMarginSeconds * 1000);
        // One millionth for each machine: its bill is rounded up.
        const most = given.budgetMicros + costOf(dearest, given.leastSeconds * 1000 + longerMs) + 4;
        expect(bill).toBeLessThanOrEqual(most);
        seen.push({ share: bill / given.budgetMicros, machines: cloud.billed.size });
      } finally {
        await ground.close();
      }
    }),
    { numRuns: 150, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: false },
  );
  // Caps that nobody came near would prove nothing.
  expect(seen.filter(({ share }) => share > 0.9).length).toBeGreaterThan(2);
  expect(seen.filter(({ machines }) => machines > 1).length).toBeGreaterThan(4);
}, 150_000);
