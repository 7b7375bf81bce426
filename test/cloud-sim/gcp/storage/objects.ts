import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Ground } from '../ground.ts';
import type { Needed } from '../router.ts';
import { bucketIn } from './buckets.ts';

const overJson = /^(?:\/upload|\/download)?\/storage\/v1\/b\/([^/]+)\/o(?:\/|$)/;
/** What Go's client reads an object by. */
const overXml = /^\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])\/(.+)$/;
const apis = /^\/(?:compute|storage|upload|download|v1|v3|v1beta1|token|batch|_simulation)(?:\/|$)/;

export interface ObjectCall extends Needed {
  bucket: string;
}

/** Which bucket's objects a request is about, and what it takes; undefined when it is about something else. */
export function objectCallOf(method: string, path: string): ObjectCall | undefined {
  const bucket = overJson.exec(path)?.[1] ?? (apis.test(path) ? undefined : overXml.exec(path)?.[1]);
  if (bucket === undefined) return undefined;
  const isListing = method === 'GET' && /\/o\/?$/.test(path);
  const isUpload = path.startsWith('/upload/') || /\/(?:rewriteTo|copyTo|compose)\b/.test(path);
  const act = isListing
    ? 'list'
    : isUpload
      ? 'create'
      : ({ GET: 'get', HEAD: 'get', DELETE: 'delete' }[method] ?? 'update');
  return { bucket, permission: `storage.objects.${act}`, resource: `buckets/${bucket}` };
}

/** Hands the request to the fake as it is. Not to a bucket that is gone: the fake would make it again for a put. */
export function passOn(
  ground: Ground,
  { bucket }: ObjectCall,
  fakePort: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  bucketIn(ground, bucket);
  return passTo(fakePort, incoming, outgoing);
}

export function passTo(
  port: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  more: Record<string, string> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = incoming;
    const onward = request(
      { host: '127.0.0.1', port, method, path: url, headers: { ...headers, ...more } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
        answer.on('error', reject);
        outgoing.on('close', resolve);
      },
    );
    onward.on('error', reject);
    incoming.on('error', reject);
    incoming.pipe(onward);
  });
}
