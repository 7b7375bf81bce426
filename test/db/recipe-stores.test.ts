import { randomUUID } from 'node:crypto';
import { eachDatabase } from './each-database.ts';
import { datasetRow, madeDataset, madeJob, nowMs, workspaceId } from './made-rows.ts';

eachDatabase('recipes, preparations and uploads', (bench) => {
  const stores = () => bench.stores;
  const steps = (...ids: string[]) => JSON.stringify(ids.map((id) => ({ id, kind: 'trim-text' })));

  async function madeRecipe(datasetId?: string) {
    const { row } = await stores().recipes.insert(
      {
        id: randomUUID(),
        workspace_id: workspaceId,
        owner: 'tester',
        name: 'Tidy – 整頓',
        dataset_id: datasetId ?? (await madeDataset(stores())),
        steps_json: '[]',
      },
      nowMs,
    );
    return row;
  }
  const at = (id: string, position: number, more = {}) => ({ workspaceId, id, position, nowMs, ...more });
  const positionOf = (edited: Awaited<ReturnType<ReturnType<typeof stores>['recipes']['edit']>>) =>
    typeof edited === 'string' ? edited : edited.row.position;

  test('a recipe is kept once, within its workspace', async () => {
    const row = await madeRecipe();
    const { recipes } = stores();
    expect(await recipes.insert({ ...row, name: 'other' }, 1)).toEqual({ inserted: false, row });
    expect(await recipes.get(workspaceId, row.id)).toEqual(row);
    expect(await recipes.get('other', row.id)).toBeUndefined();
    expect((await recipes.list(workspaceId, { text: 'TIDY', datasetId: row.dataset_id })).map(({ id }) => id)).toEqual([
      row.id,
    ]);
  });

  test('each change is a state to go back to, and one that was given a number keeps it', async () => {
    const { id } = await madeRecipe();
    const { recipes } = stores();
    expect(positionOf(await recipes.edit(at(id, 0), () => steps('a')))).toBe(1);
    expect(positionOf(await recipes.edit(at(id, 1), () => steps('a', 'b')))).toBe(2);
    expect(await recipes.undo(at(id, 2))).toMatchObject({ row: { position: 1, steps_json: steps('a') } });
    expect(await recipes.mayStep({ id, position: 1 })).toEqual({ undo: true, redo: true });
    expect(await recipes.redo(at(id, 1))).toMatchObject({ row: { position: 2, steps_json: steps('a', 'b') } });
    await recipes.undo(at(id, 2));
    // What was undone is gone, and its number is not given again: whoever still sees it must be told.
    expect(positionOf(await recipes.edit(at(id, 1), () => steps('a', 'c')))).toBe(3);
    expect(await recipes.edit(at(id, 2), () => steps('a', 'b', 'd'))).toBe('moved');
    expect(await recipes.redo(at(id, 3))).toBe('nothing');
    expect(await recipes.undo(at(id, 3))).toMatchObject({ row: { position: 1, steps_json: steps('a') } });
    expect(await recipes.undo(at(id, 0))).toBe('moved');
    expect(await recipes.edit(at(randomUUID(), 0), () => steps('a'))).toBe('not there');
  });

  test('what changes nothing is no state', async () => {
    const { id } = await madeRecipe();
    expect(positionOf(await stores().recipes.edit(at(id, 0), (before) => before))).toBe(0);
    expect(await stores().recipes.mayStep({ id, position: 0 })).toEqual({ undo: false, redo: false });
  });

  test('of two changes of the same state one is told to look again', async () => {
    const { id } = await madeRecipe();
    const both = ['a', 'b'].map((step) => stores().recipes.edit(at(id, 0), () => steps(step)));
    const ended = await Promise.all(both);
    expect(ended.filter((one) => one === 'moved')).toHaveLength(1);
  });

  test('undo goes back two hundred states and no more', async () => {
    const { id } = await madeRecipe();
    const { recipes } = stores();
    for (let n = 0; n < 205; n += 1) await recipes.edit(at(id, n), () => steps(`s${n}`));
    let position = 205;
    let undone = 0;
    for (; ; undone += 1) {
      const stepped = await recipes.undo(at(id, position));
      if (typeof stepped === 'string') break;
      position = stepped.row.position;
    }
    expect([undone, position]).toEqual([199, 6]);
  });

  test('a version stays as it was saved; saving the same again makes no other', async () => {
    const { id } = await madeRecipe();
    const { recipes } = stores();
    await recipes.edit(at(id, 0), () => steps('a'));
    const saved = await recipes.saveVersion({ workspaceId, id, owner: 'tester', position: 1, nowMs });
    expect(saved).toMatchObject({ isNew: true, version: { number: 1, steps_json: steps('a') } });
    expect(await recipes.saveVersion({ workspaceId, id, owner: 'x', nowMs: 1 })).toMatchObject({ isNew: false });
    expect(await recipes.saveVersion({ workspaceId, id, owner: 'x', position: 0, nowMs: 1 })).toBe('moved');
    await recipes.edit(at(id, 1), () => steps('b'));
    const both = await Promise.all([1, 2].map(() => recipes.saveVersion({ workspaceId, id, owner: 'tester', nowMs })));
    expect(both.map((one) => typeof one !== 'string' && one.version.number)).toEqual([2, 2]);
    expect((await recipes.versions(id)).map(({ number, steps_json }) => [number, steps_json])).toEqual([
      [2, steps('b')],
      [1, steps('a')],
    ]);
  });

  async function madePreparation(datasetId?: string) {
    const recipe = await madeRecipe(datasetId);
    await stores().recipes.saveVersion({ workspaceId, id: recipe.id, owner: 'tester', nowMs });
    const { row } = await stores().preparations.insert(
      {
        id: randomUUID(),
        workspace_id: workspaceId,
        owner: 'tester',
        name: 'tidy.parquet',
        recipe_id: recipe.id,
        recipe_version: 1,
        dataset_id: recipe.dataset_id,
        rows_total: 5_000_000_000,
      },
      nowMs,
    );
    return row;
  }

  test('a preparation is accepted once, goes on, and ends once', async () => {
    const { preparations } = stores();
    const row = await madePreparation();
    expect(await preparations.insert({ ...row, name: 'other' }, 1)).toMatchObject({ inserted: false, row });
    expect((await preparations.open()).map(({ id }) => id)).toContain(row.id);
    expect(await preparations.markStarted(row.id, nowMs)).toBe(true);
    expect(await preparations.markStarted(row.id, 1)).toBe(false);
    const progress = { rows_done: 3_000_000_000, rows_total: 5_000_000_000, seconds_left: 12, sentence: 'Writing.' };
    expect(await preparations.progress(row.id, progress)).toBe(true);
    expect(await preparations.askCancel('other', row.id, nowMs)).toBe(false);
    expect(await preparations.askCancel(workspaceId, row.id, nowMs)).toBe(true);
    expect(await preparations.askCancel(workspaceId, row.id, 1)).toBe(false);
    expect(await preparations.markSeen(workspaceId, row.id, nowMs)).toBe(false);
    expect(await preparations.softDelete(workspaceId, row.id, nowMs)).toBe(false);
    const before = await preparations.unseen(workspaceId);
    expect(await preparations.close(row.id, { outcome: 'succeeded', reason: 'Done.', nowMs })).toBe(true);
    expect(await preparations.close(row.id, { outcome: 'failed', reason: 'No.', nowMs })).toBe(false);
    expect(await preparations.progress(row.id, progress)).toBe(false);
    expect(await preparations.get(workspaceId, row.id)).toMatchObject({
      ...{ outcome: 'succeeded', sentence: 'Done.', rows_done: 3_000_000_000, seconds_left: null, version: 5 },
    });
    expect(await preparations.unseen(workspaceId)).toBe(before + 1);
    expect(await preparations.markSeen(workspaceId, row.id, nowMs)).toBe(true);
    expect(await preparations.unseen(workspaceId)).toBe(before);
    expect(await preparations.list(workspaceId, { recipeId: row.recipe_id, open: false })).toHaveLength(1);
    expect(await preparations.softDelete(workspaceId, row.id, nowMs)).toBe(true);
    expect(await preparations.get(workspaceId, row.id)).toBeUndefined();
  });

  test('a recipe that is being carried out cannot be removed; its versions stay for ever', async () => {
    const { preparations, recipes } = stores();
    const row = await madePreparation();
    expect(await recipes.remove('other', row.recipe_id, nowMs)).toEqual([]);
    expect(await recipes.remove(workspaceId, row.recipe_id, nowMs)).toEqual([{ id: row.id, name: 'tidy.parquet' }]);
    await preparations.close(row.id, { outcome: 'cancelled', reason: 'x', nowMs });
    expect(await recipes.remove(workspaceId, row.recipe_id, nowMs)).toEqual([]);
    expect(await recipes.get(workspaceId, row.recipe_id)).toBeUndefined();
    expect(await recipes.version(row.recipe_id, 1)).toBeDefined();
  });

  test('it is known which recipes and preparations need a dataset, also to look things up in', async () => {
    const { datasets, preparations, recipes } = stores();
    const other = await madeDataset(stores());
    const row = await madePreparation();
    const own = await datasets.usedBy(workspaceId, row.dataset_id);
    expect(own.map(({ kind, phase }) => [kind, phase])).toEqual([
      ['preparation', 'queued'],
      ['recipe', 'done'],
    ]);
    expect(await datasets.removeUnused(workspaceId, row.dataset_id, nowMs)).toMatchObject([{ kind: 'preparation' }]);
    expect(await datasets.usedBy(workspaceId, other)).toEqual([]);
    await recipes.edit(at(row.recipe_id, 0), () => JSON.stringify([{ settings: { dataset: other } }]));
    expect(await datasets.usedBy(workspaceId, other)).toMatchObject([{ kind: 'recipe', id: row.recipe_id }]);
    await preparations.close(row.id, { outcome: 'cancelled', reason: 'x', nowMs });
    const unused = (await datasets.unusedSince(nowMs, 1000)).map(({ id }) => id);
    expect(unused).not.toContain(other);
    expect(unused).not.toContain(row.dataset_id);
    await recipes.remove(workspaceId, row.recipe_id, nowMs);
    expect((await datasets.unusedSince(nowMs, 1000)).map(({ id }) => id)).toContain(other);
  });

  test('a job needs what its version of a recipe looks things up in, and that version alone', async () => {
    const { recipes, datasets } = stores();
    const [other, { id: recipeId }] = [await madeDataset(stores()), await madeRecipe()];
    const own = { workspaceId, id: recipeId, owner: 'tester', nowMs };
    const look = (on: boolean) => JSON.stringify([{ id: 'a', kind: 'join', on, settings: { dataset: other } }]);
    for (const stepsJson of [look(true), look(false), steps('b')]) {
      await recipes.edit(own, () => stepsJson);
      await recipes.saveVersion(own);
    }
    const [first, off, third] = [
      await madeJob(stores(), { name: 'one', recipeId, recipeVersion: 1 }),
      await madeJob(stores(), { name: 'off', recipeId, recipeVersion: 2 }),
      await madeJob(stores(), { name: 'three', recipeId, recipeVersion: 3 }),
    ];
    await madeJob(stores());
    expect((await datasets.usedBy(workspaceId, other)).map(({ kind, id }) => [kind, id])).toEqual([['job', first.id]]);
    expect(await datasets.removeUnused(workspaceId, other, nowMs)).toMatchObject([{ kind: 'job', name: 'one' }]);
    await recipes.remove(workspaceId, recipeId, nowMs);
    expect(await datasets.removeUnused(workspaceId, other, nowMs)).toHaveLength(1);
    expect((await recipes.jobsWith(workspaceId, recipeId)).map(({ id }) => id).toSorted()).toEqual(
      [first.id, off.id, third.id].toSorted(),
    );
    expect(await recipes.jobsWith('other', recipeId)).toEqual([]);
  });

  test('versions of a dataset are one family, each with the next number', async () => {
    const { datasets } = stores();
    const first = (await datasets.insert(datasetRow())).row;
    const second = await datasets.insertVersion(datasetRow({ import_json: '{}', table_name: 'data-1' }), first);
    const more = await Promise.all([second, first].map((of) => datasets.insertVersion(datasetRow(), of)));
    expect([second.version, ...more.map(({ version }) => version).toSorted((one, other) => one - other)]).toEqual([
      2, 3, 4,
    ]);
    expect((await datasets.history(workspaceId, second)).map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    expect(await datasets.history('other', second)).toEqual([]);
    expect(await datasets.rename(workspaceId, second.id, 'better.csv')).toBe(true);
    expect(await datasets.rename('other', second.id, 'worse.csv')).toBe(false);
    expect(await datasets.get(workspaceId, second.id)).toMatchObject({ name: 'better.csv', import_json: '{}' });
  });

  test('an upload goes on from what is safe, and ends one way', async () => {
    const { uploads } = stores();
    const given = { id: randomUUID(), workspace_id: workspaceId, owner: 'tester', name: 'a.csv', url: null };
    const row = { ...given, bytes_total: 6_000_000_000, options_json: '{}' };
    expect(await uploads.insert(row, nowMs)).toMatchObject({ inserted: true, row: { state: 'receiving' } });
    expect(await uploads.insert({ ...row, name: 'b.csv' }, 1)).toMatchObject({
      inserted: false,
      row: { name: 'a.csv' },
    });
    expect(await uploads.get('other', row.id)).toBeUndefined();
    await uploads.received(row.id, 5_000_000_000, nowMs + 1);
    expect(await uploads.get(workspaceId, row.id)).toMatchObject({ bytes_received: 5_000_000_000 });
    expect((await uploads.untouchedSince(nowMs + 1, 1000)).map(({ id }) => id)).not.toContain(row.id);
    expect((await uploads.untouchedSince(nowMs + 2, 1000)).map(({ id }) => id)).toContain(row.id);
    expect((await uploads.interrupted()).map(({ id }) => id)).not.toContain(row.id);
    expect(await uploads.reading(row.id, 6_000_000_000, nowMs)).toBe(true);
    expect(await uploads.reading(row.id, 6_000_000_000, nowMs)).toBe(false);
    expect((await uploads.interrupted()).map(({ id }) => id)).toContain(row.id);
    expect(await uploads.kept(row.id, randomUUID(), nowMs)).toBe(true);
    expect(await uploads.refused(row.id, 'reading', '{}', nowMs)).toBe(false);
    await uploads.remove(row.id);
    expect(await uploads.get(workspaceId, row.id)).toBeUndefined();
  });
});
