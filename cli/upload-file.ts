import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadView } from '../web/services/recipe-views.ts';
import { type ApiClient, Refusal, Unreachable } from './client.ts';
import { Usage } from './exit-codes.ts';

/** A broken line costs at most this much again. */
const PART_BYTES = 16 * 1024 * 1024;
/** A server that is started again, a train in a tunnel: about two minutes. */
const MOST_FAILURES = 12;
const LONGEST_PAUSE_MS = 15_000;
const POLL_MS = 300;

export interface UploadOrder {
  file: string;
  name?: string | undefined;
  options: Record<string, unknown>;
  onProgress: (sentence: string) => void;
}

/**
 * Sends a file in parts and waits until it is a dataset. The same file, sent again by another run of this command, goes
 * on where the one before was broken off: path, size and time of the file are the key.
 */
export async function uploadFile(client: ApiClient, order: UploadOrder): Promise<UploadView> {
  const { file, options, onProgress } = order;
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new Usage(`There is no file ${file}.`);
  if (found.size === 0) throw new Usage(`${file} is empty.`);
  const name = order.name ?? basename(file);
  const key = createHash('sha256')
    .update(JSON.stringify([resolve(file), found.size, found.mtimeMs, name, options]))
    .digest('hex');
  let upload = await client.post<UploadView>(
    '/api/v1/uploads',
    { name, length: found.size, options },
    { 'Idempotency-Key': key },
  );
  if (upload.offset > 0 && upload.state === 'receiving') onProgress(`It goes on at ${percent(upload)}.`);
  const path = `/api/v1/uploads/${upload.id}`;
  const bytes = await openAsBlob(file);
  for (let failures = 0; upload.state === 'receiving'; ) {
    try {
      const part = bytes.slice(upload.offset, upload.offset + PART_BYTES);
      await client.part(path, upload.offset, part);
      failures = 0;
    } catch (error) {
      failures += 1;
      // A 409 says that the file goes on elsewhere: the next look tells where.
      const passes = error instanceof Unreachable || (error instanceof Refusal && error.problem.status === 409);
      if (!passes || failures > MOST_FAILURES) throw error;
      onProgress('The line broke; going on …');
      await sleep(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** failures));
    }
    const now = await client.get<UploadView>(path).catch((error: unknown) => {
      if (error instanceof Unreachable) return undefined;
      throw error;
    });
    if (now) upload = now;
    if (upload.state === 'receiving') onProgress(percent(upload));
  }
  if (upload.state === 'reading') onProgress('All of it came; it is being read.');
  while (upload.state === 'reading') {
    await sleep(POLL_MS);
    upload = await client.get<UploadView>(path);
  }
  return upload;
}

function percent({ offset, length }: UploadView): string {
  return length === null || length === 0 ? `${offset} bytes` : `${Math.floor((offset / length) * 100)} %`;
}
