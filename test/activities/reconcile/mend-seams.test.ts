import { seamMender } from '../../../activities/reconcile/mend-seams.ts';
import { type Holder, workflowIdOf } from '../../../domain/ids.ts';
import { type Ground, openGround } from '../ground.ts';

const begin = 1_790_000_000_000;
let ground: Ground;
let mend: () => Promise<void>;
beforeEach(async () => {
  ground = await openGround();
  ground.clock.atMs = begin;
  mend = seamMender(ground.dependencies);
});
afterEach(() => ground.close());

const later = (ms: number) => {
  ground.clock.atMs = (ground.clock.atMs ?? begin) + ms;
};
const signalsOf = (holder: Holder) => ground.work.of(holder)?.signals;
const jobs = () => ground.dependencies.stores.jobs;

/** As its own workflow would have done: it runs, and the database knows. */
async function running(phase: 'preparing' | 'training' | 'releasing' = 'training'): Promise<Holder> {
  const holder = await ground.jobIn(phase);
  await ground.work.startJob(JSON.parse((await jobs().find(holder.id))?.spec_json ?? ''));
  return holder;
}

test('starts what was accepted and not started, jobs and predictions', async () => {
  const { holder: job } = await ground.accept();
  const { holder: prediction } = await ground.acceptPrediction();
  later(4000);
  await mend();
  await mend();
  expect(ground.work.of(job)).toMatchObject({ type: 'trainJob', runs: 1 });
  expect(ground.work.of(prediction)).toMatchObject({ type: 'predictBatch', runs: 1 });
});

test('leaves what was just accepted to whoever accepted it', async () => {
  const { holder } = await ground.accept();
  later(2000);
  await mend();
  expect(ground.work.of(holder)).toBeUndefined();
});

test.each(['cancel', 'stop'] as const)('delivers a %s that was asked while Temporal was away, once', async (what) => {
  const holder = await running();
  const ask = what === 'cancel' ? jobs().askCancel : jobs().askStop;
  await ask('default', holder.id, begin);
  ground.work.away = true;
  await expect(mend()).rejects.toMatchObject({ type: 'CloudUnavailable' });
  ground.work.away = false;
  await mend();
  await mend();
  expect(signalsOf(holder)).toEqual([what]);
});

test('asks nothing of work that is being taken down already', async () => {
  const holder = await running('releasing');
  await jobs().askCancel('default', holder.id, begin);
  await mend();
  expect(signalsOf(holder)).toEqual([]);
});

test('a job that was cancelled before it ever started is started and told', async () => {
  const { holder } = await ground.accept();
  await jobs().askCancel('default', holder.id, begin);
  later(4000);
  await mend();
  await mend();
  expect(signalsOf(holder)).toEqual(['cancel']);
});

test('a queued job that Temporal lost begins anew, and hears again what was asked of it', async () => {
  const { holder, spec } = await ground.accept();
  await ground.work.startJob(spec);
  await jobs().markStarted(holder.id, begin);
  await jobs().askCancel('default', holder.id, begin);
  later(10_000);
  await mend();
  ground.work.loseEverything();
  await mend();
  await mend();
  expect(ground.work.of(holder)).toMatchObject({ state: 'running', signals: ['cancel'] });
  expect(ground.work.releaseOf(holder)).toBeUndefined();
});

describe.each([
  ['terminated in Temporal', 'terminated', (holder: Holder) => ground.work.terminate(workflowIdOf(holder))],
  ['failed by itself', 'workflow_failed', (holder: Holder) => ground.work.fail(workflowIdOf(holder))],
  ['lost by Temporal after it had made something', 'history_lost', () => ground.work.loseEverything()],
] as const)('work that was %s', (_what, ending, happens) => {
  test('is released, once it had its time to close by itself', async () => {
    const holder = await running();
    happens(holder);
    await mend();
    later(4000);
    await mend();
    expect(ground.work.releaseOf(holder)).toBeUndefined();
    later(2000);
    await mend();
    await mend();
    expect(ground.work.releaseOf(holder)).toMatchObject({ type: 'releaseHolder', runs: 1, ending });
  });

  test('was cancelled, if that was asked before', async () => {
    const holder = await running();
    await jobs().askCancel('default', holder.id, begin);
    happens(holder);
    await mend();
    later(6000);
    await mend();
    expect(ground.work.releaseOf(holder)).toMatchObject({ ending: 'cancelled' });
  });
});

test('a job that was terminated before a worker ever saw it is released, not left queued for ever', async () => {
  const { holder, spec } = await ground.accept();
  await ground.work.startJob(spec);
  ground.work.terminate(workflowIdOf(holder));
  for (let pass = 0; pass < 3; pass++) {
    later(5000);
    await mend();
  }
  expect(ground.work.releaseOf(holder)).toMatchObject({ state: 'running' });
});

test('a release that did not get to its end is begun again', async () => {
  const holder = await running();
  ground.work.terminate(workflowIdOf(holder));
  for (let pass = 0; pass < 2; pass++) {
    await mend();
    later(6000);
  }
  await mend();
  ground.work.terminate(`release-${workflowIdOf(holder)}`);
  await mend();
  expect(ground.work.releaseOf(holder)).toMatchObject({ runs: 2, state: 'running' });
});

test('what is done is left alone', async () => {
  const holder = await running('releasing');
  await ground.activities.closeWork({ ...holder, outcome: 'succeeded', reason: 'Done.', failureType: null });
  ground.work.loseEverything();
  later(60_000);
  await mend();
  expect(ground.work.workflows.size).toBe(0);
});

test('one that cannot be mended does not keep the others from it', async () => {
  const { holder: broken } = await ground.accept();
  const { holder: whole } = await ground.accept();
  const { startJob } = ground.work;
  ground.work.startJob = async (spec) => {
    if (spec.id === broken.id) throw new RangeError('A payload is over the limit.');
    await startJob(spec);
  };
  later(4000);
  await expect(mend()).rejects.toThrow('1 of 2 were not mended');
  expect(ground.work.of(whole)).toBeDefined();
});
