import { createHash, randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { UploadRow } from '../../db/tables.ts';
import { familyOf, TrainyardError } from '../../domain/failures.ts';
import { idSchema } from '../../domain/ids.ts';
import { importOptionsSchema } from '../../domain/import-options.ts';
import { readAddress } from '../../infra/import-address.ts';
import type { KeepDataset } from './dataset-service.ts';
import { idOfKey } from './job-requests.ts';
import type { ServiceOptions } from './options.ts';
import { receivePart } from './receive-part.ts';
import type { UploadView } from './recipe-views.ts';
import { conflict, notFound, Refused, refusedBy } from './refused.ts';
import { parsed } from './request-problems.ts';
import type { HealthService, UploadedFile, Who } from './services.ts';

const MEGABYTE = 1024 * 1024;
/** What nobody has sent anything for in so long is taken away, and so is the memory of what is over. */
const keptForMs = 24 * 3_600_000;
/** A file that somebody else serves takes its time; not for ever. */
const fetchTimeoutMs = 2 * 3_600_000;
const noteEveryMs = 1000;
/** Reading a file fails now and then for reasons that pass (memory, disk); not as often as this. */
const triesToRead = 3;

const optionsSchema = importOptionsSchema.partial().strict();

export const newUploadSchema = z
  .strictObject({
    id: idSchema.optional(),
    name: z.string().trim().min(1, 'Give the name of the file.').max(255),
    length: z.int().min(1, 'An empty file has nothing in it.'),
    options: optionsSchema.optional(),
  })
  .meta({ id: 'NewUpload' });
export const fromUrlSchema = z
  .strictObject({
    id: idSchema.optional(),
    url: z.string().trim().min(1).max(4000),
    name: z.string().trim().min(1).max(255).optional(),
    options: optionsSchema.optional(),
  })
  .meta({ id: 'DatasetFromUrl' });
export const readAgainSchema = z.strictObject({ options: optionsSchema }).meta({ id: 'ReadUploadAgain' });

export interface UploadPart {
  offset: number;
  /** Of this part: `sha256 <base64>`. A part that is not what was sent is not kept. */
  checksum?: string | undefined;
}

export interface UploadService {
  create(
    who: Who,
    asked: unknown,
    options?: { idempotencyKey?: string },
  ): Promise<{ upload: UploadView; created: boolean }>;
  /** Fetches a file from an address, where the settings allow it. */
  fromUrl(
    who: Who,
    asked: unknown,
    options?: { idempotencyKey?: string },
  ): Promise<{ upload: UploadView; created: boolean }>;
  /** A file that came in one piece; one that is refused stays for a day, to be read in another way. */
  takeWhole(who: Who, file: UploadedFile): Promise<UploadView>;
  get(who: Who, id: string): Promise<UploadView>;
  append(who: Who, id: string, part: UploadPart, body: Readable): Promise<UploadView>;
  /** A file that came whole and was refused, in another way. */
  readAgain(who: Who, id: string, asked: unknown): Promise<UploadView>;
  remove(who: Who, id: string): Promise<void>;
  /** Takes up what a process that ended had under way. */
  resume(): Promise<void>;
  sweep(): Promise<void>;
  /** Until nothing is being read or fetched. */
  settled(): Promise<void>;
}

export function uploadService(
  options: ServiceOptions,
  parts: { health: HealthService; keep: KeepDataset },
): UploadService {
  const { stores, tempFolder, uploadLimitMb, fetchUrl, onError } = options;
  const now = options.now ?? Date.now;
  const limitBytes = uploadLimitMb * MEGABYTE;
  const pathOf = (id: string) => join(tempFolder, `upload-${id}`);
  /** One writer of a file: a newer part ends the one before, whose line may be dead without anybody knowing. */
  const appending = new Map<string, { abort: AbortController; ended: Promise<unknown> }>();
  const working = new Map<string, { abort: AbortController; ended: Promise<unknown> }>();
  const tries = new Map<string, number>();

  const find = async (who: Who, id: string): Promise<UploadRow> => {
    const row = await stores.uploads.get(who.workspaceId, id);
    if (!row) throw notFound('upload with this id', 'It may be over for more than a day. Send the file again.');
    return row;
  };

  const view = (row: UploadRow): UploadView => ({
    ...{ id: row.id, name: row.name, owner: row.owner, url: row.url, state: row.state },
    ...{ offset: row.bytes_received, length: row.bytes_total, datasetId: row.dataset_id },
    failure: row.failure_json === null ? null : JSON.parse(row.failure_json),
    ...{ createdAtMs: row.created_at_ms, changedAtMs: row.changed_at_ms, expiresAtMs: row.changed_at_ms + keptForMs },
  });

  const insert = async (
    who: Who,
    asked: { id?: string | undefined; name: string; url: string | null; length: number | null; options: unknown },
    key: string | undefined,
  ) => {
    const disk = await parts.health.lowDisk();
    if (disk !== undefined) throw new Refused(507, 'The disk is nearly full', disk);
    const keyed = key === undefined ? randomUUID() : idOfKey(who.workspaceId, key, 'upload');
    const { row, inserted } = await stores.uploads.insert(
      {
        ...{ id: asked.id ?? keyed, workspace_id: who.workspaceId, owner: who.owner, name: asked.name },
        ...{ url: asked.url, bytes_total: asked.length, options_json: JSON.stringify(asked.options ?? {}) },
      },
      now(),
    );
    const isSame =
      row.workspace_id === who.workspaceId &&
      row.url === asked.url &&
      (row.url !== null || row.bytes_total === asked.length) &&
      row.name === asked.name;
    if (!isSame) throw conflict('This id or key was used before, for another upload.', 'Use a new one.');
    return { row, inserted };
  };

  const fail = async (row: UploadRow, from: 'receiving' | 'reading', error: unknown) => {
    const refused = refusedBy(error);
    if (!refused) onError(error);
    const { status, title, message, hint, problems } =
      refused ?? new Refused(500, 'Something went wrong here', 'Trainyard met an error that it did not expect.');
    const failure = { status, title, message, hint: hint ?? null, problems };
    await stores.uploads.refused(row.id, from, JSON.stringify(failure), now());
  };

  /** One piece of work for an upload at a time; what goes wrong in it is in its row. */
  const inBackground = (id: string, act: (signal: AbortSignal) => Promise<void>) => {
    if (working.has(id)) return;
    const abort = new AbortController();
    const ended = act(abort.signal)
      .catch(onError)
      .finally(() => working.delete(id));
    working.set(id, { abort, ended });
  };

  const read = async (row: UploadRow, signal: AbortSignal) => {
    const who = { workspaceId: row.workspace_id, owner: row.owner };
    try {
      const file = { path: pathOf(row.id), name: row.name };
      const kept = await parts.keep(who, file, { options: JSON.parse(row.options_json), signal });
      await stores.uploads.kept(row.id, kept.row.id, now());
      tries.delete(row.id);
      await rm(pathOf(row.id), { force: true });
    } catch (error) {
      if (signal.aborted) return;
      const count = (tries.get(row.id) ?? 0) + 1;
      tries.set(row.id, count);
      // Left as it is, it is taken up when somebody asks for it, or by the process that comes next.
      const passes = error instanceof TrainyardError && familyOf(error.type) === 'platform' && count < triesToRead;
      if (!passes) await fail(row, 'reading', error);
    }
  };

  const fetchFile = async (row: UploadRow, signal: AbortSignal) => {
    if (!fetchUrl || row.url === null) {
      await fail(row, 'receiving', notAllowed());
      return;
    }
    let notedAtMs = 0;
    try {
      const { bytes } = await fetchUrl({
        ...{ url: row.url, toPath: pathOf(row.id), limitBytes, timeoutMs: fetchTimeoutMs, signal },
        onProgress: (received, total) => {
          if (Date.now() - notedAtMs < noteEveryMs) return;
          notedAtMs = Date.now();
          stores.uploads.fetched(row.id, { received, total }, now()).catch(onError);
        },
      });
      if (bytes === 0) throw new TrainyardError('BadData', 'The address gave an empty file.');
      await stores.uploads.reading(row.id, bytes, now());
      await read({ ...row, state: 'reading', bytes_received: bytes }, signal);
    } catch (error) {
      if (!signal.aborted) await fail(row, 'receiving', error);
      await rm(pathOf(row.id), { force: true });
    }
  };

  const takeUp = (row: UploadRow) => {
    if (row.state === 'reading') inBackground(row.id, (signal) => read(row, signal));
    else if (row.state === 'receiving' && row.url !== null) inBackground(row.id, (signal) => fetchFile(row, signal));
  };

  const takeAway = async (id: string) => {
    for (const under of [appending.get(id), working.get(id)]) {
      under?.abort.abort();
      await under?.ended;
    }
    await rm(pathOf(id), { force: true });
    await stores.uploads.remove(id);
  };

  const receive = async (row: UploadRow, part: UploadPart, body: Readable, signal: AbortSignal): Promise<UploadRow> => {
    const length = row.bytes_total ?? 0;
    const received = await receivePart({
      ...{ path: pathOf(row.id), offset: part.offset, mostBytes: length - part.offset, body, signal },
      checksum: readChecksum(part.checksum),
      onSafe: (bytes) => stores.uploads.received(row.id, bytes, now()).then(() => undefined),
    });
    if (received < length) return { ...row, bytes_received: received };
    await stores.uploads.reading(row.id, length, now());
    const whole = { ...row, state: 'reading' as const, bytes_received: length };
    takeUp(whole);
    return whole;
  };

  return {
    async create(who, given, { idempotencyKey } = {}) {
      const asked = parsed(newUploadSchema, given);
      if (asked.length > limitBytes) throw tooLarge(uploadLimitMb);
      const { row, inserted } = await insert(who, { ...asked, options: asked.options, url: null }, idempotencyKey);
      return { upload: view(row), created: inserted };
    },

    async fromUrl(who, given, { idempotencyKey } = {}) {
      const asked = parsed(fromUrlSchema, given);
      const { pathname } = readAddress(asked.url);
      if (!fetchUrl) throw notAllowed();
      const name = asked.name ?? (nameIn(pathname) || 'data.csv');
      const { row, inserted } = await insert(
        who,
        { id: asked.id, name, url: asked.url, length: null, options: asked.options },
        idempotencyKey,
      );
      takeUp(row);
      return { upload: view(row), created: inserted };
    },

    async takeWhole(who, { path, name }) {
      const length = (await stat(path)).size;
      const { row } = await insert(who, { name: nameOf(name), url: null, length, options: {} }, undefined);
      await rename(path, pathOf(row.id));
      await stores.uploads.reading(row.id, length, now());
      takeUp({ ...row, state: 'reading', bytes_received: length });
      await working.get(row.id)?.ended;
      return view(await find(who, row.id));
    },

    async get(who, id) {
      const row = await find(who, id);
      takeUp(row);
      return view(row);
    },

    async append(who, id, part, body) {
      const before = appending.get(id);
      before?.abort.abort();
      const abort = new AbortController();
      const ended = Promise.withResolvers<void>();
      const mine = { abort, ended: ended.promise };
      appending.set(id, mine);
      try {
        await before?.ended;
        abort.signal.throwIfAborted();
        const row = await find(who, id);
        if (row.state !== 'receiving' || row.url !== null) throw conflict('All of this file has come already.');
        if (row.bytes_received !== part.offset) {
          const message = `The file goes on at byte ${row.bytes_received}, not at ${part.offset}.`;
          throw conflict(message, 'Ask for the offset (HEAD) and send what comes from there.');
        }
        return view(await receive(row, part, body, abort.signal));
      } catch (error) {
        if (abort.signal.aborted) throw conflict('A newer request goes on with this upload.');
        throw error;
      } finally {
        if (appending.get(id) === mine) appending.delete(id);
        ended.resolve();
      }
    },

    async readAgain(who, id, given) {
      const asked = parsed(readAgainSchema, given);
      await find(who, id);
      const isThere = await stores.uploads.again(id, JSON.stringify(asked.options), now());
      if (!isThere) throw conflict('Only a file that came whole and was refused can be read in another way.');
      tries.delete(id);
      const row = await find(who, id);
      takeUp(row);
      return view(row);
    },

    async remove(who, id) {
      await find(who, id);
      await takeAway(id);
    },

    async resume() {
      for (const row of await stores.uploads.interrupted()) takeUp(row);
    },

    async sweep() {
      for (const { id } of await stores.uploads.untouchedSince(now() - keptForMs)) await takeAway(id);
    },

    async settled() {
      while (working.size > 0) await Promise.all([...working.values()].map(({ ended }) => ended));
    },
  };
}

/** What browsers send as a name may be a path. */
function nameOf(fileName: string): string {
  return basename(fileName.replaceAll('\\', '/')).slice(0, 255) || 'data.csv';
}

function nameIn(pathname: string): string {
  try {
    return basename(decodeURIComponent(pathname)).slice(0, 255);
  } catch {
    return '';
  }
}

function readChecksum(text: string | undefined): { algorithm: 'sha256' | 'sha1'; expected: string } | undefined {
  if (text === undefined) return undefined;
  const [algorithm = '', expected = ''] = text.trim().split(/\s+/);
  if ((algorithm === 'sha256' || algorithm === 'sha1') && expected !== '') return { algorithm, expected };
  throw new Refused(
    400,
    'Checksum not known',
    'Upload-Checksum is “sha256” or “sha1”, a blank, and the sum in base64.',
  );
}

/** For whoever sends a part: what its checksum is. */
export function checksumOf(bytes: Buffer): string {
  return `sha256 ${createHash('sha256').update(bytes).digest('base64')}`;
}

function tooLarge(limitMb: number): Refused {
  return new Refused(413, 'The file is too large', `The file is larger than ${limitMb} MB.`, {
    hint: 'Send a smaller file (fewer rows or columns), or raise the setting TRAINYARD_UPLOAD_LIMIT_MB.',
    problems: [{ field: 'length', message: `At most ${limitMb} MB.` }],
  });
}

function notAllowed(): Refused {
  return new Refused(403, 'Not switched on', 'Fetching files from addresses is switched off here.', {
    hint: 'Upload the file, or have TRAINYARD_URL_IMPORTS switched on.',
  });
}
