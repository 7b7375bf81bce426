/** Google's own, wherever it is asked: what the API answers never says which address it was asked at. */
export const computeUrl = 'https://www.googleapis.com/compute/v1';

/** A link, whole or in part, as the path of what it names: `projects/…`. */
export function pathOfLink(link: string, project: string, zone?: string): string {
  const path = link.replace(/^https?:\/\/[^/]+\/(?:compute\/)?(?:v1|beta)\//, '').replace(/^\//, '');
  if (path.startsWith('projects/')) return path;
  if (/^(?:zones|regions|global)\//.test(path)) return `projects/${project}/${path}`;
  return zone === undefined ? `projects/${project}/${path}` : `projects/${project}/zones/${zone}/${path}`;
}

export function linkOf(path: string): string {
  return `${computeUrl}/${path}`;
}
