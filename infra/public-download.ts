import { type LookupAddress, promises as dns } from 'node:dns';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrainyardError } from '../domain/failures.ts';
import { isBucketAddress, readAddress, readWebAddress } from './import-address.ts';
import { isPublicAddress } from './public-address.ts';

export interface DownloadOrder {
  url: string;
  toPath: string;
  limitBytes: number;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((bytes: number, total: number | null) => void) | undefined;
}

/** Fetches a file from a public address; `bytes` is how many came. */
export type PublicDownload = (order: DownloadOrder) => Promise<{ bytes: number }>;

type IsAllowed = (address: string) => boolean;

const mostRedirects = 5;
/** One after the other, without anything that came between them. */
const mostBreaks = 5;
const againAfterMs = 250;
/** A server that says nothing for so long has gone. */
const silenceMs = 30_000;

/**
 * Only the address that is really connected to counts: a name is resolved once, by us, and the connection goes to what
 * was looked at then. So neither a name that points inside nor one that changes its mind (DNS rebinding) reaches
 * anything that is not public; redirects begin anew.
 */
export function publicDownload({
  hosts = [],
  isAllowed: isAllowedElse = isPublicAddress,
  resolve = (name: string): Promise<LookupAddress[]> => dns.lookup(name, { all: true }),
}: {
  /** Of the own network, and fetched from all the same: `name`, or `name:port` for that port only. */
  hosts?: readonly string[];
  isAllowed?: (address: string) => boolean;
  resolve?: (name: string) => Promise<LookupAddress[]>;
} = {}): PublicDownload {
  const lookupFor =
    (isAllowed: IsAllowed): LookupFunction =>
    (name, _options, done) => {
      const answer = async () => {
        const found = await resolve(name);
        // One inner address among public ones is no accident: none of them is used.
        if (found.length === 0 || found.some(({ address }) => !isAllowed(address))) throw notPublic(name);
        return found;
      };
      answer().then(
        (found) => done(null, found),
        (error: Error) => done(error as NodeJS.ErrnoException, []),
      );
    };

  const open = (url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((opened, failed) => {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const isAllowed = isNamed(url, hosts) ? () => true : isAllowedElse;
      if (isIP(host) !== 0 && !isAllowed(host)) {
        failed(notPublic(host));
        return;
      }
      const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const asked = ask(url, {
        // A connection of its own: one that was opened for another name proves nothing about this one.
        agent: false,
        lookup: lookupFor(isAllowed),
        signal,
        timeout: silenceMs,
        headers: { 'User-Agent': 'Trainyard', 'Accept-Encoding': 'identity', ...headers },
      });
      asked.once('socket', (socket) => {
        socket.once('connect', () => {
          if (!socket.remoteAddress || !isAllowed(socket.remoteAddress)) asked.destroy(notPublic(host));
        });
      });
      asked.once('timeout', () => asked.destroy(bad('The server did not answer in time.')));
      asked.once('response', opened);
      asked.once('error', failed);
      asked.end();
    });

  return async ({ url, toPath, limitBytes, timeoutMs, signal, onProgress }) => {
    const late = AbortSignal.timeout(timeoutMs);
    const stop = signal ? AbortSignal.any([signal, late]) : late;
    let bytes = 0;
    let validator: string | undefined;
    const receive = async () => {
      const goesOn = bytes > 0 && validator !== undefined;
      const asked = goesOn ? { Range: `bytes=${bytes}-`, 'If-Range': validator ?? '' } : {};
      const answer = await follow(url, (next) => open(next, asked, stop));
      // All of it from the start: it has changed since, or the server gives no parts after all.
      if (!isPartFrom(answer, bytes)) bytes = 0;
      const length = answer.headers['content-length'];
      const total = length === undefined ? null : bytes + Number(length);
      if (total !== null && total > limitBytes) {
        answer.destroy();
        throw tooLarge(limitBytes);
      }
      validator ??= validatorOf(answer);
      const counted = new Transform({
        transform(piece: Buffer, _encoding, done) {
          bytes += piece.length;
          onProgress?.(bytes, total);
          done(bytes > limitBytes ? tooLarge(limitBytes) : null, piece);
        },
      });
      const file = createWriteStream(toPath, { flags: bytes === 0 ? 'w' : 'r+', start: bytes });
      await pipeline(answer, counted, file, { signal: stop });
    };
    try {
      for (let breaks = 0; ; ) {
        const from = bytes;
        try {
          await receive();
          return { bytes };
        } catch (error) {
          breaks = bytes > from ? 1 : breaks + 1;
          if (validator === undefined || breaks > mostBreaks || !isBreak(error)) throw error;
          // What came and is not written yet comes once more.
          bytes = (await stat(toPath)).size;
          await sleep(againAfterMs * 2 ** breaks, undefined, { signal: stop });
        }
      }
    } catch (error) {
      if (late.aborted) throw bad(`It took longer than ${Math.round(timeoutMs / 60_000)} minutes.`);
      if (signal?.aborted || error instanceof TrainyardError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC') throw error;
      throw bad(`The file could not be fetched (${code ?? (error as Error).message}).`);
    }
  };
}

/** By which a server tells that it is still the same file; without one nothing may be put behind what came. */
function validatorOf({ headers }: IncomingMessage): string | undefined {
  if (headers['accept-ranges'] !== 'bytes') return undefined;
  const isStrong = headers.etag !== undefined && !headers.etag.startsWith('W/');
  return isStrong ? headers.etag : headers['last-modified'];
}

function isPartFrom({ statusCode, headers }: IncomingMessage, bytes: number): boolean {
  return statusCode === 206 && (headers['content-range'] ?? '').startsWith(`bytes ${bytes}-`);
}

function isBreak(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code);
}

/** A name of the own network that somebody wrote into the settings, with or without the port. */
function isNamed(url: URL, hosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return hosts.some((host) => [url.hostname, `${url.hostname}:${port}`].includes(host.toLowerCase()));
}

async function follow(from: string, open: (url: URL) => Promise<IncomingMessage>): Promise<IncomingMessage> {
  let url = readAddress(from);
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await open(url);
    const { statusCode = 0, headers } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    answer.destroy();
    if (isBucketAddress(from) && [401, 403, 404].includes(statusCode)) throw notForAll(from);
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw bad(`The server answered ${statusCode} in place of the file.`);
    }
    url = readWebAddress(new URL(headers.location, url).href);
  }
  throw bad(`The address leads on more than ${mostRedirects} times.`);
}

function notForAll(address: string): TrainyardError {
  return new TrainyardError(
    'BadSpec',
    `“${address.slice(0, 200)}” is not there, or its bucket does not give it to everybody; credentials of clouds are not used for it.`,
    'Check the address, use a signed https address, or download the file and upload it.',
  );
}

function notPublic(host: string): TrainyardError {
  return new TrainyardError(
    'BadSpec',
    `“${host}” is not an address of the open network, and is not fetched.`,
    'Upload files of your own network, or name the host in the setting TRAINYARD_URL_IMPORT_HOSTS.',
  );
}

function tooLarge(limitBytes: number): TrainyardError {
  return new TrainyardError(
    'BadSpec',
    `The file is larger than ${Math.floor(limitBytes / 1_048_576)} MB.`,
    'Take fewer rows or columns, or raise the setting TRAINYARD_UPLOAD_LIMIT_MB.',
  );
}

function bad(message: string): TrainyardError {
  return new TrainyardError('BadSpec', message, 'Check the address, or download the file and upload it.');
}
