import { openPageApp, type PageApp } from '../page-app.ts';
import { seedStories, type Stories } from '../seed-stories.ts';
import { fieldsOf, formSession } from './form-session.ts';

/** What a person may say of data that differs from the training, without JavaScript, and what the page tells later. */

let pages: PageApp;
let stories: Stories;
let session: ReturnType<typeof formSession>;
let page: string;
let names: string[];

beforeAll(async () => {
  pages = await openPageApp();
  stories = await seedStories(pages.seed);
  session = formSession(pages.app);
  page = `/models/${stories.model}/predict`;
  const { text } = await session.get(page);
  names = [...text.matchAll(/<dt class="break">([^<]+)/g)].map(([, name = '']) => name);
});
afterAll(() => pages.close());

/** As a browser sends the form with these boxes ticked: the hidden “no” of each comes along. */
const boxes = (ticked: string[]) =>
  Object.fromEntries(
    ['extraColumns', 'castTypes'].map((name) => [name, ticked.includes(name) ? ['no', 'yes'] : ['no']]),
  );
/** Every value is a whole number, which is not what the model learned of every column; and one column is new to it. */
const table = (value: number) => {
  const row = [...names, 'shoe'].map((name) => (name === 'signup' ? `2024-01-0${value}` : value)).join(',');
  return `${[...names, 'shoe'].join(',')}\n${`${row}\n`.repeat(3)}`;
};

async function send(value: number, ticked: string[]) {
  const form = await session.get(page);
  const { id, _csrf } = fieldsOf(form.text, `${page}/upload`);
  const post = session.agent.post(`${page}/upload`);
  for (const [name, values] of Object.entries({ ...boxes(ticked), id, _csrf }))
    for (const each of [values].flat()) void post.field(name, String(each));
  return post.attach('file', Buffer.from(table(value)), 'new.csv');
}

test('both boxes are ticked in both forms, with what they do', async () => {
  const { text } = await session.get(page);
  for (const action of [page, `${page}/upload`]) {
    expect(fieldsOf(text, action)).toMatchObject({ extraColumns: 'yes', castTypes: 'yes' });
  }
  expect(text).toContain('They stay in the output, and the model does not look at them.');
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.length).toBe(new Set(ids).size);
});

test('a file is taken with both, and its page says what was ignored and what was cast', async () => {
  const taken = await send(1, ['extraColumns', 'castTypes']);
  expect(taken.status).toBe(303);
  const { text } = await session.get(String(taken.headers['location']));
  expect(text).toContain('<dt>Columns ignored</dt><dd>“shoe”</dd>');
  expect(text).toContain('<dt>Types cast</dt><dd>“plan” from whole number to text, “monthly_fee” from whole number to');
  expect(text).not.toContain('Not allowed');
});

test('a file is refused without one, the form comes back with the reason, and as it was filled in', async () => {
  const refused = await send(2, ['castTypes']);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('The data has the column “shoe” (whole number), which the model');
  expect(fieldsOf(refused.text, `${page}/upload`)).toMatchObject({ extraColumns: 'no', castTypes: 'yes' });
  const other = await send(2, ['extraColumns']);
  expect([other.status, other.text]).toEqual([422, expect.stringContaining('“plan” is whole number, not text')]);
});

test('data that is here is refused beside where it was chosen, and taken when it fits', async () => {
  const taken = await send(3, ['extraColumns', 'castTypes']);
  expect(taken.status).toBe(303);
  const [dataset] = await pages.stores.datasets.list('default', { text: 'new.csv' });
  const choose = (datasetId: string) => session.post(page, page, { datasetId, ...boxes([]) });
  const refused = await choose(dataset?.id ?? '');
  expect(refused.status).toBe(422);
  const start = refused.text.indexOf('Data that is here');
  expect(refused.text.indexOf('allow types to be cast')).toBeGreaterThan(start);
  expect(refused.text).toContain('aria-describedby="dataset-problem"');
  expect(fieldsOf(refused.text, page)).toMatchObject({ datasetId: dataset?.id, extraColumns: 'no', castTypes: 'no' });
  const fits = await choose(stories.dataset);
  expect(fits.status).toBe(303);
  const { text } = await session.get(String(fits.headers['location']));
  expect(text).toContain('<dt>Not allowed</dt><dd>extra columns, columns of another type</dd>');
  expect(text).not.toContain('Columns ignored');
});
