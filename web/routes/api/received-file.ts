import type { Request } from 'express';
import { Refused } from '../../services/refused.ts';
import type { UploadedFile } from '../../services/services.ts';

export function receivedFile(request: Request): UploadedFile {
  const { file } = request;
  if (file) return { path: file.path, name: file.originalname };
  throw new Refused(422, 'No file came', 'The request has no file in it.', {
    hint: 'Send multipart/form-data with the file in the field “file”: curl -H "X-Trainyard: 1" -F file=@data.csv …',
    problems: [{ field: 'file', message: 'Choose a file.' }],
  });
}
