import { notFound } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asText, type Json } from '../json.ts';
import { pageOf, type Route, routesOf } from '../router.ts';
import { linkOf, pathOfLink } from './links.ts';
import { parseFilter } from './list-filter.ts';

/** Those that Google has for everybody, of what is used. */
const publicImages: Record<string, { family: string; name: string }> = {
  'debian-cloud': { family: 'debian-12', name: 'debian-12-bookworm-v20260101' },
  'ubuntu-os-cloud': { family: 'ubuntu-2404-lts-amd64', name: 'ubuntu-2404-noble-amd64-v20260101' },
  'deeplearning-platform-release': { family: 'common-cu124-debian-11', name: 'common-cu124-v20260101-debian-11' },
};

export interface ImageToAdd {
  name: string;
  family?: string;
  labels?: Record<string, string>;
  description?: string;
}

export function addImage(ground: Ground, { name, family, labels, description }: ImageToAdd): void {
  const path = `projects/${ground.project}/global/images/${name}`;
  ground.records.kind<Json>('image').put(path, {
    kind: 'compute#image',
    id: ground.newId(),
    creationTimestamp: ground.clock.stamp(),
    name,
    ...(family && { family }),
    ...(labels && { labels }),
    ...(description && { description }),
    status: 'READY',
    diskSizeGb: '50',
    architecture: 'X86_64',
    selfLink: linkOf(path),
  });
}

/** By name or, as `family/…`, the newest of a family. */
export function findImage(ground: Ground, link: string): Json | undefined {
  if (link === '') return undefined;
  const path = pathOfLink(link, ground.project);
  const [, project = '', family, name = ''] =
    /^projects\/([^/]+)\/global\/images\/(family\/)?([^/]+)$/.exec(path) ?? [];
  const known = publicImages[project];
  if (known && name === (family ? known.family : known.name)) {
    const own = `projects/${project}/global/images/${known.name}`;
    return {
      kind: 'compute#image',
      id: '1000000000000000001',
      ...known,
      status: 'READY',
      diskSizeGb: '10',
      selfLink: linkOf(own),
    };
  }
  const images = ground.records.kind<Json>('image');
  if (!family) return images.get(path);
  return images.all().findLast((image) => image['family'] === name && asText(image['deprecated']) === '');
}

export function imageRoutes(ground: Ground): Route[] {
  const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{imageProject}/global/images');
  const images = ground.records.kind<Json>('image');
  const on = `projects/${ground.project}`;
  const found = (path: string): Json => {
    const image = findImage(ground, path);
    if (image) return image;
    throw notFound(path);
  };
  add('GET', '', 'compute.images.list', on, ({ part, query }) => {
    const matches = parseFilter(query.get('filter'));
    const own = part('imageProject') === ground.project ? images.all() : [];
    const { items, next } = pageOf(own.filter(matches), query);
    return {
      kind: 'compute#imageList',
      id: `projects/${part('imageProject')}/global/images`,
      ...(items.length > 0 && { items }),
      ...(next && { nextPageToken: next }),
    };
  });
  add('GET', '/family/{family}', 'compute.images.getFromFamily', on, ({ part }) =>
    found(`projects/${part('imageProject')}/global/images/family/${part('family')}`),
  );
  add('GET', '/{image}', 'compute.images.get', on, ({ part }) =>
    found(`projects/${part('imageProject')}/global/images/${part('image')}`),
  );
  return routes;
}
