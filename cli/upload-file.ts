import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadView } from '../web/services/recipe-views.ts';
import type { DatasetDetail } from '../web/services/views.ts';
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
  options?: Record<string, unknown>;
  onProgress: (sentence: string) => void;
}

/** The dataset that a file becomes, sent in parts; throws what the server has against it. */
export async function uploadDataset(client: ApiClient, order: UploadOrder): Promise<DatasetDetail> {
  return (await sendDataset(client, order)).dataset;
}

/** The same, and whether it was made by this: the server recognises what it has already. */
export async function sendDataset(
  client: ApiClient,
  order: UploadOrder,
): Promise<{ dataset: DatasetDetail; isNew: boolean }> {
  const { failure, datasetId, createdAtMs, wasKept } = await uploadFile(client, order);
  if (failure) {
    const { hint, message, ...problem } = failure;
    throw new Refusal({ ...problem, detail: message, ...(hint === null ? {} : { hint }) });
  }
  const dataset = await client.get<DatasetDetail>(`/api/v1/datasets/${datasetId ?? ''}`);
  // Both times are the server's own.
  return { dataset, isNew: !wasKept && dataset.createdAtMs >= createdAtMs };
}

/**
 * Sends a file in parts and waits until it is a dataset. The same file, sent again by another run of this command, goes
 * on where the one before was broken off: path, size and time of the file are the key.
 */
export async function uploadFile(client: ApiClient, order: UploadOrder): Promise<UploadView & { wasKept: boolean }> {
  const { file, options = {}, onProgress } = order;
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new Usage(`There is no file ${file}.`);
  if (found.size === 0) throw new Usage(`${file} is empty.`);
  const name = order.name ?? basename(file);
  const key = createHash('sha256')
    .update(JSON.stringify([resolve(file), found.size, found.mtimeMs, name, options]))
    .digest('hex');
  const onBreak = () => onProgress('The line broke; going on …');
  // Where nothing answers at the very first, it is better to say so at once.
  const begin = () =>
    client.post<UploadView>('/api/v1/uploads', { name, length: found.size, options }, { 'Idempotency-Key': key });
  let upload = await begin();
  if (await isOver(client, upload)) {
    await client.delete(`/api/v1/uploads/${upload.id}`);
    upload = await begin();
  }
  const wasKept = upload.state === 'kept';
  if (upload.offset > 0 && upload.state === 'receiving') onProgress(`It goes on at ${percent(upload)}.`);
  const path = `/api/v1/uploads/${upload.id}`;
  const look = () => overBrokenLine(onBreak, () => client.get<UploadView>(path));
  await using bytes = await open(file);
  for (let failures = 0; upload.state === 'receiving'; ) {
    const { offset } = upload;
    const broken = await client.part(path, offset, await partOf(bytes, offset)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (broken !== undefined) {
      failures += 1;
      // A 409 says that the file goes on elsewhere: the next look tells where.
      const passes = broken instanceof Unreachable || (broken instanceof Refusal && broken.problem.status === 409);
      if (!passes || failures > MOST_FAILURES) throw broken;
      onBreak();
      await pauseAfter(failures);
    }
    upload = await look();
    // A line that breaks ever again and brings something each time is a bad one, not a dead one.
    if (upload.offset > offset) failures = 0;
    if (upload.state === 'receiving') onProgress(percent(upload));
  }
  if (upload.state === 'reading') onProgress('All of it came; it is being read.');
  while (upload.state === 'reading') {
    await sleep(POLL_MS);
    upload = await look();
  }
  return { ...upload, wasKept };
}

/** What became of it before helps nobody now: it was refused, or the dataset has been removed since. */
async function isOver(client: ApiClient, { state, datasetId }: UploadView): Promise<boolean> {
  if (state !== 'kept') return state === 'refused';
  try {
    await client.get(`/api/v1/datasets/${datasetId ?? ''}`);
    return false;
  } catch (error) {
    if (error instanceof Refusal && error.problem.status === 404) return true;
    throw error;
  }
}

/** Not by `openAsBlob`, which takes the size of a file of 4 GiB or more for what is left of it above that. */
async function partOf(file: FileHandle, offset: number): Promise<Uint8Array<ArrayBuffer>> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(PART_BYTES), 0, PART_BYTES, offset);
  if (bytesRead === 0) throw new Usage('The file became shorter while it was sent. Send it again.');
  return buffer.subarray(0, bytesRead);
}

/** What can be asked twice is asked again while nothing answers. */
async function overBrokenLine<T>(onBreak: () => void, ask: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || failures > MOST_FAILURES) throw error;
      onBreak();
      await pauseAfter(failures);
    }
  }
}

function pauseAfter(failures: number): Promise<void> {
  return sleep(Math.min(LONGEST_PAUSE_MS, 250 * 2 ** failures));
}

function percent({ offset, length }: UploadView): string {
  return length === null || length === 0 ? `${offset} bytes` : `${Math.floor((offset / length) * 100)} %`;
}
