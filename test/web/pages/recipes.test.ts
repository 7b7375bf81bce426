import { setTimeout as sleep } from 'node:timers/promises';
import { alsoCalled } from '../../../web/page-models/recipes/step-search-words.ts';
import { openPageApp, type PageApp } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let dataset: string;

const table = `name,plan,age\n${Array.from({ length: 60 }, (_, n) => `N${n},${[' Basic', 'basic', 'PREMIUM'][n % 3]},${n % 5 === 0 ? '' : 20 + n}`).join('\n')}\n`;

beforeAll(async () => {
  pages = await openPageApp();
  session = formSession(pages.app);
  const { headers } = await session.upload('/data', '/data', 'people.csv', table);
  dataset = String(headers['location']).split('/').at(-1) ?? '';
});
afterAll(() => pages.close());

async function newRecipe(name: string): Promise<string> {
  const { headers } = await session.post('/recipes/new', '/recipes', { datasetId: dataset, name });
  return String(headers['location']);
}

/** Sends a form of the editor, as it stands there, and follows to where it leads. */
async function send(at: string, action: string, fields: Record<string, string | string[]>): Promise<string> {
  const { text } = await session.get(at);
  const { status, headers } = await session.post(at, action, { ...fieldsOf(text, action), ...fields });
  expect([action, status]).toEqual([action, 303]);
  return String(headers['location']);
}

async function addStep(recipe: string, kind: string, settings: Record<string, string | string[]>): Promise<string> {
  const at = await send(recipe, `${recipe}/steps`, { kind });
  const { text } = await session.get(at);
  const [, step] = /data-step-form="([^"]+)"/.exec(text) ?? [];
  return send(at, `${recipe}/steps/${step}`, { do: 'save', ...settings });
}

const sentencesIn = (html: string) =>
  [...html.matchAll(/<a class="stepname" id="name-[\s\S]*?<\/a>/g)].map(([link]) =>
    link
      .replace(/<span class="for-readers">[^<]*<\/span>|<[^>]+>/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );

test('steps are added, changed, moved, switched off and removed by forms alone', async () => {
  const recipe = await newRecipe('by forms');
  await addStep(recipe, 'trim-text', { 's.columns': 'plan', 's.letters': 'lower' });
  const at = await addStep(recipe, 'fill-missing', { 's.columns': 'age', 's.with': 'median' });
  const { text } = await session.get(at);
  expect(sentencesIn(text)).toEqual(['Trim and make small plan', 'Fill missing age with the median']);
  expect(text).toMatch(/<td class="[^"]*changed">\s*<s>missing<\/s>/);

  const [, first, second] = /data-step="(s\d+)"[\s\S]*?data-step="(s\d+)"/.exec(text) ?? [];
  const moved = await session.get(await send(`${recipe}?step=2`, `${recipe}/steps/${second}`, { do: 'up' }));
  expect(sentencesIn(moved.text)).toEqual(['Fill missing age with the median', 'Trim and make small plan']);
  const off = await session.get(await send(`${recipe}?step=2`, `${recipe}/steps/${first}`, { do: 'switch' }));
  expect(off.text).toContain('switched off');
  const gone = await session.get(await send(`${recipe}?step=1`, `${recipe}/steps/${second}`, { do: 'remove' }));
  expect(sentencesIn(gone.text)).toEqual(['Trim and make small plan']);
  const back = await session.get(await send(recipe, `${recipe}/undo`, {}));
  expect(sentencesIn(back.text)).toHaveLength(2);
});

test('a step is found by what it does and by what other tools call it', async () => {
  const { text } = await session.get(await newRecipe('to search'));
  const words = new Map(
    [...text.matchAll(/name="kind" value="([^"]+)" data-words="([^"]+)"/g)].map(([, kind, said]) => [kind, said]),
  );
  expect([...words.keys()]).toEqual(expect.arrayContaining(Object.keys(alsoCalled)));
  for (const [written, kind] of [
    ['median', 'fill-missing'],
    ['impute', 'fill-missing'],
    ['lower', 'trim-text'],
    ['merge', 'join'],
    ['dummies', 'one-hot'],
    ['one-hot', 'one-hot'],
  ] as const)
    expect([written, words.get(kind)]).toEqual([written, expect.stringContaining(written)]);
});

test('a change of a state that is no longer there is refused, and nothing is lost', async () => {
  const recipe = await newRecipe('two tabs');
  const stale = fieldsOf((await session.get(recipe)).text, `${recipe}/steps`);
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  const late = await session.post(recipe, `${recipe}/steps`, { ...stale, kind: 'drop-missing' });
  expect(late.status).toBe(409);
  expect(sentencesIn((await session.get(recipe)).text)).toHaveLength(1);
});

test('a step that does not fit is refused with what to do, before anything runs', async () => {
  const recipe = await newRecipe('does not fit');
  const at = await addStep(recipe, 'fill-missing', { 's.columns': 'plan', 's.with': 'mean' });
  const { text } = await session.get(at);
  expect(text).toContain('The mean of “plan” cannot be taken: it is text.');
  expect(text).toContain('Use the most frequent value, or a constant.');
  expect(text).toMatch(/<button class="button" disabled[^>]*>Run on all rows/);
});

test('what is being typed is shown and not kept', async () => {
  const recipe = await newRecipe('typed');
  const at = await addStep(recipe, 'trim-text', { 's.columns': 'plan', 's.letters': 'lower' });
  const { text } = await session.get(at);
  const [, stepId = ''] = /data-step-form="([^"]+)"/.exec(text) ?? [];
  const fields = fieldsOf(text, `${recipe}/steps/${stepId}`);
  const shown = await session.post(at, `${recipe}/preview`, {
    ...fields,
    stepId,
    's.columns': 'plan',
    's.letters': 'upper',
    tab: 't',
  });
  expect(shown.status).toBe(200);
  expect(shown.text).toContain('Trim and make large');
  expect((await session.get(at)).text).toContain('Trim and make small');
});

test('the pass over the whole file says how many cells and rows each step touches', async () => {
  const recipe = await newRecipe('checked');
  const at = await addStep(recipe, 'fill-missing', { 's.columns': 'age', 's.with': 'median' });
  await session.get(at);
  for (let tries = 0; tries < 100; tries += 1) {
    const { body } = await session.get(`${recipe}/check`);
    if (body.state === 'done') break;
    await sleep(50);
  }
  const { text } = await session.get(at);
  expect(text).toContain('12 cells changed');
  expect(text).toContain('whole file checked in');
  const beside = await session.get(`${recipe}?step=1&rows=changed&show=beside`);
  expect(beside.text).toContain('aria-label="Input"');
  expect(beside.text.match(/<td class="[^"]*changed/g)).toHaveLength(12);
});

test('a version stays as it is, and one can go back to it', async () => {
  const recipe = await newRecipe('versions');
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  await send(recipe, `${recipe}/versions`, {});
  await addStep(recipe, 'drop-missing', {});
  const version = await session.get(`${recipe}/versions/1`);
  expect(version.text).toContain('Go back to this version');
  const back = await session.get(await send(`${recipe}/versions/1`, `${recipe}/versions/1/restore`, {}));
  expect(sentencesIn(back.text)).toEqual([expect.stringContaining('plan')]);
});

test('a recipe goes out as YAML and comes in again; what is no recipe is refused with its line', async () => {
  const recipe = await newRecipe('file');
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  const { text, headers } = await session.get(`${recipe}/recipe.yaml`);
  expect(headers['content-disposition']).toContain('attachment');
  const token = fieldsOf((await session.get('/recipes/new')).text, '/recipes/import');
  const sent = (yaml: string) =>
    session.agent
      .post('/recipes/import')
      .field('_csrf', String(token['_csrf']))
      .field('datasetId', dataset)
      .attach('file', Buffer.from(yaml), 'recipe.yaml');
  const taken = await sent(text);
  expect(taken.status).toBe(303);
  expect(sentencesIn((await session.get(String(taken.headers['location']))).text)).toHaveLength(1);
  const refused = await sent('trainyard: recipe\nformat: 1\nsteps:\n  - kind: no-such-kind\n');
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Line 4: There is no kind of step called “no-such-kind”.');
});

test('run on all rows is asked once, however often it is pressed', async () => {
  const recipe = await newRecipe('run');
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  const { text } = await session.get(recipe);
  const fields = { ...fieldsOf(text, `${recipe}/run`), name: 'clean people' };
  const [one, again] = [
    await session.post(recipe, `${recipe}/run`, fields),
    await session.post(recipe, `${recipe}/run`, fields),
  ];
  expect([one.status, again.headers['location']]).toEqual([303, one.headers['location']]);
  const run = await session.get(String(one.headers['location']));
  expect(run.text).toContain('Waiting');
  expect(run.text).toContain('the data and the recipe stay');
  expect(run.text).not.toContain('its machine');
  expect(pages.asked.filter((asked) => asked.startsWith('startPreparation'))).not.toEqual([]);
  expect((await session.get('/data')).text).toContain('clean people');
});

test('a job that is to be trained with a recipe says so in each of the ways to ask for it again', async () => {
  const recipe = await newRecipe('to train with');
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  const form = await send(recipe, `${recipe}/train`, {});
  const fields = fieldsOf((await session.get(form)).text, '/jobs/confirm');
  const asked = { ...fields, 'task.labels': 'plan', 'task.kind': 'multiclass', 'task.positiveClass': '' };
  const { status, text } = await session.post(form, '/jobs/confirm', asked);
  expect(status).toBe(200);
  const id = recipe.split('/').at(-1);
  expect(text).toContain('to train with, version 1');
  expect(text).toContain(`--recipe ${id}@1`);
  expect(text).toContain(`recipeId: ${id}`);
});

test('names and values that are HTML stay text', async () => {
  const nasty = '<script>alert(1)</script>';
  const recipe = await newRecipe(nasty);
  await addStep(recipe, 'make-column', { 's.name': nasty, 's.formula': '[age] + 1' });
  for (const path of [recipe, '/recipes', `${recipe}/try`]) {
    const { text } = await session.get(path);
    expect([path, text.includes('<script>alert')]).toEqual([path, false]);
    expect([path, / style="|<style|<script(?![^>]* src=)| on\w+="/.exec(text)]).toEqual([path, null]);
  }
});

test('a dataset says how it was read, and can be read in another way as another version', async () => {
  const { text } = await session.get(`/data/${dataset}`);
  expect(text).toContain('Read as CSV, comma between values, utf-8');
  const tried = await session.get(`/data/${dataset}/import?header=no`);
  expect(tried.text).toContain('the first 20 of 61 rows');
  const kept = await session.post(`/data/${dataset}/import`, `/data/${dataset}/import`, { header: 'no' });
  expect(kept.status).toBe(303);
  const second = await session.get(String(kept.headers['location']));
  expect(second.text).toContain('people.csv v2');
  expect(second.text).toContain('without a header');
  const look = await session.get(`/data/${dataset}/look?x=plan&y=age`);
  expect(look.text).toContain('plan and age');
});

test('a recipe whose data was removed leads to other data', async () => {
  const { headers } = await session.upload('/data', '/data', 'short-lived.csv', `${table}last,basic,9\n`);
  const data = String(headers['location']);
  const made = await session.post('/recipes/new', '/recipes', {
    datasetId: data.split('/').at(-1) ?? '',
    name: 'bereft',
  });
  const recipe = String(made.headers['location']);
  await addStep(recipe, 'trim-text', { 's.columns': 'plan' });
  expect((await session.get(`${recipe}/try`)).text).not.toContain('Its data was removed');
  await send(`${data}/delete`, `${data}/delete`, {});

  const away = await session.get(recipe);
  expect([away.status, away.headers['location']]).toEqual([303, `${recipe}/try`]);
  const { text } = await session.get(`${recipe}/try?dataset=${dataset}`);
  expect(text).toContain('Its data was removed');
  expect((await session.get(`${recipe}/recipe.yaml`)).text).toContain('kind: trim-text');
  const copy = await send(`${recipe}/try?dataset=${dataset}`, `${recipe}/copy`, {});
  expect(sentencesIn((await session.get(copy)).text)).toEqual(['Trim plan']);
});
