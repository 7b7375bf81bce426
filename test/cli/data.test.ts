import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../../domain/recipe/recipe.ts';
import { type ListeningYard, openListeningYard } from './listening-yard.ts';
import { startTrainyard } from './run-trainyard.ts';

let opened: ListeningYard;
let yard: ListeningYard['yard'];
let address: string;
let folder: string;
let csv: string;
/** Requests that are cut off in the middle, from now on. */
let broken = 0;

beforeAll(async () => {
  opened = await openListeningYard((app) => (request, response) => {
    if (request.method !== 'PATCH' || broken === 0) return app(request, response);
    broken -= 1;
    request.once('data', () => request.socket.destroy());
  });
  ({ yard, address, folder, csv } = opened);
});
afterAll(() => opened.close());

const trainyard = (...args: string[]) => startTrainyard(address, args).done;

it('sends a file over a broken line, and once however often', async () => {
  broken = 2;
  const first = await trainyard('upload', csv, '--json');
  expect([first.code, first.err]).toEqual([0, '']);
  expect(JSON.parse(first.out)).toMatchObject({ name: 'customers.csv', rows: 60 });
  const again = await trainyard('upload', csv);
  expect(again.out).toContain(`${JSON.parse(first.out).id}  customers.csv: 60 rows, 4 columns`);
});

it('sends a file again whose dataset was removed since', async () => {
  const own = join(folder, 'own.csv');
  await writeFile(own, 'a,b\n1,2\n');
  const { id } = JSON.parse((await trainyard('upload', own, '--json')).out) as { id: string };
  await yard.api.delete(`/datasets/${id}`).set('X-Trainyard', '1');
  const again = await trainyard('upload', own);
  expect([again.code, again.out]).toEqual([0, expect.stringContaining('own.csv: 1 row, 2 columns')]);
  expect(again.out).not.toContain(id);
});

it('says why a file was refused, with 3, and takes options to read it', async () => {
  const bad = join(folder, 'bad.csv');
  await writeFile(bad, 'a,b\n1,2\n3,4,5\n');
  const refused = await trainyard('upload', bad);
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('The file cannot be used')]);
  const taken = await trainyard('upload', bad, '--option', 'badRows=set aside', '-n', 'mended.csv');
  expect([taken.code, taken.out]).toEqual([
    0,
    expect.stringContaining('mended.csv: 1 row, 2 columns, 1 row set aside'),
  ]);
  expect((await trainyard('upload', join(folder, 'gone.csv'))).code).toBe(2);
  const nothing = join(folder, 'nothing.csv');
  await writeFile(nothing, '');
  expect(await trainyard('upload', nothing)).toMatchObject({
    code: 2,
    err: expect.stringContaining('nothing.csv is empty'),
  });
});

it('takes a recipe out and in, carries it out, and saves what it made', async () => {
  const { id: dataset } = JSON.parse((await trainyard('upload', csv, '--json')).out) as { id: string };
  const file = join(folder, 'recipe.yaml');
  const text = (kind: string) =>
    `trainyard: recipe\nformat: 1\nname: Tidy\nsteps:\n  - kind: ${kind}\n    settings: {columns: [plan], letters: upper}\n`;
  await writeFile(file, text('evil'));
  const refused = await trainyard('recipe', 'import', file, '-d', dataset);
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('Line 5')]);
  await writeFile(file, text('trim-text'));
  const imported = await trainyard('recipe', 'import', file, '-d', dataset, '--json');
  const { recipe } = JSON.parse(imported.out) as { recipe: { id: string } };
  expect((await trainyard('recipes')).out).toMatch(/Tidy +1 +–/);
  expect((await trainyard('recipe', 'export', 'Tidy')).out).toContain('kind: trim-text');

  const saved = join(folder, 'out.csv');
  const running = trainyard('prepare', 'Tidy', '-o', saved);
  const who = { workspaceId: 'default', owner: 'ada' };
  let id: string | undefined;
  for (const end = Date.now() + 15_000; !id && Date.now() < end; await sleep(20)) {
    id = (await yard.services.preparations.list(who, { recipeId: recipe.id })).items[0]?.id;
  }
  // What the workflow would do: the dataset is there before the end is.
  const end = { outcome: 'succeeded', reason: 'Ready.', outputDatasetId: dataset, nowMs: 5 } as const;
  await yard.stores.preparations.close(id ?? '', end);
  const { code, out } = await running;
  expect([code, out.trim()]).toEqual([0, `Ready. ${dataset}`]);
  expect(await readFile(saved, 'utf8')).toContain('age,plan,spend,churned');
  expect((await yard.services.preparations.list(who, {})).unseen).toBe(0);
});

it('trains with a recipe, by its name and the version that is told', async () => {
  const { recipes } = yard.services;
  const who = { workspaceId: 'default', owner: 'ada' };
  const { id: datasetId } = JSON.parse((await trainyard('upload', csv, '--json')).out) as { id: string };
  const step = (kind: string, settings: Step['settings']) => ({
    kind,
    settings,
    on: true,
    onFailure: 'empty' as const,
  });
  const fill = step('fill-missing', { columns: ['age'], with: 'median' });
  const rename = step('rename-columns', { pairs: [{ from: 'churned', to: 'gone' }] });
  const { recipe } = await recipes.create(who, { datasetId, name: 'for training', steps: [fill] });
  const recipeId = recipe.id;
  await recipes.saveVersion(who, recipeId);
  await recipes.replaceSteps(who, recipeId, { position: recipe.position, steps: [fill, rename] });
  await recipes.saveVersion(who, recipeId);
  const train = async (...args: string[]) => {
    const { code, out, err } = await trainyard('train', csv, '--json', ...args);
    return code === 0 ? yard.work.started.get(`job-${(JSON.parse(out) as { id: string }).id}`) : { code, err };
  };
  expect(await train('-l', 'churned', '--recipe', 'for training@1')).toMatchObject({ recipeId, recipeVersion: 1 });
  // A whole name is that one, though another has it in its name; of two alike, one has to be said by its id.
  await recipes.create(who, { datasetId, name: 'for training, too', steps: [fill] });
  expect(await train('-l', 'churned', '--recipe', 'for training@1')).toMatchObject({ recipeId, recipeVersion: 1 });
  expect(await train('-l', 'gone', '--task', 'binary', '-r', recipeId)).toMatchObject({ recipeId, recipeVersion: 2 });
  const refused = (code: number, sentence: string) => ({ code, err: expect.stringContaining(sentence) });
  expect(await train('-l', 'gone', '-r', 'for training')).toMatchObject(refused(2, 'Say by --task'));
  expect(await train('-l', 'churned', '-r', `${recipeId}@9`)).toMatchObject(refused(3, 'no version 9'));
  expect(await train('-l', 'churned', '-r', 'no such thing')).toMatchObject(refused(2, 'No recipe is called'));
  await recipes.create(who, { datasetId, name: 'for training', steps: [fill] });
  expect(await train('-l', 'churned', '-r', 'for training@1')).toMatchObject(refused(2, '2 recipes are called'));
});

it('lists and cancels preparations, and ends with 5 when one failed', async () => {
  const running = trainyard('prepare', 'Tidy', '--follow', '--recipe-version', '1');
  const who = { workspaceId: 'default', owner: 'ada' };
  let id: string | undefined;
  for (const end = Date.now() + 15_000; !id && Date.now() < end; await sleep(20)) {
    id = (await yard.services.preparations.list(who, { open: true })).items[0]?.id;
  }
  expect((await trainyard('preparations')).out).toContain(`${id}  customers, prepared`);
  expect((await trainyard('preparations', '--cancel', id?.slice(0, 13) ?? '')).out).toContain('Cancelling');
  expect((await yard.services.preparations.get(who, id ?? '')).cancelAskedAtMs).not.toBeNull();
  await yard.stores.preparations.close(id ?? '', { outcome: 'failed', reason: 'Row 3: no date.', nowMs: 5 });
  expect(await running).toMatchObject({ code: 5, out: 'failed: Row 3: no date.\n' });
  expect((await trainyard('prepare', 'Tidy', '--recipe-version', 'one')).code).toBe(2);
});
