import { type LookupAddress, promises as dns } from 'node:dns';
import { createWriteStream } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TrainyardError } from '../domain/failures.ts';

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

const mostRedirects = 5;
/** A server that says nothing for so long has gone. */
const silenceMs = 30_000;

/**
 * Only the address that is really connected to counts: a name is resolved once, by us, and the connection goes to what
 * was looked at then. So neither a name that points inside nor one that changes its mind (DNS rebinding) reaches
 * anything that is not public; redirects begin anew.
 */
export function publicDownload({
  isAllowed = isPublicAddress,
  resolve = (name: string): Promise<LookupAddress[]> => dns.lookup(name, { all: true }),
}: {
  isAllowed?: (address: string) => boolean;
  resolve?: (name: string) => Promise<LookupAddress[]>;
} = {}): PublicDownload {
  const lookup: LookupFunction = (name, _options, done) => {
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

  const open = (url: URL, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((opened, failed) => {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isAllowed(host)) {
        failed(notPublic(host));
        return;
      }
      const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const asked = ask(url, {
        // A connection of its own: one that was opened for another name proves nothing about this one.
        agent: false,
        lookup,
        signal,
        timeout: silenceMs,
        headers: { 'User-Agent': 'Trainyard', 'Accept-Encoding': 'identity' },
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
    try {
      const answer = await follow(url, (next) => open(next, stop));
      const length = answer.headers['content-length'];
      const total = length === undefined ? null : Number(length);
      if (total !== null && total > limitBytes) {
        answer.destroy();
        throw tooLarge(limitBytes);
      }
      let bytes = 0;
      const counted = new Transform({
        transform(piece: Buffer, _encoding, done) {
          bytes += piece.length;
          onProgress?.(bytes, total);
          done(bytes > limitBytes ? tooLarge(limitBytes) : null, piece);
        },
      });
      await pipeline(answer, counted, createWriteStream(toPath), { signal: stop });
      return { bytes };
    } catch (error) {
      if (late.aborted) throw bad(`It took longer than ${Math.round(timeoutMs / 60_000)} minutes.`);
      if (signal?.aborted || error instanceof TrainyardError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC') throw error;
      throw bad(`The file could not be fetched (${code ?? (error as Error).message}).`);
    }
  };
}

async function follow(from: string, open: (url: URL) => Promise<IncomingMessage>): Promise<IncomingMessage> {
  let url = readAddress(from);
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const answer = await open(url);
    const { statusCode = 0, headers } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    answer.destroy();
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw bad(`The server answered ${statusCode} in place of the file.`);
    }
    url = readAddress(new URL(headers.location, url).href);
  }
  throw bad(`The address leads on more than ${mostRedirects} times.`);
}

/** What may be fetched at all, before anything is resolved. */
export function readAddress(text: string): URL {
  if (/^(gs|s3):\/\//i.test(text)) {
    const needs = /^gs/i.test(text) ? 'A gs:// address needs Google Cloud' : 'An s3:// address needs Amazon S3';
    throw new TrainyardError(
      'BadSpec',
      `${needs}, which is not set up here.`,
      'Download the file and upload it, or use a signed https address.',
    );
  }
  if (!URL.canParse(text)) throw new TrainyardError('BadSpec', `“${text.slice(0, 200)}” is no address.`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TrainyardError('BadSpec', 'Only addresses that begin with https:// or http:// can be fetched.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TrainyardError('BadSpec', 'An address with a name and a password in it is not fetched.');
  }
  return url;
}

const inner = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  inner.addSubnet(network, prefix, 'ipv4');
}
// Of IPv6 only what is given out as public is: 2000::/3, less what is not for the open network or carries IPv4 in it.
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  inner.addSubnet(network, prefix, 'ipv6');
}
const open6 = new BlockList();
open6.addSubnet('2000::', 3, 'ipv6');

/** Whether anybody on the open network could reach it: no address of this host, of its network, or of a cloud's inside. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  const family = isIP(plain);
  if (family === 4) return !inner.check(plain, 'ipv4');
  return family === 6 && open6.check(plain, 'ipv6') && !inner.check(plain, 'ipv6');
}

function notPublic(host: string): TrainyardError {
  return new TrainyardError(
    'BadSpec',
    `“${host}” is not an address of the open network, and is not fetched.`,
    'Files inside your own network have to be uploaded.',
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
