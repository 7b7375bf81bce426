import { randomUUID } from 'node:crypto';
import { IdempotencyConflict } from '../../db/stores/job-store.ts';
import { type SweepSpec, sweepSpecSchema } from '../../domain/sweep.ts';
import { eachDatabase } from './each-database.ts';
import { jobSpec, madeDataset, nowMs, workspaceId } from './made-rows.ts';

function sweepSpec(datasetId: string, given: Partial<SweepSpec> = {}): SweepSpec {
  const { id: _id, name: _name, workspaceId: _workspace, owner: _owner, ...base } = jobSpec(datasetId);
  return sweepSpecSchema.parse({
    ...{ id: randomUUID(), workspaceId, owner: 'tester', name: 'Tiefen 🌲', base },
    ...{ search: { kind: 'seeds', count: 2 }, seeds: 1, parallel: 2, limits: {} },
    trials: [1, 2].map((number) => ({ number, combination: 1, settings: {}, seed: number })),
    ...given,
  });
}
const order = { metric: 'log_loss', idempotencyKey: null, requestHash: 'one', nowMs };

eachDatabase('sweeps', (bench) => {
  const sweeps = () => bench.stores.sweeps;
  const made = async (given: Partial<SweepSpec> = {}) => {
    const spec = sweepSpec(await madeDataset(bench.stores), given);
    await sweeps().insert(spec, order);
    return spec;
  };

  test('keeps what was accepted, as it was', async () => {
    const spec = sweepSpec(await madeDataset(bench.stores));
    const { inserted, row } = await sweeps().insert(spec, order);
    expect(inserted).toBe(true);
    expect(await sweeps().get(workspaceId, spec.id)).toEqual(row);
    expect(JSON.parse(row.spec_json)).toEqual(spec);
    expect(row).toMatchObject({ phase: 'queued', trial_count: 2, metric: 'log_loss', version: 1 });
  });

  test('accepts the same id or the same key once, and refuses it with other contents', async () => {
    const datasetId = await madeDataset(bench.stores);
    const spec = sweepSpec(datasetId);
    const both = await Promise.all([1, 2, 3].map(() => sweeps().insert(spec, order)));
    expect(both.filter(({ inserted }) => inserted)).toHaveLength(1);
    await expect(sweeps().insert(spec, { ...order, requestHash: 'two' })).rejects.toThrow(IdempotencyConflict);
    const keyed = { ...order, idempotencyKey: randomUUID() };
    const first = sweepSpec(datasetId);
    await sweeps().insert(first, keyed);
    expect(await sweeps().insert(sweepSpec(datasetId), keyed)).toMatchObject({
      inserted: false,
      row: { id: first.id },
    });
  });

  test('shows nothing of another workspace', async () => {
    const { id } = await made({ workspaceId: 'theirs' });
    expect(await sweeps().get(workspaceId, id)).toBeUndefined();
    expect(await sweeps().askCancel(workspaceId, id, nowMs)).toBe(false);
    expect((await sweeps().list(workspaceId, { limit: 500 })).map((row) => row.id)).not.toContain(id);
  });

  test('is asked once, ended once, and neither started nor asked after that', async () => {
    const { id } = await made();
    expect(await sweeps().markStarted(id, nowMs + 1)).toBe(true);
    expect(await sweeps().markStarted(id, nowMs + 2)).toBe(false);
    expect(await sweeps().askStop(workspaceId, id, nowMs + 3)).toBe(true);
    expect(await sweeps().askStop(workspaceId, id, nowMs + 4)).toBe(false);
    expect((await sweeps().open()).map((row) => row.id)).toContain(id);
    const end = { outcome: 'succeeded', reason: 'All 2 trials ended.', nowMs: nowMs + 5 } as const;
    expect(await sweeps().close(id, end)).toBe(true);
    expect(await sweeps().close(id, { ...end, outcome: 'failed' })).toBe(false);
    expect(await sweeps().askCancel(workspaceId, id, nowMs + 6)).toBe(false);
    expect(await sweeps().say(id, 'again')).toBe(false);
    expect(await sweeps().find(id)).toMatchObject({
      ...{ phase: 'done', outcome: 'succeeded', sentence: 'All 2 trials ended.' },
      ...{ started_at_ms: nowMs + 1, stop_asked_at_ms: nowMs + 3, done_at_ms: nowMs + 5, cancel_asked_at_ms: null },
    });
    expect((await sweeps().open()).map((row) => row.id)).not.toContain(id);
  });

  test('finds its trials among the jobs, in order', async () => {
    const sweep = await made();
    const begin = async (number: number) => {
      const spec = jobSpec(sweep.base.datasetId);
      const trial = { sweepId: sweep.id, number };
      await bench.stores.jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs, trial });
      return spec.id;
    };
    const second = await begin(2);
    const first = await begin(1);
    const found = await bench.stores.jobs.ofSweep(sweep.id);
    expect(found.map((row) => [row.id, row.sweep_id, row.sweep_trial])).toEqual([
      [first, sweep.id, 1],
      [second, sweep.id, 2],
    ]);
  });

  test('keeps its dataset from being removed while it is open, and no longer', async () => {
    const { id, base } = await made();
    const users = () => bench.stores.datasets.usedBy(workspaceId, base.datasetId);
    expect(await users()).toEqual([expect.objectContaining({ kind: 'sweep', id, phase: 'queued' })]);
    await sweeps().close(id, { outcome: 'cancelled', reason: 'Cancelled.', nowMs });
    expect(await users()).toEqual([]);
  });
});
