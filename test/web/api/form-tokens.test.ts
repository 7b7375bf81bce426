import cookieParser from 'cookie-parser';
import express from 'express';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import request from 'supertest';
import { answerErrors } from '../../../web/middleware/errors.ts';
import { formTokens } from '../../../web/middleware/form-token.ts';
import { receiveFile } from '../../../web/middleware/receive-file.ts';
import { securedRoutes } from '../../../web/routes/secured-routes.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-forms-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A page with a form and an upload, behind the same guards as the pages of the application. */
function appWith(secret = 'one') {
  const app = express();
  const tokens = formTokens(secret);
  app.use(cookieParser(), express.urlencoded({ extended: false }), tokens.offer);
  const routes = securedRoutes({
    allow: () => (_request, _response, next) => next(),
    beforeFile: [receiveFile({ tempFolder: folder, uploadLimitMb: 1 })],
    beforePost: [tokens.demand],
  });
  routes.get('/form', 'read', (_request, response) => void response.send(String(response.locals.csrfToken)));
  routes.post('/act', 'train', (_request, response) => void response.send('done'));
  routes.upload('/upload', 'upload', (sent, response) => void response.send(sent.file?.originalname));
  app.use(routes.router, answerErrors(pino({ level: 'silent' })));
  return app;
}

async function opened(app: express.Express) {
  const page = await request(app).get('/form');
  const cookie = String(page.headers['set-cookie']);
  return { token: page.text, cookie: cookie.split(';')[0] ?? '', attributes: cookie };
}

it('takes a form with its token and cookie, and not without either', async () => {
  const app = appWith();
  const { token, cookie, attributes } = await opened(app);
  expect(attributes).toMatch(/HttpOnly/);
  expect(attributes).toMatch(/SameSite=Strict/);
  const send = (body: object) => request(app).post('/act').type('form').send(body);
  expect((await send({ _csrf: token }).set('Cookie', cookie)).text).toBe('done');
  expect((await send({ _csrf: token })).status).toBe(403);
  expect((await send({}).set('Cookie', cookie)).status).toBe(403);
  expect((await send({ _csrf: `${token}x` }).set('Cookie', cookie)).status).toBe(403);
  expect((await request(app).post('/act').set('X-CSRF-Token', token).set('Cookie', cookie)).text).toBe('done');
});

it('keeps a form valid over a restart, and no longer with another secret', async () => {
  const { token, cookie } = await opened(appWith());
  const send = (app: express.Express) =>
    request(app).post('/act').type('form').send({ _csrf: token }).set('Cookie', cookie);
  expect((await send(appWith())).text).toBe('done');
  expect((await send(appWith('two'))).status).toBe(403);
});

it('checks the token of an upload too, and keeps no file of a refused one', async () => {
  const app = appWith();
  const { token, cookie } = await opened(app);
  const send = () => request(app).post('/upload').set('Cookie', cookie).attach('file', Buffer.from('a'), 'a.csv');
  expect((await send().field('_csrf', token)).text).toBe('a.csv');
  expect((await send()).status).toBe(403);
  expect((await send().field('_csrf', 'wrong')).status).toBe(403);
  for (const end = Date.now() + 5000; (await readdir(folder)).length > 0; ) {
    if (Date.now() > end) throw new Error('A file was left.');
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
});

it('refuses multipart where no file is taken', async () => {
  const app = appWith();
  const { token, cookie } = await opened(app);
  const sent = request(app).post('/act').set('Cookie', cookie).field('_csrf', token);
  expect((await sent).status).toBe(403);
});
