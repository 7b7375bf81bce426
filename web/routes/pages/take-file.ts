import type { Request } from 'express';
import type { Who } from '../../services/services.ts';
import { Refused } from '../../services/refused.ts';
import type { UploadService } from '../../services/upload-service.ts';
import { receivedFile } from './received-file.ts';

/** The file of a form that was sent in one piece: the id of its dataset, or of the upload where it is still being read. */
export async function takeFile(
  uploads: UploadService,
  who: Who,
  request: Request,
): Promise<{ datasetId: string } | { uploadId: string }> {
  const { id, datasetId, failure } = await uploads.takeWhole(who, receivedFile(request));
  if (datasetId !== null) return { datasetId };
  if (failure === null) return { uploadId: id };
  const { status, title, message, hint, problems } = failure;
  throw new Refused(status, title, message, { problems, uploadId: id, ...(hint === null ? {} : { hint }) });
}
