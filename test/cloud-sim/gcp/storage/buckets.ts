import { ApiError } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asJson, asText, type Json } from '../json.ts';
import { pageOf, type Route, routesOf } from '../router.ts';

export interface Bucket {
  name: string;
  metageneration: string;
  [more: string]: unknown;
}

const asked = [
  'labels',
  'lifecycle',
  'iamConfiguration',
  'versioning',
  'softDeletePolicy',
  'cors',
  'encryption',
  'retentionPolicy',
  'storageClass',
];

/**
 * https://cloud.google.com/storage/docs/json_api/v1/buckets: what a bucket is, is kept here, since the fake keeps its
 * name only; what lies in it is the fake's.
 */
export function bucketRoutes(ground: Ground, fakeUrl: string): Route[] {
  const { routes, add } = routesOf('storage.googleapis.com', '/storage/v1');
  const buckets = ground.records.kind<Bucket>('bucket');
  const { policies, audit, project, clock } = ground;
  const on = 'buckets/{bucket}';

  add('POST', '/b', 'storage.buckets.create', `projects/${project}`, async ({ body, who }) => {
    const name = asText(body['name']);
    if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name)) throw new ApiError(400, `Invalid bucket name: '${name}'`);
    checkLabels(body['labels']);
    if (buckets.get(name)) {
      throw new ApiError(409, 'Your previous request to create the named bucket succeeded and you already own it.', {
        reason: 'conflict',
      });
    }
    await inFake(fakeUrl, 'POST', '/storage/v1/b', { name });
    const now = clock.stamp();
    const bucket: Bucket = {
      kind: 'storage#bucket',
      id: name,
      selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
      projectNumber: ground.projectNumber,
      name,
      metageneration: '1',
      generation: ground.newId(),
      location: asText(body['location']).toUpperCase() || 'US',
      locationType: 'region',
      storageClass: 'STANDARD',
      etag: 'CAE=',
      timeCreated: now,
      updated: now,
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'inherited' },
      softDeletePolicy: { retentionDurationSeconds: '604800', effectiveTime: now },
    };
    for (const key of asked) if (body[key] !== undefined) bucket[key] = body[key];
    audit.created('bucket', name, who);
    return buckets.put(name, bucket);
  });
  add('GET', '/b', 'storage.buckets.list', `projects/${project}`, ({ query }) => {
    const all = buckets.all().filter(({ name }) => name.startsWith(query.get('prefix') ?? ''));
    const { items, next } = pageOf(
      all.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      query,
      1000,
    );
    return { kind: 'storage#buckets', ...(items.length > 0 && { items }), ...(next && { nextPageToken: next }) };
  });
  add('GET', '/b/{bucket}', 'storage.buckets.get', on, ({ part }) => bucketIn(ground, part('bucket')));
  const patch: Route['answer'] = ({ part, body, query }) => {
    const bucket = bucketIn(ground, part('bucket'));
    checkLabels(body['labels']);
    const match = query.get('ifMetagenerationMatch');
    if (match !== null && match !== bucket.metageneration) {
      throw new ApiError(412, 'At least one of the pre-conditions you specified did not hold.');
    }
    for (const key of asked) {
      if (body[key] === null) delete bucket[key];
      else if (key === 'labels' && body[key] !== undefined) bucket[key] = merged(bucket[key], body[key]);
      else if (body[key] !== undefined) bucket[key] = body[key];
    }
    bucket.metageneration = String(Number(bucket.metageneration) + 1);
    bucket['updated'] = clock.stamp();
    return buckets.put(bucket.name, bucket);
  };
  add('PATCH', '/b/{bucket}', 'storage.buckets.update', on, patch);
  add('PUT', '/b/{bucket}', 'storage.buckets.update', on, patch);
  add('DELETE', '/b/{bucket}', 'storage.buckets.delete', on, async ({ part, who }) => {
    const { name } = bucketIn(ground, part('bucket'));
    const { status } = await inFake(fakeUrl, 'DELETE', `/storage/v1/b/${name}`);
    if (status !== 200 && status !== 204 && status !== 404) {
      throw new ApiError(409, 'The bucket you tried to delete is not empty.', { reason: 'conflict' });
    }
    buckets.remove(name);
    policies.remove(`buckets/${name}`, who);
    audit.deleted('bucket', name, who);
    return {};
  });

  const policyOf = (name: string): string => `buckets/${bucketIn(ground, name).name}`;
  const shown = (name: string, policy: Json): Json => ({
    kind: 'storage#policy',
    resourceId: `projects/_/buckets/${name}`,
    ...policy,
  });
  add('GET', '/b/{bucket}/iam', 'storage.buckets.getIamPolicy', on, ({ part }) =>
    shown(part('bucket'), policies.get(policyOf(part('bucket')))),
  );
  add('PUT', '/b/{bucket}/iam', 'storage.buckets.setIamPolicy', on, ({ part, body, who }) =>
    shown(part('bucket'), policies.set(policyOf(part('bucket')), body, who)),
  );
  add('GET', '/b/{bucket}/iam/testPermissions', undefined, on, ({ part, query, who }) => ({
    kind: 'storage#testIamPermissionsResponse',
    ...policies.test(who, policyOf(part('bucket')), query.getAll('permissions')),
  }));
  add('GET', '/projects/{project}/serviceAccount', 'storage.buckets.list', 'projects/{project}', () => ({
    kind: 'storage#serviceAccount',
    email_address: `service-${ground.projectNumber}@gs-project-accounts.iam.gserviceaccount.com`,
  }));
  return routes;
}

export function bucketIn(ground: Ground, name: string): Bucket {
  const bucket = ground.records.kind<Bucket>('bucket').get(name);
  if (bucket) return bucket;
  throw new ApiError(404, 'The specified bucket does not exist.');
}

export function checkLabels(labels: unknown): void {
  for (const [key, value] of Object.entries(asJson(labels))) {
    if (value === null) continue;
    if (
      !/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key) ||
      !/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(asText(value))
    ) {
      throw new ApiError(400, `Invalid label: ${key}=${asText(value)}`);
    }
  }
}

function merged(before: unknown, changes: unknown): Json {
  const all = { ...asJson(before), ...asJson(changes) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

async function inFake(url: string, method: string, path: string, body?: Json): Promise<{ status: number }> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  await response.arrayBuffer();
  return { status: response.status };
}
