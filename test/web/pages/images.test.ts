import { formSession, fieldsOf } from './form-session.ts';
import { openPageApp, type PageApp } from '../page-app.ts';

let pages: PageApp;
let session: ReturnType<typeof formSession>;
let address: string;

beforeAll(async () => {
  pages = await openPageApp();
  session = formSession(pages.app);
  const added = await session.post('/data', '/data/samples', { sample: 'digits' });
  address = added.headers['location'] as string;
});
afterAll(() => pages.close());

const idOf = () =>
  address
    .split('/')
    .at(-1)
    ?.replace(/.*dataset=/, '') ?? '';
const page = () => `/data/${idOf()}`;

test('shows images of a dataset in their rows', async () => {
  const { text } = await session.get(page());
  expect(text).toContain(`src="${page()}/image?column=image&amp;row=1"`);
  expect(text).toContain('alt="PNG image, 126 bytes"');
  expect(text).toContain('CSV, without the images');
  expect(text).toContain('8 × 8');
});

test('sends one image as nothing but an image', async () => {
  const { status, headers, body } = await session.get(`${page()}/image?column=image&row=2`);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  expect((body as Buffer).subarray(1, 4).toString()).toBe('PNG');
});

test.each(['column=label&row=1', 'column=image&row=0', 'column=image&row=1798', 'column=image&row=x', 'row=1'])(
  'has no image at %s',
  async (query) => {
    expect((await session.get(`${page()}/image?${query}`)).status).toBe(404);
  },
);

test('leaves the bytes out of a download as CSV', async () => {
  const { text } = await session.get(`${page()}/file.csv`);
  expect(text.split('\n').slice(0, 2)).toEqual(['label,width,height', '0,8,8']);
});

test('guesses an engine that learns from images, and refuses one that does not', async () => {
  const form = await session.get(`/jobs/new?dataset=${idOf()}`);
  const fields = fieldsOf(form.text, '/jobs/confirm');
  expect(fields).toMatchObject({ 'task.labels': 'label', 'task.kind': 'multiclass', 'engine.name': 'torch' });
  const ticked = [...form.text.matchAll(/<input[^>]*name="ignoredColumns"[^>]*>/g)].filter(([input]) =>
    / checked/.test(input),
  );
  expect(ticked.map(([input]) => /value="([^"]*)"/.exec(input)?.[1])).toEqual(['width', 'height']);
  const confirm = (more: Record<string, string | string[]>) =>
    session.post(`/jobs/new?dataset=${idOf()}`, '/jobs/confirm', { ...fields, ...more });
  const agreed = await confirm({});
  expect(agreed.text).toContain('What will be made');
  const refused = await confirm({ 'engine.name': 'sklearn' });
  expect(refused.text).toContain('cannot learn from images, and “image” holds some. Choose PyTorch (torch)');
  const ignored = await confirm({ 'engine.name': 'sklearn', ignoredColumns: ['image'] });
  expect(ignored.text).not.toContain('cannot learn from images');
});
