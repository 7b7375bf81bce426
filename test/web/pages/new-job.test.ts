import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;

beforeAll(async () => {
  pages = await openPageApp({ pricePerHourMicros: 380_000 });
  session = formSession(pages.app);
});
afterAll(() => pages.close());

async function formFor(table = tableOf(120)) {
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', table);
  expect(uploaded.status).toBe(303);
  const address = uploaded.headers['location'] as string;
  const form = await session.get(address);
  expect(form.status).toBe(200);
  const fields = fieldsOf(form.text, '/jobs/confirm');
  return { address, html: form.text, fields, id: String(fields['id']) };
}

test('guesses label and task from the data and says why', async () => {
  const { html, fields } = await formFor();
  expect(fields).toMatchObject({ 'task.labels': 'happy', 'task.kind': 'binary', 'engine.name': 'sklearn' });
  expect(html).toContain('Guessed');
  expect(html).toContain('has two different values');
});

test('makes the form of an engine from what the engine declares', async () => {
  const { html } = await formFor();
  const engines = await import('../../../infra/engines.ts');
  const [engine] = await engines.describeEngines({
    python: 'python3',
    trainerFolder: new URL('../../../trainer-image', import.meta.url).pathname,
  });
  for (const setting of engine?.settings ?? []) expect(html).toContain(`name="${engine?.name}.${setting.name}"`);
});

test('names the metric that fits the task, and counts one value as one', async () => {
  const { html } = await formFor(customersOf(30, 0).replaceAll(/\n(\d+),\d+,/g, '\n$1,7,'));
  expect(html).toContain('>what fits the task: ROC AUC</option>');
  const dataset = /datasetId" value="([^"]+)"/.exec(html)?.[1];
  const { text } = await session.get(`/data/${dataset}`);
  expect(text).toContain('· 1 value<');
  expect(text).not.toContain(' 1 values');
});

test('offers the columns that rows can be divided and weighed by, and brings back what does not fit', async () => {
  const { address, html, fields } = await formFor();
  const offered = (page: string, name: string) =>
    [...(page.split(`name="${name}"`)[1]?.split('</select>')[0] ?? '').matchAll(/<option value="([^"]+)"/g)].map(
      ([, value]) => value,
    );
  expect(offered(html, 'split.groupColumn')).toContain('happy');
  expect(offered(html, 'weightColumn')).not.toContain('happy');
  expect(offered(html, 'weightColumn').length).toBeGreaterThan(0);
  const { status, text } = await session.post(address, '/jobs/confirm', { ...fields, weightColumn: 'happy' });
  expect(status).toBe(422);
  expect(offered(text, 'weightColumn')).toContain('happy');
});

test('guesses the task again for another column, and keeps what was typed', async () => {
  const { address, fields } = await formFor();
  const again = await session.post(address, '/jobs/confirm', {
    ...fields,
    name: 'sleepers',
    'task.labels': 'age',
    action: 'guess',
  });
  expect(again.status).toBe(200);
  expect(fieldsOf(again.text, '/jobs/confirm')).toMatchObject({
    'task.labels': 'age',
    'task.kind': 'regression',
    name: 'sleepers',
  });
});

test('shows beside its setting what only the engine itself has against it', async () => {
  const { address, fields } = await formFor();
  const hyperparameters = '{"depth": 3}';
  const refused = await session.post(address, '/jobs/confirm', {
    ...fields,
    'sklearn.algorithm': 'tree',
    'sklearn.hyperparameters': hyperparameters,
  });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('DecisionTreeClassifier has no hyperparameter “depth”');
  expect(refused.text).toMatch(
    /id="sklearn\.hyperparameters-error"|name="sklearn\.hyperparameters"[^>]*aria-invalid="true"/,
  );
  expect(fieldsOf(refused.text, '/jobs/confirm')).toMatchObject({ 'sklearn.hyperparameters': hyperparameters });
});

test('says what is wrong with every number in its own unit, together with the settings', async () => {
  const { address, fields } = await formFor();
  const refused = await session.post(address, '/jobs/confirm', {
    ...fields,
    ...{ minutes: '-4', longestMinutes: '99999', budget: '0', holdoutPercent: '90', 'sklearn.trees': '99999999' },
    ...{ 'limits.attempts': '0', 'limits.spotAttempts': '1.5', 'limits.silenceSeconds': '3' },
    ...{ 'split.folds': '-1', 'split.seed': '-1', name: 'n'.repeat(81) },
  });
  expect(refused.status).toBe(422);
  for (const sentence of [
    'The time limit is 10 seconds (“10 s”) to 10,080 minutes',
    'The longest time is 10 seconds (“10 s”) to 20,160 minutes',
    'The cap is an amount above $0. Leave it out for no limit.',
    'The held-out part is 5 % to 50 % of the rows.',
    'The number of attempts is a whole number from 1 to 10.',
    'The number of tries on spot is a whole number from 0 to 10.',
    'The silence limit is 10 to 3600 whole seconds.',
    'The number of folds is a whole number from 0 to 20',
    'The seed is a whole number from 0 to 2147483647.',
    'The name has at most 80 characters.',
    'Trees is at most',
  ])
    expect(refused.text).toContain(sentence);
  expect(refused.text).not.toMatch(/Too (small|big)|Invalid (input|option)|expected/);
});

test('brings a refused form back with its values, a summary, and the reason beside each field', async () => {
  const { address, fields } = await formFor();
  const refused = await session.post(address, '/jobs/confirm', {
    ...fields,
    name: '',
    minutes: 'ten',
    'sklearn.trees': '-3',
    'split.folds': '99',
  });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('This cannot be trained yet');
  expect(refused.text).toContain('“ten” is none');
  expect(refused.text).toMatch(/id="f-minutes-problem"/);
  expect(refused.text).toMatch(/name="name"[^>]*aria-invalid="true"/);
  expect(fieldsOf(refused.text, '/jobs/confirm')).toMatchObject({
    minutes: 'ten',
    'sklearn.trees': '-3',
    'split.folds': '99',
    id: fields['id'],
  });
});

test('lists what will be made and what it costs before anything is made', async () => {
  const { address, fields, id } = await formFor();
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, budget: '0.5' });
  expect(confirm.status).toBe(200);
  expect(confirm.text).toMatch(/Judged by<\/dt><dd[^>]*>ROC AUC</);
  expect(confirm.text).toContain('$0.38');
  expect(confirm.text).toContain('worst case');
  expect(confirm.text).toMatch(/At most \$0\.\d\d; if extended, at most \$0\.\d\d/);
  expect(confirm.text).toContain('worst case, if extended');
  expect(confirm.text).toContain('How that is counted');
  expect(confirm.text).toContain(`ty-j-${id}`);
  expect(confirm.text).toContain(`Idempotency-Key: ${id}`);
  expect(confirm.text).toContain('./x trainyard train mornings.csv');
  expect(await pages.stores.jobs.get('default', id)).toBeUndefined();
});

/** A table of customers: each with a number of its own, `unknown` of them without a label. */
function customersOf(rows: number, unknown: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const churned = i < unknown ? '' : i % 3 === 0 ? 'yes' : 'no';
    return `${1000 + i},${20 + (i % 45)},${churned}`;
  });
  return `customer,age,churned\n${lines.join('\n')}\n`;
}

const leftOut = '15 rows have no value in “churned” and are left out.';

test('says at the form and before the start that rows without a label are left out, and takes the rest', async () => {
  const { address, html, fields } = await formFor(customersOf(600, 15));
  expect(html).toContain(leftOut);
  expect(html).not.toContain('cannot be trained yet');
  const confirm = await session.post(address, '/jobs/confirm', fields);
  expect([confirm.status, confirm.text]).toEqual([200, expect.stringContaining(leftOut)]);
});

test('says what is wrong with the label before anything is sent', async () => {
  const { address, html, fields } = await formFor(customersOf(600, 597));
  expect(html).toMatch(/id="f-task-labels-problem">✕ Only 3 rows have a value in “churned”/);
  expect(html).not.toContain('cannot be trained yet');
  const other = { ...fields, 'task.labels': 'customer', 'task.kind': 'multiclass', action: 'guess' };
  const again = await session.post(address, '/jobs/confirm', other);
  expect(again.text).not.toContain('f-task-labels-problem');
});

test('says before it is started how long the whole training will probably take', async () => {
  const { address, fields } = await formFor(customersOf(600, 0));
  const text = async (more: object) => (await session.post(address, '/jobs/confirm', { ...fields, ...more })).text;
  expect(await text({})).toMatch(/Training<\/dt>\s*<dd[^>]*>probably about \d+ s in all/);
});

test('offers to ignore a column that looks like an identifier, by one click', async () => {
  const { address, html, fields } = await formFor(customersOf(600, 0));
  expect(html).toContain('“customer” has a different value in every row and looks like an identifier');
  expect(html).toMatch(/<button[^>]* name="ignore" value="customer"/);
  const ignored = await session.post(address, '/jobs/confirm', { ...fields, name: 'mine', ignore: 'customer' });
  expect(ignored.text).not.toContain('looks like an identifier');
  expect(fieldsOf(ignored.text, '/jobs/confirm')).toMatchObject({ name: 'mine', ignoredColumns: 'customer' });
});

test('of a machine without a price it says that it costs nothing, and counts nothing', async () => {
  const free = await openPageApp({ pricePerHourMicros: 0 });
  try {
    const visit = formSession(free.app);
    const uploaded = await visit.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
    const address = uploaded.headers['location'] as string;
    const fields = fieldsOf((await visit.get(address)).text, '/jobs/confirm');
    const confirm = await visit.post(address, '/jobs/confirm', fields);
    expect(confirm.text).toContain('It costs nothing');
    for (const none of ['if extended', 'How that is counted', 'Estimated by']) expect(confirm.text).not.toContain(none);
  } finally {
    await free.close();
  }
});

test('a longest time that nobody chose follows the time limit when that is changed after all', async () => {
  const { address, fields } = await formFor();
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, minutes: '10' });
  const back = await session.post(address, '/jobs/confirm', { ...fieldsOf(confirm.text, '/jobs'), action: 'edit' });
  expect(fieldsOf(back.text, '/jobs/confirm')).toMatchObject({ minutes: '10', longestMinutes: '' });
  const chosen = await session.post(address, '/jobs/confirm', { ...fields, minutes: '10', longestMinutes: '15' });
  const again = await session.post(address, '/jobs/confirm', { ...fieldsOf(chosen.text, '/jobs'), action: 'edit' });
  expect(fieldsOf(again.text, '/jobs/confirm')).toMatchObject({ minutes: '10', longestMinutes: '15' });
});

test('makes one job when the button is pressed twice', async () => {
  const { address, fields, id } = await formFor();
  const confirm = await session.post(address, '/jobs/confirm', fields);
  const confirmed = fieldsOf(confirm.text, '/jobs');
  const press = () => session.agent.post('/jobs').type('form').send(confirmed);
  const [first, second] = await Promise.all([press(), press()]);
  expect([first.status, second.status]).toEqual([303, 303]);
  expect(first.headers['location']).toBe(`/jobs/${id}`);
  expect(second.headers['location']).toBe(first.headers['location']);
  const page = await session.get(first.headers['location'] as string);
  expect(page.text).toContain('Queued');
});

test('prefills every field of a job that is trained again', async () => {
  const { address, fields, id } = await formFor();
  const told = {
    ...fields,
    name: 'first try',
    minutes: '3',
    'sklearn.trees': '77',
    ignoredColumns: 'age',
    'split.seed': '5',
  };
  const confirm = await session.post(address, '/jobs/confirm', told);
  await session.agent.post('/jobs').type('form').send(fieldsOf(confirm.text, '/jobs'));
  const like = await session.get(`/jobs/new?like=${id}`);
  const enginesIn = (html: string) =>
    [...html.matchAll(/name="engine\.name" value="([^"]+)"/g)].map(([, name]) => name);
  expect(enginesIn(like.text).length).toBeGreaterThan(1);
  const next = { ...fieldsOf(like.text, '/jobs/confirm'), continuesJobId: id, action: 'count' };
  const continuing = await session.post(address, '/jobs/confirm', next);
  expect(enginesIn(continuing.text)).toEqual(['sklearn']);
  for (const said of [
    'No algorithm of scikit-learn is trained for longer here',
    'What that is for each choice of Algorithm',
  ])
    expect([continuing.text.includes(said), like.text.includes(said)]).toEqual([true, false]);
  expect(continuing.text).toContain(
    '<dt>Nearest neighbours</dt><dd>First as it is set, if that was not tried yet; then with other values of: neighbours.</dd>',
  );
  const again = fieldsOf(like.text, '/jobs/confirm');
  expect(again).toMatchObject({
    name: 'first try',
    minutes: '3',
    'sklearn.trees': '77',
    ignoredColumns: 'age',
    'split.seed': '5',
  });
  expect(again['id']).not.toBe(fields['id']);
});

test('keeps a time of twenty seconds as it is, and guesses nothing for what is trained again', async () => {
  const { address, fields, id } = await formFor();
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, minutes: '20 s' });
  expect(confirm.text).toContain('20 s of training');
  expect(confirm.text).not.toMatch(/\([^()]*\([^()]*\)\)/);
  await session.agent.post('/jobs').type('form').send(fieldsOf(confirm.text, '/jobs'));
  const like = await session.get(`/jobs/new?like=${id}`);
  expect(fieldsOf(like.text, '/jobs/confirm')).toMatchObject({ minutes: '20 s' });
  expect(like.text).not.toContain('Guessed');
});

test('goes back from the confirmation to the same form', async () => {
  const { address, fields } = await formFor();
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, name: 'to be changed' });
  const edit = await session.agent
    .post('/jobs/confirm')
    .type('form')
    .send({ ...fieldsOf(confirm.text, '/jobs'), action: 'edit' });
  expect(fieldsOf(edit.text, '/jobs/confirm')).toMatchObject({
    name: 'to be changed',
    'task.labels': 'happy',
    id: fields['id'],
  });
});

test('shows a file that is refused beside its form, and makes nothing', async () => {
  const before = (await session.get('/data')).text.match(/href="\/data\/[0-9a-f-]{36}"/g)?.length ?? 0;
  const refused = await session.upload('/data', '/data', 'ragged.csv', 'a,b\n1,2\n3\n');
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('The file was not taken');
  expect(refused.text.match(/has 1 column, but/g)).toHaveLength(1);
  expect(refused.text).toMatch(/id="file"[^>]* aria-describedby="file-hint file-problem"/);
  expect(refused.text.match(/id="file-problem"/g)).toHaveLength(1);
  expect(refused.text).toMatch(/row|line/i);
  const after = (await session.get('/data')).text.match(/href="\/data\/[0-9a-f-]{36}"/g)?.length ?? 0;
  expect(after).toBe(before);
});

test('says so when a file is larger than it may be', async () => {
  const refused = await session.upload('/data', '/data', 'big.csv', `a,b\n${'1,2\n'.repeat(1_500_000)}`);
  expect(refused.status).toBe(413);
  expect(refused.text).toContain('larger than 5 MB');
});

test('refuses a form without its token', async () => {
  const { fields } = await formFor();
  const { _csrf, ...without } = fields;
  const refused = await session.agent.post('/jobs/confirm').type('form').send(without);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('Request id');
});
