import type { Request } from 'express';
import { Refused } from '../../services/refused.ts';
import type { UploadedFile } from '../../services/services.ts';

/** The file of an upload form, or the reason why there is none. */
export function receivedFile(request: Request): UploadedFile {
  const { file } = request;
  if (file && file.originalname !== '') return { path: file.path, name: file.originalname };
  throw new Refused(422, 'No file', 'No file was chosen.', {
    hint: 'Choose a file: CSV, Excel, JSON lines, Parquet, or a zip of images.',
    problems: [{ field: 'file', message: 'No file was chosen.' }],
  });
}
