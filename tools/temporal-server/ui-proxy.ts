import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { knownHost, ownOrigin } from '../../web/middleware/known-host.ts';

/** A port of this machine that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Temporal's own pages ask nobody where a request comes from: a page of a foreign site could reach them under its own
 * name (DNS rebinding) and end workflows. So they listen on a port that changes at each start and is told to nobody,
 * and what people open is this: the same checks of Host and Origin as before the application, then the page.
 */
export async function openUiProxy({ port, uiPort }: { port: number; uiPort: number }): Promise<Server> {
  const checks = [knownHost([]), ownOrigin([])];
  const server = createServer((incoming, response) => {
    try {
      // They read method and headers only, and throw what they refuse.
      for (const check of checks) void check(incoming as never, response as never, () => {});
    } catch (error) {
      const { status = 403, message } = error as Error & { status?: number };
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
      return;
    }
    passOn(incoming, response, uiPort);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function passOn(incoming: IncomingMessage, response: ServerResponse, uiPort: number): void {
  const { method, url, headers } = incoming;
  const outgoing = request({ host: '127.0.0.1', port: uiPort, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'content-type': 'text/plain' }).end('The Temporal pages do not answer yet.\n');
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
