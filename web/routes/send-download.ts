import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { Refused } from '../services/refused.ts';
import type { Download } from '../services/services.ts';

/** Sends a file as it comes from the store, or the one part of it that was asked for; never the whole in memory. */
export async function sendDownload(
  request: Request,
  response: Response,
  file: Download,
  { inline = false }: { inline?: boolean } = {},
): Promise<void> {
  try {
    if (!inline) response.attachment(file.fileName);
    response.set('Content-Type', file.contentType);
    if (file.etag !== null) response.set('ETag', `"${file.etag}"`);
    if (request.fresh) {
      response.status(304).end();
      return;
    }
    const part = partOf(request, response, file);
    if (file.bytes !== null) {
      response.set('Accept-Ranges', 'bytes');
      response.set('Content-Length', String(part ? part.end - part.start : file.bytes));
    }
    if (part) response.status(206).set('Content-Range', `bytes ${part.start}-${part.end - 1}/${file.bytes}`);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    await pipeline(await file.open(part), response);
  } catch (error) {
    // Somebody who went away in the middle of a download is no failure of ours.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await file.close?.();
  }
}

function partOf(
  request: Request,
  response: Response,
  { bytes, etag }: Download,
): { start: number; end: number } | undefined {
  if (bytes === null || request.headers.range === undefined) return undefined;
  const condition = request.headers['if-range'];
  // It has changed since the first part was fetched: the whole of the new one, not a mixture.
  if (condition !== undefined && condition !== `"${etag}"`) return undefined;
  const ranges = request.range(bytes, { combine: true });
  if (ranges === -1) {
    response.set('Content-Range', `bytes */${bytes}`);
    throw new Refused(416, 'Not in the file', `The file has ${bytes} bytes; the part that was asked for lies beyond.`);
  }
  const [only] = Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1 ? ranges : [];
  return only && { start: only.start, end: only.end + 1 };
}
