import type { Request, Response } from 'express';
import { z } from 'zod';
import { uploadSchema, type UploadView } from '../../services/recipe-views.ts';
import { Refused } from '../../services/refused.ts';
import type { Services } from '../../services/services.ts';
import { fromUrlSchema, newUploadSchema, readAgainSchema } from '../../services/upload-service.ts';
import { idempotencyHeader, keyIn } from './idempotency.ts';
import type { ApiRoutes } from './operation.ts';

const tag = 'upload';
const partType = 'application/offset+octet-stream';
const offsetHeaders = {
  'Upload-Offset': 'Bytes that are safe: go on from here.',
  'Upload-Length': 'Bytes of the whole file.',
};
const accepted = { Location: 'Its address.', ...offsetHeaders };

export function uploadOperations(api: ApiRoutes, { uploads }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/uploads',
      permission: 'upload',
      tag,
      summary: 'Begin an upload that can be broken off and gone on with',
      description:
        'In the manner of tus 1.0: PATCH sends a part from an offset, HEAD says where to go on. Length and name come as JSON, or as `Upload-Length` and `Upload-Metadata: filename <base64>`. When all has come the file becomes a dataset: see `state`. What nobody goes on with in 24 hours is taken away.',
      headers: [
        idempotencyHeader,
        { name: 'Upload-Length', description: 'Bytes of the whole file, when there is no JSON.' },
        { name: 'Upload-Metadata', description: '`filename` and its name in base64, when there is no JSON.' },
      ],
      json: newUploadSchema,
      answers: {
        201: { description: 'Begun.', schema: uploadSchema, headers: accepted },
        200: { description: 'It was begun before.', schema: uploadSchema, headers: accepted },
      },
    },
    async ({ who, request, response }) => {
      const { upload, created } = await uploads.create(who, newUploadIn(request), keyIn(request));
      response.status(created ? 201 : 200).location(`/api/v1/uploads/${upload.id}`);
      placeIn(response, upload).json(upload);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/uploads/:id',
      permission: 'upload',
      tag,
      summary: 'How far it is, and what became of it; HEAD for the offset alone',
      answers: { 200: { description: 'The upload.', schema: uploadSchema, headers: offsetHeaders } },
    },
    async ({ who, id, response }) => {
      const upload = await uploads.get(who, id);
      placeIn(response, upload).set('Cache-Control', 'no-store').json(upload);
    },
  );

  api.add(
    {
      method: 'patch',
      path: '/uploads/:id',
      permission: 'upload',
      tag,
      summary: 'Send a part of the file, from an offset',
      description: `The body is the bytes, as \`${partType}\`. What came before the line broke is kept, unless the part has a checksum: then all of it or nothing.`,
      headers: [
        { name: 'Upload-Offset', description: 'Where the part goes; 409 when the file goes on elsewhere.' },
        { name: 'Upload-Checksum', description: '`sha256` or `sha1`, a blank, and the sum of the part in base64.' },
      ],
      answers: { 204: { description: 'Kept.', headers: offsetHeaders } },
    },
    async ({ who, id, request, response }) => {
      if (request.is(partType) === false) {
        throw new Refused(415, 'Not a part of a file', `A part of a file is sent as ${partType}.`);
      }
      const offset = wholeNumber(request.get('upload-offset'));
      if (offset === undefined)
        throw new Refused(400, 'No offset', 'The header Upload-Offset says where the part goes.');
      const upload = await uploads.append(who, id, { offset, checksum: request.get('upload-checksum') }, request);
      placeIn(response, upload).status(204).end();
    },
  );

  api.add(
    {
      method: 'post',
      path: '/uploads/:id/read',
      permission: 'upload',
      tag,
      summary: 'Read a file that came whole and was refused, in another way',
      json: readAgainSchema,
      answers: { 202: { description: 'It is being read.', schema: uploadSchema } },
    },
    async ({ who, id, request, response }) =>
      void response.status(202).json(await uploads.readAgain(who, id, request.body ?? {})),
  );

  api.add(
    {
      method: 'delete',
      path: '/uploads/:id',
      permission: 'upload',
      tag,
      summary: 'Break it off; a dataset that it became stays',
      answers: { 204: { description: 'Gone.' } },
    },
    async ({ who, id, response }) => {
      await uploads.remove(who, id);
      response.status(204).end();
    },
  );

  api.add(
    {
      method: 'post',
      path: '/datasets/from-url',
      permission: 'upload',
      tag: 'dataset',
      summary: 'Have a file fetched from an address',
      description:
        'Only where TRAINYARD_URL_IMPORTS is on, only https, http, gs:// and s3:// (files that their bucket gives to everybody), and only from the open network and the hosts of TRAINYARD_URL_IMPORT_HOSTS. A fetch goes on where a line broke, where the server gives parts of its files. Follow the upload until it is `kept`.',
      headers: [idempotencyHeader],
      json: fromUrlSchema,
      answers: {
        202: { description: 'It is being fetched.', schema: uploadSchema, headers: { Location: 'Of the upload.' } },
      },
    },
    async ({ who, request, response }) => {
      const { upload } = await uploads.fromUrl(who, request.body ?? {}, keyIn(request));
      response.status(202).location(`/api/v1/uploads/${upload.id}`).json(upload);
    },
  );
}

function placeIn(response: Response, { offset, length }: UploadView): Response {
  response.set('Tus-Resumable', '1.0.0').set('Upload-Offset', String(offset));
  return length === null ? response : response.set('Upload-Length', String(length));
}

/** As JSON, or in the headers of tus. */
function newUploadIn(request: Request): unknown {
  const length = wholeNumber(request.get('upload-length'));
  if (length === undefined) return request.body ?? {};
  const metadata = new Map(
    (request.get('upload-metadata') ?? '').split(',').map((pair) => {
      const [key = '', value] = pair.trim().split(/\s+/);
      return [key, value] as const;
    }),
  );
  const name = metadata.get('filename') ?? metadata.get('name');
  return { length, name: name === undefined ? 'data.csv' : Buffer.from(name, 'base64').toString('utf8') };
}

function wholeNumber(text: string | undefined): number | undefined {
  const read = z.coerce
    .number()
    .int()
    .min(0)
    .safeParse(text?.trim() || undefined);
  return read.success ? read.data : undefined;
}
