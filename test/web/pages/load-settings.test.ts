import { openPageApp, type PageApp, tableOf } from '../page-app.ts';
import { fieldsOf, formSession } from './form-session.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;

beforeAll(async () => {
  pages = await openPageApp();
  session = formSession(pages.app);
});
afterAll(() => pages.close());

/** What the form answers when this was pasted into it. */
async function loaded(settingsFile: string) {
  const uploaded = await session.upload('/jobs/new', '/jobs/new/upload', 'mornings.csv', tableOf(120));
  const address = uploaded.headers['location'] as string;
  const fields = fieldsOf((await session.get(address)).text, '/jobs/confirm');
  const typed = { ...fields, name: 'typed by hand', settingsFile, action: 'load-settings' };
  const { status, text } = await session.post(address, '/jobs/confirm', typed);
  return { status, text, fields: fieldsOf(text, '/jobs/confirm') };
}

test('settings from a file fill in the form, and what was typed stays', async () => {
  const { status, fields, text } = await loaded('{"trees": 77, "flux": 3}');
  expect(status).toBe(200);
  expect(fields).toMatchObject({ 'sklearn.trees': '77', name: 'typed by hand', 'engine.name': 'sklearn' });
  expect(text).toContain('1 setting was filled in.');
  expect(text).toContain('“flux” is no setting of scikit-learn and was left out.');
  expect(text).toContain('<details id="load-settings" open>');
});

test.each([
  ['', 'Choose a file, or paste what is in it.'],
  ['not JSON', 'The file cannot be read as JSON'],
])('what cannot be read stands where it was pasted, with the reason: “%s”', async (given, reason) => {
  const { fields, text } = await loaded(given);
  expect(text).toContain(reason);
  expect(fields).toMatchObject({ name: 'typed by hand' });
  expect(/name="settingsFile"[^>]*>([^<]*)<\/textarea>/.exec(text)?.[1]).toBe(given);
});
