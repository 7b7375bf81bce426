import { sweepMender } from '../../activities/reconcile/mend-sweeps.ts';
import { trialJobId } from '../../activities/sweeps.ts';
import { idSchema } from '../../domain/ids.ts';
import type { SweepSpec } from '../../domain/sweep.ts';
import { type Ground, openGround } from './ground.ts';
import { madeDataset } from './dependencies.ts';
import { type SweepAsked, sweepSpecFor } from './sweep-spec-for.ts';

const begin = 1_790_000_000_000;
let ground: Ground;
let freeBytes = 0;
beforeEach(async () => {
  freeBytes = 1000;
  ground = await openGround({ freeBytes: async () => freeBytes, lowDiskBytes: 100 });
  ground.clock.atMs = begin;
});
afterEach(() => ground.close());

const stores = () => ground.dependencies.stores;
async function accepted(asked: SweepAsked = {}): Promise<SweepSpec> {
  const spec = sweepSpecFor(await madeDataset(ground.dependencies), asked);
  const order = { metric: 'roc_auc', idempotencyKey: null, requestHash: null, nowMs: begin };
  await stores().sweeps.insert(spec, order);
  return spec;
}
const advance = ({ id }: SweepSpec, asked: 'cancel' | 'stop' | null = null) =>
  ground.activities.advanceSweep({ id, asked });
const begun = async ({ id }: SweepSpec) => (await stores().jobs.ofSweep(id)).map((row) => row.sweep_trial);
async function ends(id: string): Promise<void> {
  await stores().jobs.enterPhase(id, 'releasing', '', 1);
  const end = { kind: 'job', id, outcome: 'succeeded', reason: 'It ran to its end.', failureType: null } as const;
  await ground.activities.closeWork(end);
}

test('a trial has the same id for ever, another than any other', () => {
  const { id } = sweepSpecFor('11111111-1111-4111-8111-111111111111');
  expect(idSchema.parse(trialJobId(id, 1))).toBe(trialJobId(id, 1));
  expect(trialJobId(id, 2)).not.toBe(trialJobId(id, 1));
});

test('a step that is repeated begins nothing twice, and starts what it could not start before', async () => {
  const sweep = await accepted();
  ground.work.away = true;
  await expect(advance(sweep)).rejects.toMatchObject({ type: 'CloudUnavailable' });
  expect(await begun(sweep)).toEqual([1, 2]);
  ground.work.away = false;
  expect(await advance(sweep)).toEqual({ end: null });
  expect(await begun(sweep)).toEqual([1, 2]);
  for (const number of [1, 2]) expect(ground.work.of({ kind: 'job', id: trialJobId(sweep.id, number) })?.runs).toBe(1);
});

test('the end of a trial wakes its sweep, again when it is closed again', async () => {
  const sweep = await accepted();
  await ground.work.startSweep({ id: sweep.id, owner: '', name: '', engine: '' });
  await advance(sweep);
  await ends(trialJobId(sweep.id, 1));
  await ends(trialJobId(sweep.id, 1));
  expect(ground.work.of({ kind: 'sweep', id: sweep.id })?.signals).toEqual(['trialEnded', 'trialEnded']);
  await advance(sweep);
  expect(await begun(sweep)).toEqual([1, 2, 3]);
});

test('a dataset that was removed ends it when its open trials have', async () => {
  const sweep = await accepted({ parallel: 1 });
  await advance(sweep);
  await stores().datasets.softDelete('default', sweep.base.datasetId, begin);
  expect(await advance(sweep)).toEqual({ end: null });
  await ends(trialJobId(sweep.id, 1));
  const { end } = await advance(sweep);
  expect(end).toMatchObject({ outcome: 'succeeded', reason: expect.stringContaining('has just been removed') });
  expect(await begun(sweep)).toEqual([1]);
  expect(await advance(sweep)).toEqual({ end });
});

test('with the disk nearly full nothing is begun until there is room', async () => {
  const sweep = await accepted();
  freeBytes = 50;
  await expect(advance(sweep)).rejects.toMatchObject({ type: 'DiskFull' });
  expect(await begun(sweep)).toEqual([]);
  expect((await stores().sweeps.find(sweep.id))?.sentence).toContain('nearly full');
  expect(await advance(sweep, 'stop')).toMatchObject({ end: { outcome: 'cancelled' } });
  const other = await accepted();
  freeBytes = 1000;
  await advance(other);
  expect(await begun(other)).toEqual([1, 2]);
});

test('cancel asks each open trial once, and is kept where nobody can be told', async () => {
  const sweep = await accepted();
  await advance(sweep);
  await stores().sweeps.askCancel('default', sweep.id, begin);
  await advance(sweep);
  await advance(sweep);
  for (const number of [1, 2]) {
    const id = trialJobId(sweep.id, number);
    expect((await stores().jobs.find(id))?.cancel_asked_at_ms).toBe(begin);
    expect(ground.work.of({ kind: 'job', id })?.signals).toEqual(['cancel']);
  }
});

test('reconcile starts a sweep that nobody started, and tells it once what was asked of it', async () => {
  const sweep = await accepted();
  const mend = sweepMender(ground.dependencies);
  ground.clock.atMs = begin + 2000;
  await mend();
  expect(ground.work.of({ kind: 'sweep', id: sweep.id })).toBeUndefined();
  ground.clock.atMs = begin + 4000;
  await mend();
  await stores().sweeps.askStop('default', sweep.id, begin);
  await mend();
  await mend();
  expect(ground.work.of({ kind: 'sweep', id: sweep.id })).toMatchObject({ type: 'sweep', runs: 1, signals: ['stop'] });
});

test('reconcile closes a sweep whose workflow failed, only when its trials have ended', async () => {
  const sweep = await accepted();
  await advance(sweep);
  await ground.work.startSweep({ id: sweep.id, owner: '', name: '', engine: '' });
  ground.work.fail(`sweep-${sweep.id}`);
  const mend = sweepMender(ground.dependencies);
  const phase = async () => (await stores().sweeps.find(sweep.id))?.phase;
  for (const seconds of [4, 10]) {
    ground.clock.atMs = begin + seconds * 1000;
    await mend();
  }
  expect(await phase()).toBe('training');
  for (const number of [1, 2]) {
    expect((await stores().jobs.find(trialJobId(sweep.id, number)))?.cancel_asked_at_ms).not.toBeNull();
    await ends(trialJobId(sweep.id, number));
  }
  await mend();
  expect(await stores().sweeps.find(sweep.id)).toMatchObject({ phase: 'done', outcome: 'failed' });
});
