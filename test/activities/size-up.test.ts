import { dollars } from '../../domain/money.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { type Ground, openGround } from './ground.ts';

const perHour = dollars(1);
const large = { name: 'large', memoryGib: 16, pricePerHourMicros: dollars(2) };
const open: Ground[] = [];

async function groundWith(larger: (typeof large)[]) {
  const cloud = new SimulatedCloud({ script: () => async (actor) => actor.gone, pricePerHourMicros: perHour, larger });
  const ground = await openGround({ cloud });
  open.push(ground);
  return ground;
}

async function ranOut(larger: (typeof large)[], limits: object = {}) {
  const ground = await groundWith(larger);
  const { holder } = await ground.accept({ limits: { trainingSeconds: 600, ...limits } });
  const ref = await ground.machineFor(holder);
  return { ground, ref, ask: () => ground.activities.largerMachine(ref) };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((ground) => ground.close()));
});

test('names the next size with its price, however often it is asked', async () => {
  const { ask } = await ranOut([{ ...large, name: 'huge', memoryGib: 64, pricePerHourMicros: dollars(9) }, large]);
  const sizeUp = { type: 'large', sentence: 'Trying once more a size up, on “large” (16 GiB, $2.00 an hour)' };
  expect(await ask()).toEqual(sizeUp);
  expect(await ask()).toEqual(sizeUp);
});

test('says nothing where the cloud has no larger machine', async () => {
  const { ask } = await ranOut([]);
  expect(await ask()).toEqual({ type: null, sentence: '' });
});

test('says that the budget does not pay for it', async () => {
  const enough = await ranOut([large], { budgetMicros: dollars(1) });
  expect((await enough.ask()).type).toBe('large');
  // A size up costs two dollars an hour: five minutes of it, and what the first machine has cost, are above this.
  const { ask } = await ranOut([large], { budgetMicros: dollars(0.15) });
  expect(await ask()).toEqual({
    type: null,
    sentence: 'What is left of the budget does not pay for the next size, “large” (16 GiB, $2.00 an hour).',
  });
});

test('the machine that is made then is of that size, at that price', async () => {
  const { ground, ref } = await ranOut([large]);
  await ground.activities.removeMachine(ref);
  const next = { ...ref, attempt: 2, secondsLeft: 60, longestSecondsLeft: 60 };
  await ground.activities.createMachine({ ...next, type: 'large' });
  expect(ground.cloud.audit.length).toBeGreaterThan(0);
  expect(await ground.dependencies.stores.attempts.get({ ...ref, attempt: 2 })).toMatchObject({
    machine_type: 'large',
    price_per_hour_micros: dollars(2),
  });
});
