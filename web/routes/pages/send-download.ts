import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Download } from '../../services/services.ts';

/** Sends a file of the store as it is read; a browser that goes away ends the reading. */
export async function sendDownload(
  request: Request,
  response: Response,
  file: Download,
  { inline = false }: { inline?: boolean } = {},
): Promise<void> {
  if (!inline) response.attachment(file.fileName);
  response.type(file.contentType);
  if (file.etag !== null) response.set('ETag', file.etag);
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  if (file.bytes !== null) response.set('Content-Length', String(file.bytes));
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const content = await file.open();
  await pipeline(content, response).catch((error: unknown) => {
    const isGone = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isGone) throw error;
  });
}
