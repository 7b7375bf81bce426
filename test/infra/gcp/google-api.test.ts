import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';

let server: Server;
let headers: IncomingHttpHeaders[];

beforeEach(async () => {
  headers = [];
  server = createServer((incoming, answer) => {
    headers.push(incoming.headers);
    answer.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const ask = async (quotaProjectId?: string): Promise<void> => {
  const authClient = new OAuth2Client(quotaProjectId ? { quotaProjectId } : {});
  authClient.setCredentials({ access_token: 'a-token', expiry_date: Date.now() + 600_000 });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new GoogleApi(new GoogleAuth({ authClient }), 'p1', endpoint).get('services', 'projects/p1/services');
};

test('a request for a person says whose quota it counts for, and one for an account does not', async () => {
  await ask('p1');
  await ask();
  expect(headers.map((one) => one['x-goog-user-project'])).toEqual(['p1', undefined]);
  expect(headers.map(({ authorization }) => authorization)).toEqual(['Bearer a-token', 'Bearer a-token']);
});
