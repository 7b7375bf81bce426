import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Router } from 'express';

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const publicFolder = join(here, 'public');

/** Ready-made parts, served from where npm put them; nothing is fetched from anywhere else. */
const vendors: Record<string, string> = {
  htmx: join(dirname(require.resolve('htmx.org/package.json')), 'dist'),
  uplot: join(dirname(require.resolve('uplot/package.json')), 'dist'),
};

/**
 * The stylesheet of every page is several files, sent as one: a single request, and nothing of the look that comes late.
 * Later ones win, so what takes something back for narrow screens is last.
 */
const styles = [
  'tokens',
  'base',
  'frame',
  'chips-and-buttons',
  'progress',
  'tables',
  'log',
  'words',
  'forms',
  'charts',
  'recipes',
  'narrow',
];
const joined: Record<string, string[]> = {
  'trainyard.css': styles.map((name) => join(publicFolder, 'styles', `${name}.css`)),
};

/** `/static/…` is web/public, `/static/vendor/htmx/…` and `/static/vendor/uplot/…` the dist folders of these packages. */
export function staticFiles(): Router {
  const router = express.Router();
  const setHeaders = (response: express.Response) => {
    const versioned = response.req.query['v'] !== undefined;
    response.set('Cache-Control', versioned ? 'public, max-age=31536000, immutable' : 'no-cache');
  };
  const options = { index: false, fallthrough: true, redirect: false, setHeaders } as const;
  for (const [name, folder] of Object.entries(vendors)) {
    router.use(`/static/vendor/${name}`, express.static(folder, options));
  }
  for (const [name, paths] of Object.entries(joined)) {
    router.get(`/static/${name}`, (_request, response) => {
      setHeaders(response);
      response.type(name).send(contentOf(paths));
    });
  }
  router.use('/static', express.static(publicFolder, options));
  return router;
}

const known = new Map<string, { stamp: string; address: string }>();

/** The address of a static file with its content in the name, so that a browser keeps it until it changes. */
export function asset(file: string): string {
  const paths = pathsOf(file);
  const stamp = paths.map(stampOf).join(' ');
  const before = known.get(file);
  if (before?.stamp === stamp) return before.address;
  const hash = stamp === '' ? '' : createHash('sha256').update(contentOf(paths)).digest('hex').slice(0, 10);
  const address = `/static/${file}${hash === '' ? '' : `?v=${hash}`}`;
  known.set(file, { stamp, address });
  return address;
}

function pathsOf(file: string): string[] {
  const vendor = /^vendor\/([^/]+)\/(.+)$/.exec(file);
  const folder = vendor && vendors[vendor[1] as string];
  if (folder) return [join(folder, vendor[2] as string)];
  return joined[file] ?? [join(publicFolder, file)];
}

function contentOf(paths: readonly string[]): Buffer {
  return Buffer.concat(paths.map((path) => readFileSync(path)));
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs}-${stat.size}` : '';
}
