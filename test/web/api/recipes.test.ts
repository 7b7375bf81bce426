import { setTimeout as sleep } from 'node:timers/promises';
import { openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;
let datasetId: string;

beforeAll(async () => {
  yard = await openYard();
  datasetId = await uploadCustomers(yard);
});
afterAll(() => yard.close());

const trim = { kind: 'trim-text', settings: { columns: ['plan'], letters: 'upper' } };
const fill = { kind: 'fill-missing', settings: { columns: ['spend'], with: 'median' } };

async function begun(steps: object[] = [trim, fill]) {
  const { body, status } = await yard.api.post('/recipes', { datasetId, steps });
  expect([status, body.detail]).toEqual([201, undefined]);
  return body as { id: string; position: number; steps: { id: string }[] };
}

it('says every kind of step with its fields', async () => {
  const { body } = await yard.api.get('/step-kinds');
  expect(body.length).toBeGreaterThan(25);
  expect(body.find((kind: { name: string }) => kind.name === 'trim-text')).toMatchObject({
    ...{ title: 'Trim and change case', group: 'text', reach: 'rowwise' },
    fields: [{ name: 'columns', input: 'columns', types: ['VARCHAR'] }, { name: 'letters' }],
  });
});

it('keeps a recipe with its sentences, once for an id', async () => {
  const recipe = await begun();
  expect((await yard.api.get(`/recipes/${recipe.id}`)).body).toMatchObject({
    ...{ name: 'Recipe for customers', datasetId, position: 0, latestVersion: 0, canUndo: false, isChanged: true },
    steps: [
      { id: 's1', kind: 'trim-text', on: true, sentence: 'Trim and make large “plan”' },
      { id: 's2', kind: 'fill-missing', onFailure: 'empty', sentence: 'Fill missing “spend” with the median' },
    ],
  });
  const again = await yard.api.post('/recipes', { id: recipe.id, datasetId });
  expect([again.status, again.body.steps.length]).toEqual([200, 2]);
  const { body } = await yard.api.get(`/recipes?datasetId=${datasetId}&search=customers`);
  expect(body.items.map(({ id }: { id: string }) => id)).toContain(recipe.id);
  expect((await yard.api.post('/recipes', { datasetId: recipe.id })).body.problems).toMatchObject([
    { field: 'datasetId' },
  ]);
});

it('adds, changes, switches, moves and removes steps, and takes each change back', async () => {
  const { id } = await begun([]);
  const steps = `/recipes/${id}/steps`;
  const ids = (body: { steps: { id: string; on: boolean }[] }) =>
    body.steps.map((step) => `${step.id}${step.on ? '' : ' off'}`).join(' ');
  expect(ids((await yard.api.post(steps, { ...trim, position: 0 })).body)).toBe('s1');
  expect(ids((await yard.api.post(steps, { ...fill, id: 'mine', at: 0, position: 1 })).body)).toBe('mine s1');
  expect(ids((await yard.api.patch(`${steps}/s1`, { on: false, position: 2 })).body)).toBe('mine s1 off');
  expect(ids((await yard.api.patch(`${steps}/s1`, { at: 0, position: 3 })).body)).toBe('s1 off mine');
  const settings = { columns: ['plan'], letters: 'lower' };
  const changed = await yard.api.patch(`${steps}/s1`, { settings, onFailure: 'drop', position: 4 });
  expect(changed.body.steps[0]).toMatchObject({ settings, onFailure: 'drop', on: false });
  expect(ids((await yard.api.delete(`${steps}/s1?position=5`).set('X-Trainyard', '1')).body)).toBe('mine');
  let { body } = await yard.api.post(`/recipes/${id}/undo`, { position: 6 });
  expect(ids(body)).toBe('s1 off mine');
  ({ body } = await yard.api.post(`/recipes/${id}/redo`, { position: 5 }));
  expect([ids(body), body.canUndo, body.canRedo]).toEqual(['mine', true, false]);
  expect((await yard.api.post(`/recipes/${id}/redo`, { position: 6 })).status).toBe(409);
  expect((await yard.api.patch(`${steps}/gone`, { on: true })).status).toBe(404);
});

it('refuses a change of a draft that was changed elsewhere, and changes nothing', async () => {
  const { id } = await begun();
  await yard.api.put(`/recipes/${id}/steps`, { position: 0, steps: [trim] });
  const late = await yard.api.put(`/recipes/${id}/steps`, { position: 0, steps: [] });
  expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining('changed meanwhile')]);
  expect((await yard.api.get(`/recipes/${id}`)).body).toMatchObject({ position: 1, stepCount: 1 });
});

it('refuses a kind of step that there is not, and takes one whose settings are not complete yet', async () => {
  const { id } = await begun([]);
  const unknown = await yard.api.post(`/recipes/${id}/steps`, { kind: 'run-code', settings: {} });
  expect([unknown.status, unknown.body.detail]).toEqual([422, expect.stringContaining('“run-code”')]);
  const { body } = await yard.api.post(`/recipes/${id}/steps`, { kind: 'trim-text' });
  expect(body.steps).toMatchObject([{ sentence: 'Trim and change case', settings: {} }]);
});

it('saves versions that stay as they are', async () => {
  const { id } = await begun([trim]);
  const first = await yard.api.post(`/recipes/${id}/versions`, { position: 0 });
  expect([first.status, first.body.number]).toEqual([201, 1]);
  expect((await yard.api.post(`/recipes/${id}/versions`)).status).toBe(200);
  expect((await yard.api.get(`/recipes/${id}`)).body).toMatchObject({ isChanged: false, latestVersion: 1 });
  await yard.api.put(`/recipes/${id}/steps`, { position: 0, steps: [] });
  await yard.api.post(`/recipes/${id}/versions`, {});
  const { body } = await yard.api.get(`/recipes/${id}/versions`);
  expect(body).toMatchObject([
    { number: 2, steps: [], owner: 'ada' },
    { number: 1, steps: [{ kind: 'trim-text' }] },
  ]);
});

it('goes out as YAML and comes in again as the same steps', async () => {
  const { id } = await begun([{ ...trim, onFailure: 'drop', on: false }, fill]);
  const file = await yard.api.get(`/recipes/${id}/export`);
  expect(file.headers['content-disposition']).toContain('Recipe for customers.yaml');
  expect(file.text).toContain('trainyard: recipe');
  const { body, status } = await yard.api.post('/recipes/import', { datasetId, yaml: file.text, name: 'come back' });
  expect([status, body.recipe?.name, body.fit?.fits]).toEqual([201, 'come back', true]);
  const before = (await yard.api.get(`/recipes/${id}`)).body.steps;
  expect(body.recipe.steps).toEqual(before);
});

const head = 'trainyard: recipe\nformat: 1\n';
const keys = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`).join();
it.each([
  ['what is no YAML', `${head}steps: [`, 'Line 3'],
  ['a kind that there is not', `${head}steps:\n  - kind: trim-text\n  - kind: evil\n`, 'Line 5: There is no kind'],
  ['a setting of a step that there is not', `${head}steps:\n  - kind: trim-text\n    code: x\n`, 'Line 4'],
  ['something else', 'a: 1\n', 'Line 1'],
  ['a newer format', 'trainyard: recipe\nformat: 2\nsteps: []\n', 'Line 2: This recipe was written by a newer'],
  ['no format', 'trainyard: recipe\nsteps: []\n', 'It does not say how it is written: “format: 1”'],
  ['aliases', `${head}steps: &a\n  - kind: trim-text\n    settings: {x: *a}\n`, 'Aliases'],
  ['a bomb', `${head}a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\nsteps: []\n`, 'Aliases'],
  ['a tag that makes things', `${head}steps: !!js/function 'x'\n`, 'Line 3'],
  ['a key that is there twice', `${head}steps: []\nname: a\nname: b\n`, 'Line 5: “name” is there twice'],
  ['more keys than a recipe has', `${head}x: {${keys(20_001)}}\nsteps: []\n`, 'at most 20000 keys'],
  // Compared one with each other, these would hold the whole server for half a minute.
  ['many keys with two alike at the end', `${head}x: {${keys(19_000)},k0}\nsteps: []\n`, 'Line 3: “k0” is there twice'],
  ['too much', `${head}steps: []\n# ${'x'.repeat(262_144)}`, 'at most 256 KB'],
])('refuses %s, and says where', async (_what, yaml, sentence) => {
  const { status, body } = await yard.api.post('/recipes/import', { datasetId, yaml });
  expect([status, body.detail]).toEqual([422, expect.stringContaining(sentence)]);
});

it('says step by step what does not fit another dataset', async () => {
  const { id } = await begun();
  const other = (await yard.api.upload('/datasets', 'plan,price\n basic ,1\n', 'other.csv')).body.id;
  const { body } = await yard.api.post(`/recipes/${id}/try`, { datasetId: other });
  expect(body).toMatchObject({
    fits: false,
    sentence: '1 of 2 steps do not fit “other.csv”: step 2.',
    steps: [
      { place: 1, problems: [] },
      { place: 2, problems: [{ column: 'spend', message: 'There is no column “spend” at this point.' }] },
    ],
  });
  expect((await yard.api.post(`/recipes/${id}/try`, { datasetId })).body).toMatchObject({ fits: true });
});

it('shows rows before and after, with what changed', async () => {
  const { id } = await begun();
  const { body } = await yard.api.post(`/recipes/${id}/preview`, { at: 0, limit: 2, tab: 'one' });
  expect(body).toMatchObject({
    total: 60,
    rows: [
      { number: 1, before: ['20', 'basic', '10.0', 'yes'], after: ['20', 'BASIC', '10.0', 'yes'], changed: [1] },
      {},
    ],
    steps: [{ problems: [] }, { problems: [] }],
  });
});

it('checks the draft on the whole file, once', async () => {
  const { id } = await begun();
  expect((await yard.api.get(`/recipes/${id}/check`)).body).toMatchObject({ state: 'none' });
  const first = await yard.api.post(`/recipes/${id}/check`);
  expect([first.status, first.body.state]).toEqual([202, 'running']);
  let { body } = first;
  for (const end = Date.now() + 15_000; body.state === 'running' && Date.now() < end; await sleep(30)) {
    ({ body } = await yard.api.get(`/recipes/${id}/check`));
  }
  expect(body).toMatchObject({
    ...{ state: 'done', position: 0, failure: null },
    result: { rowsIn: 60, rowsOut: 60, steps: [{ changedCells: 60 }, { changedCells: 0 }] },
  });
  expect(body.result.learned).toBeUndefined();
  expect((await yard.api.post(`/recipes/${id}/check`)).status).toBe(200);
  await yard.api.put(`/recipes/${id}/steps`, { position: 0, steps: [trim] });
  expect((await yard.api.get(`/recipes/${id}/check`)).body).toMatchObject({ state: 'none', position: 1 });
});

it('is renamed, copied and removed', async () => {
  const { id } = await begun();
  expect((await yard.api.patch(`/recipes/${id}`, { name: 'Better' })).body.name).toBe('Better');
  const copy = await yard.api.post(`/recipes/${id}/duplicate`);
  expect([copy.status, copy.body.name, copy.body.stepCount]).toEqual([201, 'Better, a copy', 2]);
  expect((await yard.api.delete(`/recipes/${id}`).set('X-Trainyard', '1')).body.refusal).toBeNull();
  expect((await yard.api.get(`/recipes/${id}`)).status).toBe(404);
  expect((await yard.api.post('/recipes', { id, datasetId })).status).toBe(409);
});

describe('preparations', () => {
  it('saves the draft as a version, starts once for a key, and says so', async () => {
    const { id } = await begun();
    const post = () => yard.api.post('/preparations', { recipeId: id }).set('Idempotency-Key', `key of ${id}`);
    const first = await post();
    expect([first.status, first.body.preparation]).toEqual([
      202,
      expect.objectContaining({
        recipeVersion: 1,
        datasetId,
        phase: 'queued',
        rowsTotal: 60,
        name: 'customers, prepared',
      }),
    ]);
    const again = await post();
    expect([again.status, again.body.preparation.id]).toEqual([200, first.body.preparation.id]);
    expect(yard.work.started.get(`preparation-${first.body.preparation.id}`)).toMatchObject({ owner: 'ada' });
    const { id: other } = await begun([]);
    const reused = await yard.api.post('/preparations', { recipeId: other }).set('Idempotency-Key', `key of ${id}`);
    expect(reused.status).toBe(409);
  });

  it('refuses what does not fit, step by step', async () => {
    const { id } = await begun([trim, { kind: 'fill-missing', settings: { columns: ['plan'], with: 'mean' } }]);
    const { status, body } = await yard.api.post('/preparations', { recipeId: id });
    expect([status, body.problems]).toEqual([
      422,
      [
        {
          field: 'steps.1.settings.columns',
          message: expect.stringContaining('Step 2: The mean of “plan” cannot be taken'),
        },
      ],
    ]);
  });

  it('is kept though Temporal is away, cancelled, seen and removed', async () => {
    const { id: recipeId } = await begun();
    yard.work.away = true;
    const accepted = await yard.api.post('/preparations', { recipeId });
    yard.work.away = false;
    expect(accepted.body.sentence).toContain('as soon as the Temporal server answers');
    const { id } = accepted.body.preparation;
    expect((await yard.api.get('/preparations?open=true')).body.items.map((row: { id: string }) => row.id)).toContain(
      id,
    );
    expect((await yard.api.delete(`/recipes/${recipeId}`).set('X-Trainyard', '1')).body.detail).toContain(
      'being carried out',
    );
    expect((await yard.api.delete(`/datasets/${datasetId}`).set('X-Trainyard', '1')).body.detail).toContain(
      'the preparation “customers, prepared”',
    );
    expect((await yard.api.delete(`/preparations/${id}`).set('X-Trainyard', '1')).status).toBe(409);
    expect((await yard.api.post(`/preparations/${id}/cancel`)).body).toMatchObject({ delivered: true });
    expect(yard.work.signals).toContain(`cancel preparation-${id}`);
    const resultJson = JSON.stringify({ rowsIn: 60, rowsOut: 59, steps: [] });
    const end = { outcome: 'succeeded', reason: 'Ready.', resultJson, nowMs: 5 } as const;
    await yard.stores.preparations.close(id, end);
    const { unseen } = (await yard.api.get('/preparations')).body;
    expect((await yard.api.get(`/preparations/${id}`)).body).toMatchObject({
      ...{ phase: 'done', datasetName: 'customers.csv', recipeName: 'Recipe for customers', result: { rowsOut: 59 } },
    });
    await yard.api.post(`/preparations/${id}/seen`);
    expect((await yard.api.get('/preparations')).body.unseen).toBe(unseen - 1);
    expect((await yard.api.post(`/preparations/${id}/cancel`)).status).toBe(409);
    expect((await yard.api.delete(`/preparations/${id}`).set('X-Trainyard', '1')).status).toBe(200);
  });
});

describe('versions of a dataset', () => {
  it('reads the same file in another way, as another version of it', async () => {
    const text = 'a;b\n1,5;x\n2,5;y\n';
    const first = (await yard.api.upload('/datasets', text, 'decimal.csv')).body;
    const other = await yard.api.post(`/datasets/${first.id}/reimport`, {
      delimiter: ';',
      decimal: '.',
      thousands: 'none',
    });
    expect([other.status, other.body.detail]).toEqual([201, undefined]);
    expect(other.body).toMatchObject({ version: 2, familyId: first.id, contentHash: first.contentHash });
    expect(other.body.import).toMatchObject({ decimal: '.' });
    const types = ({ columns }: { columns: { sqlType: string }[] }) => columns.map(({ sqlType }) => sqlType);
    expect([types(first), types(other.body)]).toEqual([
      ['DOUBLE', 'VARCHAR'],
      ['VARCHAR', 'VARCHAR'],
    ]);
    const rows = async (id: string) => (await yard.api.get(`/datasets/${id}/rows`)).body.rows;
    expect([await rows(first.id), await rows(other.body.id)]).toEqual([
      [
        ['1.5', 'x'],
        ['2.5', 'y'],
      ],
      [
        ['1,5', 'x'],
        ['2,5', 'y'],
      ],
    ]);
    const again = await yard.api.post(`/datasets/${other.body.id}/reimport`, {
      delimiter: ';',
      decimal: '.',
      thousands: 'none',
    });
    expect([again.status, again.body.id]).toEqual([200, other.body.id]);
    const { body: history } = await yard.api.get(`/datasets/${first.id}/history`);
    expect(history).toMatchObject([{ version: 2 }, { version: 1, import: { decimal: ',' }, madeBy: null }]);
    await yard.api.delete(`/datasets/${first.id}`).set('X-Trainyard', '1');
    expect(await rows(other.body.id)).toHaveLength(2);
    expect((await yard.api.get(`/datasets/${other.body.id}/history`)).body[1].removedAtMs).not.toBeNull();
  });

  it('keeps rows that were set aside where they can be looked at', async () => {
    const text = 'a,b\n1,2\n3,4,5\n6,7\n';
    expect((await yard.api.upload('/datasets', text, 'bad.csv')).status).toBe(422);
    const form = (
      await yard.api.post('/uploads', { name: 'bad.csv', length: text.length, options: { badRows: 'set aside' } })
    ).body;
    await yard.api.part(`/uploads/${form.id}`, 0, text);
    await yard.services.uploads.settled();
    const { datasetId: id } = (await yard.api.get(`/uploads/${form.id}`)).body;
    expect((await yard.api.get(`/datasets/${id}`)).body).toMatchObject({ rows: 2, rejectedRows: 1 });
    expect(JSON.stringify((await yard.api.get(`/datasets/${id}/rejected`)).body.rows)).toContain('3,4,5');
    expect((await yard.api.get(`/datasets/${datasetId}/rejected`)).status).toBe(404);
  });

  it('is renamed, and downloaded in parts', async () => {
    const { id } = (await yard.api.upload('/datasets', 'a,b\n=1+1,2\n', 'parts.csv')).body;
    expect((await yard.api.patch(`/datasets/${id}`, { name: '../better.csv' })).body.name).toBe('better.csv');
    const whole = await yard.api.get(`/datasets/${id}/download`);
    expect([whole.text, whole.headers['content-disposition']]).toEqual([
      "a,b\n'=1+1,2\n",
      'attachment; filename=better.csv',
    ]);
    const original = await yard.api
      .get(`/datasets/${id}/download?format=original`)
      .set('Range', 'bytes=4-7')
      .buffer(true);
    expect([original.status, original.body.toString()]).toEqual([206, '=1+1']);
    const parquet = await yard.api
      .get(`/datasets/${id}/download?format=parquet`)
      .set('Range', 'bytes=0-3')
      .buffer(true);
    expect(parquet.headers['content-range']).toMatch(/^bytes 0-3\/\d+$/);
  });

  it('says which recipes and preparations need it, when it is to be removed', async () => {
    const { id } = (await yard.api.upload('/datasets', 'plan,spend\nx,1\n', 'needed.csv')).body;
    await yard.api.post('/recipes', { datasetId: id, name: 'Needs it' });
    const { body } = await yard.api.delete(`/datasets/${id}`).set('X-Trainyard', '1');
    expect(body.stays).toEqual(['1 recipe that names it, which needs another dataset then: “Needs it”']);
  });
});
