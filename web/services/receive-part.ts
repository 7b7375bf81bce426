import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Refused } from './refused.ts';

/** How much may be lost when the process is killed, in time and in bytes. */
const safeEveryMs = 1000;
const safeEveryBytes = 32 * 1024 * 1024;

export interface PartOrder {
  path: string;
  /** Where it goes on; what lies behind is not safe, and is cut off. */
  offset: number;
  mostBytes: number;
  body: Readable;
  /** Without one, what came before a line broke is kept; with one, all of the part or nothing. */
  checksum: { algorithm: 'sha256' | 'sha1'; expected: string } | undefined;
  signal: AbortSignal;
  /** The file up to here will outlive a power cut. */
  onSafe: (bytes: number) => Promise<void>;
}

/** Appends what is sent to a file; answers with its length. */
export async function receivePart(order: PartOrder): Promise<number> {
  const { path, offset, mostBytes, body, checksum, signal, onSafe } = order;
  const file = await open(path, offset === 0 ? 'w' : 'r+').catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? lost() : error;
  });
  const sum = checksum && createHash(checksum.algorithm);
  let at = offset;
  let safe = offset;
  let safeAtMs = Date.now();
  const makeSafe = async () => {
    if (at === safe) return;
    await file.datasync();
    await onSafe(at);
    safe = at;
    safeAtMs = Date.now();
  };
  const stop = () => body.destroy(new Error('Another request goes on.'));
  signal.addEventListener('abort', stop);
  try {
    if ((await file.stat()).size < offset) throw lost();
    await file.truncate(offset);
    for await (const piece of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      if (at - offset + piece.length > mostBytes) throw tooMuch();
      sum?.update(piece);
      await file.write(piece, 0, piece.length, at);
      at += piece.length;
      const isDue = at - safe >= safeEveryBytes || Date.now() - safeAtMs >= safeEveryMs;
      if (!checksum && isDue) await makeSafe();
    }
    if (checksum && sum?.digest('base64') !== checksum.expected) throw damaged();
    await makeSafe();
    return at;
  } catch (error) {
    // A broken line is what this is for: what has come stays.
    if (!checksum && !(error instanceof Refused)) await makeSafe();
    throw brokenOff(error);
  } finally {
    signal.removeEventListener('abort', stop);
    await file.close();
  }
}

function brokenOff(error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Refused(507, 'The disk is full', 'There is no room left on the disk for this file.', {
      hint: 'Free some space and go on: what has come so far is kept for a day.',
    });
  }
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNABORTED') {
    return new Refused(400, 'Broken off', 'The line broke off. Go on from the offset that HEAD says.');
  }
  return error;
}

function tooMuch(): Refused {
  return new Refused(413, 'More than was said', 'More bytes came than the upload has by its length.', {
    hint: 'Begin a new upload with the right length.',
  });
}

function damaged(): Refused {
  return new Refused(460, 'Checksum mismatch', 'This part is not what was sent; it was not kept. Send it again.');
}

function lost(): Refused {
  return new Refused(410, 'Gone', 'What had come of this file is not there any more.', { hint: 'Begin a new upload.' });
}
