import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { RequestHandler } from 'express';
import multer from 'multer';
import { ownName } from '../../data/own-name.ts';
import { Refused } from '../services/refused.ts';

/** Writes the file of the field `file` to the temporary folder, and removes it once the answer is sent or given up. */
export function receiveFile(options: { tempFolder: string; uploadLimitMb: number }): RequestHandler {
  mkdirSync(options.tempFolder, { recursive: true });
  const upload = multer({
    storage: multer.diskStorage({
      destination: options.tempFolder,
      filename: (_request, _file, done) => done(null, `${ownName('sent')}${randomUUID()}`),
    }),
    defParamCharset: 'utf8',
    limits: { fileSize: options.uploadLimitMb * 1024 * 1024, files: 1, fields: 50, fieldSize: 256 * 1024 },
  }).single('file');
  return (request, response, next) => {
    response.once('close', () => {
      const path = request.file?.path;
      if (path !== undefined) void rm(path, { force: true });
    });
    upload(request, response, (error: unknown) => next(error === undefined ? undefined : refusalOf(error, options)));
  };
}

function refusalOf(error: unknown, { uploadLimitMb }: { uploadLimitMb: number }): unknown {
  if (error instanceof multer.MulterError) {
    if (error.code === 'LIMIT_FILE_SIZE') {
      return new Refused(413, 'The file is too large', `The file is larger than ${uploadLimitMb} MB.`, {
        hint: 'Send a smaller file (fewer rows or columns), or raise the setting TRAINYARD_UPLOAD_LIMIT_MB.',
        problems: [{ field: 'file', message: `At most ${uploadLimitMb} MB.` }],
      });
    }
    return new Refused(400, 'The upload cannot be read', `${error.message}.`, {
      hint: 'Send multipart/form-data with one file in the field “file”.',
    });
  }
  if ((error as NodeJS.ErrnoException)?.code === 'ENOSPC') {
    return new Refused(507, 'The disk is full', 'There is no room left on the disk for this file; nothing was kept.', {
      hint: 'Free some space, or move the data folder (TRAINYARD_DATA_FOLDER) to a larger disk.',
    });
  }
  // What busboy throws about broken multipart bodies carries no type of its own.
  if (error instanceof Error && /multipart|boundary|unexpected end of form|malformed/i.test(error.message)) {
    return new Refused(400, 'The upload cannot be read', 'The upload was cut off or is not multipart/form-data.', {
      hint: 'Send multipart/form-data with one file in the field “file”.',
    });
  }
  return error;
}
