import { randomUUID } from 'node:crypto';
import { IdempotencyConflict } from '../../db/stores/job-store.ts';
import { phases } from '../../domain/phases.ts';
import { eachDatabase } from './each-database.ts';
import { jobSpec, madeDataset, madeJob, nowMs, workspaceId } from './made-rows.ts';

const accepted = { idempotencyKey: null, requestHash: null, nowMs };
const ending = { outcome: 'failed', reason: 'The label is constant.', failureType: 'BadLabel', nowMs } as const;

eachDatabase('jobs', (bench) => {
  const jobs = () => bench.stores.jobs;

  test('keeps what was accepted, as it was', async () => {
    const spec = jobSpec(await madeDataset(bench.stores));
    const { inserted, row } = await jobs().insert(spec, accepted);
    expect(inserted).toBe(true);
    expect(await jobs().get(workspaceId, spec.id)).toEqual(row);
    expect(JSON.parse(row.spec_json)).toEqual(spec);
    expect(row).toMatchObject({ phase: 'queued', version: 1, accepted_at_ms: nowMs, outcome: null, cost_is_final: 0 });
  });

  test('accepts the same id once, also when both arrive at the same time', async () => {
    const spec = jobSpec(await madeDataset(bench.stores));
    const order = { ...accepted, requestHash: 'h' };
    const results = await Promise.all([1, 2, 3, 4].map(() => jobs().insert(spec, order)));
    expect(results.filter((result) => result.inserted)).toHaveLength(1);
    expect(new Set(results.map((result) => result.row.id))).toEqual(new Set([spec.id]));
  });

  test('answers a repeated key with the first job, and refuses it with another request', async () => {
    const datasetId = await madeDataset(bench.stores);
    const first = jobSpec(datasetId);
    const order = { idempotencyKey: randomUUID(), requestHash: 'one', nowMs };
    await jobs().insert(first, order);
    expect(await jobs().insert(jobSpec(datasetId), order)).toMatchObject({ inserted: false, row: { id: first.id } });
    const other = jobs().insert(jobSpec(datasetId), { ...order, requestHash: 'two' });
    await expect(other).rejects.toThrow(IdempotencyConflict);
    await expect(jobs().insert(first, { ...accepted, requestHash: 'two' })).rejects.toThrow(IdempotencyConflict);
    const elsewhere = jobSpec(datasetId, { workspaceId: 'other' });
    expect(await jobs().insert(elsewhere, order)).toMatchObject({ inserted: true });
  });

  test('shows nothing of another workspace, not even when its id is taken', async () => {
    const job = await madeJob(bench.stores, { workspaceId: 'theirs' });
    expect(await jobs().get(workspaceId, job.id)).toBeUndefined();
    expect(await jobs().find(job.id)).toBeDefined();
    expect(await jobs().askCancel(workspaceId, job.id, nowMs)).toBe(false);
    expect(await jobs().softDelete(workspaceId, job.id, nowMs)).toBe(false);
    const same = jobSpec(await madeDataset(bench.stores), { id: job.id });
    await expect(jobs().insert(same, accepted)).rejects.toThrow(IdempotencyConflict);
  });

  test('enters a phase only from where it may, and twice is the same as once', async () => {
    const { id } = await madeJob(bench.stores);
    const enter = (phase: Parameters<ReturnType<typeof jobs>['enterPhase']>[1], attempt = 0) =>
      jobs().enterPhase(id, phase, `now ${phase}`, attempt);
    expect(await enter('training')).toBe(false);
    expect(await enter('preparing')).toBe(true);
    expect(await enter('preparing')).toBe(true);
    expect(await enter('provisioning', 1)).toBe(true);
    expect(await enter('training', 1)).toBe(true);
    expect(await enter('provisioning', 2)).toBe(true);
    // A late write of the first attempt.
    expect(await enter('training', 1)).toBe(false);
    expect(await jobs().find(id)).toMatchObject({ phase: 'provisioning', attempt: 2, sentence: 'now provisioning' });
  });

  test('closes once, only from where it may, and never opens again', async () => {
    const { id } = await madeJob(bench.stores);
    await jobs().enterPhase(id, 'preparing', 'x', 0);
    expect(await jobs().close(id, ending)).toBe('refused');
    await jobs().enterPhase(id, 'releasing', 'x', 0);
    expect(await jobs().close(id, ending)).toBe('closed');
    expect(await jobs().close(id, { ...ending, outcome: 'succeeded', reason: 'other' })).toBe('already');
    for (const phase of phases) {
      if (phase !== 'done') expect(await jobs().enterPhase(id, phase, 'late', 9)).toBe(false);
    }
    expect(await jobs().say(id, 'late')).toBe(false);
    expect(await jobs().askCancel(workspaceId, id, nowMs)).toBe(false);
    expect(await jobs().find(id)).toMatchObject({
      phase: 'done',
      outcome: 'failed',
      reason: 'The label is constant.',
      failure_type: 'BadLabel',
      done_at_ms: nowMs,
    });
  });

  test('raises the version with every change that a page shows', async () => {
    const { id } = await madeJob(bench.stores);
    const changes = [
      () => jobs().enterPhase(id, 'preparing', 'x', 0),
      () => jobs().say(id, 'y'),
      () => jobs().markStarted(id, nowMs),
      () => jobs().setProgress(id, '{}'),
      () => jobs().setDeadline(id, nowMs),
      () => jobs().setCost(id, 5_000_000_000, false, '2026-01-01'),
      () => jobs().askStop(workspaceId, id, nowMs),
      () => jobs().askCancel(workspaceId, id, nowMs),
    ];
    for (const [index, change] of changes.entries()) {
      expect(await change()).toBe(true);
      expect((await jobs().find(id))?.version).toBe(index + 2);
    }
    expect(await jobs().askCancel(workspaceId, id, nowMs + 1)).toBe(false);
    const row = await jobs().find(id);
    expect(row).toMatchObject({ cancel_asked_at_ms: nowMs, cost_micros: 5_000_000_000, version: changes.length + 1 });
  });

  test('keeps a final cost', async () => {
    const { id } = await madeJob(bench.stores);
    await jobs().setCost(id, 7, true, 'a');
    expect(await jobs().setCost(id, 8, false, 'b')).toBe(false);
    expect(await jobs().find(id)).toMatchObject({ cost_micros: 7, cost_is_final: 1, price_list_date: 'a' });
  });

  test('lists, filters, sorts and counts within the workspace', async () => {
    const datasetId = await madeDataset(bench.stores);
    const home = { workspaceId: `list-${randomUUID()}` };
    const names = ['Beta 100%', 'alpha', 'gamma_x'];
    for (const [index, name] of names.entries()) {
      const engine = { name: index === 0 ? 'autogluon' : 'sklearn', settings: {} };
      await jobs().insert(jobSpec(datasetId, { ...home, name, engine }), { ...accepted, nowMs: nowMs + index });
    }
    const listed = async (listing: Parameters<ReturnType<typeof jobs>['list']>[1]) =>
      (await jobs().list(home.workspaceId, listing)).map((job) => job.name);
    expect(await listed({})).toEqual(['gamma_x', 'alpha', 'Beta 100%']);
    expect(await listed({ sort: 'accepted', direction: 'asc', limit: 1, offset: 1 })).toEqual(['alpha']);
    expect(await listed({ sort: 'name', direction: 'asc' })).toEqual(['Beta 100%', 'alpha', 'gamma_x']);
    expect(await listed({ text: '0%' })).toEqual(['Beta 100%']);
    expect(await listed({ text: 'ALPHA' })).toEqual(['alpha']);
    expect(await listed({ text: 'a_x' })).toEqual(['gamma_x']);
    expect(await listed({ engine: 'sklearn', phase: ['queued', 'preparing'], datasetId })).toHaveLength(2);
    expect(await listed({ outcome: 'failed' })).toEqual([]);
    expect(await jobs().count(home.workspaceId)).toBe(3);
    expect(await jobs().count(home.workspaceId, { engine: 'autogluon' })).toBe(1);
  });

  test('finds by the beginning of an id', async () => {
    const { id } = await madeJob(bench.stores);
    expect((await jobs().list(workspaceId, { text: id.slice(0, 13) })).map((job) => job.id)).toEqual([id]);
  });

  test('deletes only what is done, and then shows it only when asked', async () => {
    const { id } = await madeJob(bench.stores);
    expect(await jobs().softDelete(workspaceId, id, nowMs)).toBe(false);
    await jobs().close(id, ending);
    expect(await jobs().softDelete(workspaceId, id, nowMs)).toBe(true);
    expect(await jobs().get(workspaceId, id)).toBeUndefined();
    expect(await jobs().get({ workspaceId, deleted: true }, id)).toMatchObject({ deleted_at_ms: nowMs });
  });

  test('knows what is open, and what retention may take', async () => {
    const { id } = await madeJob(bench.stores);
    const ids = async (rows: Promise<{ id: string }[]>) => (await rows).map((row) => row.id);
    expect(await ids(jobs().open())).toContain(id);
    await jobs().close(id, ending);
    expect(await ids(jobs().open())).not.toContain(id);
    expect(await ids(jobs().withLogDoneBefore(nowMs, 1000))).toContain(id);
    expect(await jobs().markLogDeleted(workspaceId, id, nowMs)).toBe(true);
    expect(await ids(jobs().withLogDoneBefore(nowMs, 1000))).not.toContain(id);
  });

  test('knows the jobs that go on from a job', async () => {
    const parent = await madeJob(bench.stores);
    const child = await madeJob(bench.stores, { continuesJobId: parent.id });
    expect((await jobs().childrenOf(workspaceId, parent.id)).map((job) => job.id)).toEqual([child.id]);
    expect(await jobs().childrenOf('other', parent.id)).toEqual([]);
  });

  test('refuses a job of a dataset that is not there', async () => {
    await expect(jobs().insert(jobSpec(randomUUID()), accepted)).rejects.toThrow(/foreign key/i);
  });
});
