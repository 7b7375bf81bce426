import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { apiClient } from '../../cli/client.ts';
import { uploadFile } from '../../cli/upload-file.ts';

it('sends the end of a file that is larger than 4 GiB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-cli-upload-'));
  const file = join(folder, 'large.csv');
  const offset = 2 ** 32 + 1000;
  // A hole up to there: nothing that a disk has to keep.
  await using sparse = await open(file, 'w');
  await sparse.write('the end\n', offset);
  const parts: [string | undefined, string][] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const upload = { id: 'one', length: offset + 8, datasetId: null };
    if (request.method === 'PATCH') {
      parts.push([request.headers['upload-offset'] as string, body]);
      response.writeHead(204).end();
      return;
    }
    const isWhole = parts.length > 0;
    const state = { offset: isWhole ? upload.length : offset, state: isWhole ? 'kept' : 'receiving' };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ ...upload, ...state }));
  };
  const server = createServer((...asked) => void answer(...asked)).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const client = apiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await uploadFile(client, { file, onProgress: () => {} })).toMatchObject({ state: 'kept' });
    expect(parts).toEqual([[String(offset), 'the end\n']]);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
