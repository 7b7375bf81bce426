import type { AttemptRef, Holder } from '../../domain/ids.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { handInModel, hello } from '../workflows/scripts.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
let script: Script;
beforeEach(async () => {
  ground = await openGround({ cloud: new SimulatedCloud({ script: () => (actor) => script(actor) }) });
});
afterEach(() => ground.close());

const handsIn: Script = async (actor) => {
  handInModel(actor);
  await actor.gone;
};
async function attemptWith(does: Script, holder: Holder, attempt: number): Promise<AttemptRef> {
  script = does;
  return ground.machineFor(holder, attempt);
}
const collect = (holder: Holder, attempts: number[]) => ground.activities.collectLeftovers({ ...holder, attempts });
const modelOf = ({ id }: Holder) => ground.dependencies.stores.models.findByJob(id);

test('takes in what the latest attempt with a result handed in, once', async () => {
  const holder = await ground.jobIn('releasing');
  await attemptWith(handsIn, holder, 1);
  await attemptWith(async (actor) => actor.gone, holder, 2);
  expect(await collect(holder, [1, 2])).toBe(true);
  const model = await modelOf(holder);
  expect(model).toMatchObject({ validation_score: 0.9 });
  // Also when the bucket is gone already.
  await ground.activities.removeBucket(holder);
  expect(await collect(holder, [1, 2])).toBe(true);
  expect(await modelOf(holder)).toEqual(model);
});

test('finds nothing where nothing was handed in, or nothing that counts', async () => {
  const holder = await ground.jobIn('releasing');
  expect(await collect(holder, [])).toBe(false);
  await attemptWith(async (actor) => actor.handIn({ 'report.html': 'half a result' }), holder, 1);
  expect(await collect(holder, [1, 2])).toBe(false);
});

test('keeps nothing of a trainer that said it had failed', async () => {
  const holder = await ground.jobIn('releasing');
  const ref = await attemptWith(
    async (actor) => {
      hello(actor);
      handInModel(actor);
      actor.say({ type: 'failed', failure: { type: 'BadData', message: 'It does not add up.' }, exitCode: 65 });
    },
    holder,
    1,
  );
  await ground.activities.drainEvents(ref);
  expect(await collect(holder, [1])).toBe(false);
  expect(await modelOf(holder)).toBeUndefined();
});
