import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { asJson, type Json } from '../json.ts';

/** What is asked for by path: a text, or a folder of further names. */
export interface MetadataTree {
  [name: string]: string | MetadataTree;
}

export interface MetadataSource {
  /** Everything that can be asked for under /computeMetadata/v1, as it is now; undefined when the machine is gone. */
  tree(): MetadataTree | undefined;
  token(): Json | undefined;
}

const root = '/computeMetadata/v1';

/** One machine's metadata server, at its side: https://cloud.google.com/compute/docs/metadata/querying-metadata */
export function startMetadataServer(port: number, source: MetadataSource): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(source, incoming, outgoing).catch(() => outgoing.destroy());
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function answer(source: MetadataSource, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://metadata.google.internal');
  const say = (status: number, text: string, type = 'application/text'): void => {
    outgoing.writeHead(status, {
      'Metadata-Flavor': 'Google',
      Server: 'Metadata Server for VM',
      'Content-Type': type,
      ETag: etagOf(text),
    });
    outgoing.end(text);
  };
  if (url.pathname === '/' || url.pathname === '') return say(200, 'computeMetadata/\n');
  if (incoming.headers['metadata-flavor'] !== 'Google' || incoming.headers['x-forwarded-for'] !== undefined) {
    return say(403, 'Your client does not have permission to get this URL: missing or wrong Metadata-Flavor header.');
  }
  if (!url.pathname.startsWith(root)) return say(404, 'Not found');
  const path = url.pathname.slice(root.length).split('/').filter(Boolean).map(decodeURIComponent);
  if (/^instance\/service-accounts\/[^/]+\/token$/.test(path.join('/'))) {
    const token = source.token();
    return token ? say(200, JSON.stringify(token), 'application/json') : say(404, 'Not found');
  }

  const read = (): string | undefined => {
    const tree = source.tree();
    const found = tree && path.reduce<string | MetadataTree | undefined>((at, name) => within(at, name), tree);
    if (found === undefined || typeof found === 'string') return found;
    if (url.searchParams.get('recursive') === 'true') return JSON.stringify(inCamelCase(found));
    return Object.entries(found)
      .map(([name, inner]) => (typeof inner === 'string' ? `${name}\n` : `${name}/\n`))
      .join('');
  };
  let text = read();
  if (url.searchParams.get('wait_for_change') === 'true' && text !== undefined) {
    const known = url.searchParams.get('last_etag') ?? etagOf(text);
    const seconds = Number(url.searchParams.get('timeout_sec')) || Infinity;
    const giveUpAt = Date.now() + seconds * 1000;
    while (text !== undefined && etagOf(text) === known && Date.now() < giveUpAt && !outgoing.destroyed) {
      await wait(50);
      text = read();
    }
  }
  if (text === undefined) return say(404, 'Not found');
  return say(200, text, url.searchParams.get('recursive') === 'true' ? 'application/json' : 'application/text');
}

function within(tree: string | MetadataTree | undefined, name: string): string | MetadataTree | undefined {
  return typeof tree === 'object' && Object.hasOwn(tree, name) ? tree[name] : undefined;
}

function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** A listing of everything at once has its names so, but for what people have named. */
function inCamelCase(tree: MetadataTree): Json {
  return Object.fromEntries(
    Object.entries(tree).map(([name, inner]) => [
      name.includes('@') ? name : name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      typeof inner === 'string' || name === 'attributes' ? inner : asJson(inCamelCase(inner)),
    ]),
  );
}
