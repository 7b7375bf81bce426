import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import type { Response } from 'express';
import type { Frame } from '../../page-models/frame.ts';

const views = fileURLToPath(new URL('../../views', import.meta.url));

/** Templates see two names: `frame`, what surrounds every page, and `page`, all that is on this one. */
export async function renderPage(response: Response, view: string, frame: Frame, page: object): Promise<void> {
  const html = await ejs.renderFile(
    `${views}/${view}.ejs`,
    { frame, page },
    { root: views, cache: process.env['NODE_ENV'] !== 'development' },
  );
  response.type('html').set('cache-control', 'no-store').send(html);
}
