import { openPageApp, type PageApp } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;

beforeAll(async () => {
  pages = await openPageApp();
  session = formSession(pages.app);
});
afterAll(() => pages.close());

function comments(): string {
  const lines = Array.from({ length: 90 }, (_, n) => {
    const [toxic, threat, kind] = [n % 3 === 0, n % 5 === 0 ? 1 : 0, ['a', 'b', 'c'][n % 3]];
    return `word${n} and word${n + 1},${kind},${toxic},${threat},${n % 4 === 0 ? 'yes' : 'no'}`;
  });
  return `comment,kind,toxic,threat,insult\n${lines.join('\n')}\n`;
}

async function form() {
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'comments.csv', comments());
  const address = uploaded.headers['location'] as string;
  const { text } = await session.get(address);
  return { address, html: text, fields: fieldsOf(text, '/jobs/confirm') };
}

const several = {
  'task.labels': 'toxic',
  'task.furtherLabels': ['threat', 'insult'],
  'task.kind': 'multilabel',
  'task.positiveClass': '',
  'engine.name': 'torch',
  'torch.preset': 'toxicity',
};

test('offers every further column of two values, and no other', async () => {
  const { html, fields } = await form();
  const offered = [...html.matchAll(/name="task\.furtherLabels" value="([^"]+)"/g)].map(([, name]) => name);
  expect(new Set(offered)).toEqual(
    new Set(['toxic', 'threat', 'insult'].filter((name) => name !== fields['task.labels'])),
  );
  expect(html).toContain('>several yes-or-no columns</option>');
});

test('several labels are confirmed, submitted and found again, without a script', async () => {
  const { address, fields } = await form();
  const confirm = await session.post(address, '/jobs/confirm', { ...fields, ...several });
  expect(confirm.status).toBe(200);
  expect(confirm.text).toContain('toxic, threat, insult (several yes-or-no columns)');
  expect(confirm.text).toMatch(/Judged by<\/dt><dd[^>]*>ROC AUC \(mean of the labels\)</);
  expect(confirm.text).toMatch(/--label toxic --label threat --label insult|--label[^-]*toxic[^-]*--label[^-]*threat/);
  const edit = await session.agent
    .post('/jobs/confirm')
    .type('form')
    .send({ ...fieldsOf(confirm.text, '/jobs'), action: 'edit' });
  const ticked = [...edit.text.matchAll(/name="task\.furtherLabels" value="([^"]+)" checked/g)].map(([, name]) => name);
  expect(ticked).toEqual(['threat', 'insult']);
  expect(edit.text).toMatch(/<div id="further-labels"><details open>/);
  await session.agent.post('/jobs').type('form').send(fieldsOf(confirm.text, '/jobs'));
  const row = await pages.stores.jobs.get('default', String(fields['id']));
  expect(JSON.parse(row?.spec_json ?? '{}').task).toEqual({
    ...{ kind: 'multilabel', labels: ['toxic', 'threat', 'insult'], metric: null, positiveClass: null },
  });
  const page = await session.get(`/jobs/${String(fields['id'])}`);
  expect(page.text).toContain('toxic, threat, insult (several yes-or-no columns)');
});

test('an engine for one column refuses several', async () => {
  const { address, fields } = await form();
  const asked = { ...fields, ...several, 'engine.name': 'sklearn' };
  const refused = await session.post(address, '/jobs/confirm', asked);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('cannot predict several yes-or-no columns.');
});

test.each([
  ['a single column', [], /Choose at least two columns, each of them yes or no/],
  ['a column of three values', ['kind'], /“kind” has 3 different values, not two/],
])('%s is refused beside the field', async (_, further, said) => {
  const { address, fields } = await form();
  const asked = { ...fields, ...several, 'task.furtherLabels': further };
  const refused = await session.post(address, '/jobs/confirm', asked);
  expect(refused.status).toBe(422);
  expect(/id="f-task-labels-problem">([^<]*)/.exec(refused.text)?.[1]).toMatch(said);
});

test('further columns that are ticked are not forgotten where one column is asked for', async () => {
  const { address, fields } = await form();
  const asked = { ...fields, ...several, 'task.kind': 'binary' };
  const refused = await session.post(address, '/jobs/confirm', asked);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Choose one column to predict; 3 are chosen.');
});

test('guessing again knows that several are chosen', async () => {
  const { address, fields } = await form();
  const again = await session.post(address, '/jobs/confirm', {
    ...{ ...fields, 'task.labels': 'toxic', 'task.furtherLabels': ['insult'], action: 'guess' },
  });
  expect(fieldsOf(again.text, '/jobs/confirm')).toMatchObject({ 'task.kind': 'multilabel' });
  expect(again.text).toContain('More than one column is chosen.');
});
