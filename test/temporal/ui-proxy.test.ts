import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { findTemporal } from '../../tools/temporal-server.ts';
import { serverArguments, waitForServer } from '../../tools/temporal-server/temporal-server.ts';
import { freePort, openUiProxy } from '../../tools/temporal-server/ui-proxy.ts';
import { until } from '../infra/waiting.ts';

let end: () => Promise<void>;
let proxy: Server;
let port: number;
let address: string;

beforeAll(async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'ty-ui-'));
  const [server, uiPort] = [await freePort(), await freePort()];
  port = await freePort();
  address = `127.0.0.1:${server}`;
  const child = spawn(await findTemporal(), serverArguments({ dataFolder, port: server, uiPort }), { stdio: 'ignore' });
  proxy = await openUiProxy({ port, uiPort });
  end = async () => {
    proxy.closeAllConnections();
    proxy.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(dataFolder, { recursive: true });
  };
  await waitForServer({ address, namespace: 'default' }, 30_000);
  await until('the pages are there', async () => (await ask('/')).status === 200);
}, 60_000);
afterAll(() => end());

interface Answer {
  status: number;
  text: string;
  cookies: string[];
}

/** Unlike fetch, it sends what Host it is told. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, cookies: answer.headers['set-cookie'] ?? [] }),
      );
    });
    asked.on('error', reject).end(body);
  });
}

test('the pages and what they are made of come through', async () => {
  const page = await ask('/namespaces/default/workflows');
  expect(page.status).toBe(200);
  const script = /"(\/_app\/[^"]+\.js)"/.exec(page.text)?.[1] ?? '';
  expect(await ask(script)).toMatchObject({ status: 200, text: expect.stringContaining('import') });
  expect(JSON.parse((await ask('/api/v1/namespaces')).text)).toHaveProperty('namespaces');
});

test('a workflow can be terminated from the pages, and not from a foreign one', async () => {
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  await workflow.start('nothing', { workflowId: 'mine', taskQueue: 'none' });
  const path = '/api/v1/namespaces/default/workflows/mine/terminate';
  const cookie = (await ask('/')).cookies.map((one) => one.split(';', 1)[0]).join('; ');
  const token = /_csrf=([^;]+)/.exec(cookie)?.[1] ?? '';
  const headers = { 'content-type': 'application/json', cookie, 'x-csrf-token': token };
  const terminate = (more: Record<string, string>) =>
    ask(path, { ...headers, ...more }, 'POST', '{"reason":"a person did"}');
  const status = async () => (await workflow.getHandle('mine').describe()).status.name;

  const name = `rebound.example:${port}`;
  expect((await terminate({ host: name, origin: `http://${name}` })).status).toBe(421);
  expect((await terminate({ origin: 'https://foreign.example' })).status).toBe(403);
  expect(await status()).toBe('RUNNING');
  expect((await terminate({ origin: `http://127.0.0.1:${port}` })).status).toBe(200);
  expect(await status()).toBe('TERMINATED');
  await connection.close();
});

test('nothing is read under a name that is not ours', async () => {
  expect((await ask('/', { host: 'rebound.example' })).status).toBe(421);
  expect((await ask('/', { host: `localhost:${port}` })).status).toBe(200);
});

test('says so while the pages are not there', async () => {
  const alone = await openUiProxy({ port: await freePort(), uiPort: await freePort() });
  const there = port;
  port = (alone.address() as { port: number }).port;
  expect(await ask('/')).toMatchObject({ status: 502, text: 'The Temporal pages do not answer yet.\n' });
  port = there;
  alone.close();
});
