import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';

let folder: string;
let server: Server;
let headers: IncomingHttpHeaders[];
const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ty-google-api-'));
  headers = [];
  server = createServer((incoming, answer) => {
    answer.setHeader('content-type', 'application/json');
    if (incoming.url === '/token') {
      answer.end(JSON.stringify({ access_token: 'a-token', expires_in: 3600, token_type: 'Bearer' }));
      return;
    }
    headers.push(incoming.headers);
    answer.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
});

/** As `gcloud auth application-default login` leaves it. */
const ask = async (more: Record<string, string>): Promise<void> => {
  const path = join(folder, 'login.json');
  const login = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r', ...more };
  writeFileSync(path, JSON.stringify(login));
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = path;
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new GoogleApi(openAuth(endpoint), 'p1', endpoint).get('services', 'projects/p1/services');
};

test('a request for a person says whose quota it counts for, where that is set', async () => {
  await ask({ quota_project_id: 'p1' });
  await ask({});
  expect(headers.map((one) => one['x-goog-user-project'])).toEqual(['p1', undefined]);
  expect(headers.map(({ authorization }) => authorization)).toEqual(['Bearer a-token', 'Bearer a-token']);
});
