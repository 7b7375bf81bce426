import { ApiError } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asJson, asTexts, type Json } from '../json.ts';
import { pageOf, type Route, routesOf } from '../router.ts';

/** What may be used in the project; everything that the product needs is enabled in a fresh one. */
export const servicesAtFirst = [
  'compute.googleapis.com',
  'pubsub.googleapis.com',
  'storage.googleapis.com',
  'iam.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'serviceusage.googleapis.com',
  'cloudbilling.googleapis.com',
];

/** The project itself: resource manager v1 and v3, and which services are enabled. */
export function projectRoutes(ground: Ground): Route[] {
  return [
    ...resourceManager(ground, 'v1'),
    ...resourceManager(ground, 'v3'),
    ...serviceUsage(ground),
    ...billing(ground),
  ];
}

function resourceManager(ground: Ground, version: 'v1' | 'v3'): Route[] {
  const { routes, add } = routesOf('cloudresourcemanager.googleapis.com', `/${version}/projects`);
  const { project, projectNumber, policies } = ground;
  const on = 'projects/{project}';
  const name = `projects/${project}`;
  add('GET', '/{project}', 'resourcemanager.projects.get', on, () =>
    version === 'v1'
      ? {
          projectId: project,
          projectNumber,
          name: project,
          lifecycleState: 'ACTIVE',
          createTime: '2026-01-01T00:00:00Z',
        }
      : {
          name: `projects/${projectNumber}`,
          projectId: project,
          displayName: project,
          state: 'ACTIVE',
          createTime: '2026-01-01T00:00:00Z',
        },
  );
  add('POST', '/{project}:getIamPolicy', 'resourcemanager.projects.getIamPolicy', on, () => policies.get(name));
  add('POST', '/{project}:setIamPolicy', 'resourcemanager.projects.setIamPolicy', on, ({ body, who }) =>
    policies.set(name, asJson(body['policy']), who),
  );
  add('POST', '/{project}:testIamPermissions', undefined, on, ({ body, who }) =>
    policies.test(who, name, body['permissions']),
  );
  return routes;
}

function serviceUsage(ground: Ground): Route[] {
  const { routes, add } = routesOf('serviceusage.googleapis.com', '/v1/projects/{project}');
  const services = ground.records.kind<{ enabled: boolean }>('service');
  const on = 'projects/{project}';
  const shown = (service: string): Json => ({
    name: `projects/${ground.projectNumber}/services/${service}`,
    config: { name: service, title: service },
    state: services.get(service)?.enabled ? 'ENABLED' : 'DISABLED',
    parent: `projects/${ground.projectNumber}`,
  });
  const set = (service: string, enabled: boolean): Json => {
    services.put(service, { enabled });
    return { name: `operations/acat.${service}`, done: true, response: { service: shown(service) } };
  };
  add('GET', '/services', 'serviceusage.services.list', on, ({ query }) => {
    const wanted = /state:(\w+)/.exec(query.get('filter') ?? '')?.[1];
    const all = services
      .names()
      .map(shown)
      .filter(({ state }) => wanted === undefined || state === wanted);
    const { items, next } = pageOf(all, query, 50);
    return { services: items, ...(next && { nextPageToken: next }) };
  });
  add('GET', '/services:batchGet', 'serviceusage.services.get', on, ({ query }) => ({
    services: query.getAll('names').map((name) => shown(name.slice(name.lastIndexOf('/') + 1))),
  }));
  add('GET', '/services/{service}', 'serviceusage.services.get', on, ({ part }) => shown(part('service')));
  add('POST', '/services/{service}:enable', 'serviceusage.services.enable', on, ({ part }) =>
    set(part('service'), true),
  );
  add('POST', '/services/{service}:disable', 'serviceusage.services.disable', on, ({ part }) =>
    set(part('service'), false),
  );
  const beta = routesOf('serviceusage.googleapis.com', '/v1beta1/projects/{project}');
  beta.add('POST', '/services/{service}:generateServiceIdentity', 'serviceusage.services.enable', on, ({ part }) => ({
    name: `operations/finished.${part('service')}`,
    done: true,
    response: {
      email: `service-${ground.projectNumber}@gcp-sa-${part('service').split('.')[0]}.iam.gserviceaccount.com`,
    },
  }));
  add('POST', '/services:batchEnable', 'serviceusage.services.enable', on, ({ body }) => {
    for (const service of asTexts(body['serviceIds'])) set(service, true);
    return {
      name: 'operations/acat.batch',
      done: true,
      response: { services: asTexts(body['serviceIds']).map(shown) },
    };
  });
  return [...routes, ...beta.routes];
}

function billing(ground: Ground): Route[] {
  const { routes, add } = routesOf('cloudbilling.googleapis.com', '/v1/projects/{project}');
  add('GET', '/billingInfo', 'resourcemanager.projects.get', 'projects/{project}', () => ({
    name: `projects/${ground.project}/billingInfo`,
    projectId: ground.project,
    billingAccountName: 'billingAccounts/000000-000000-000000',
    billingEnabled: ground.records.kind<{ enabled: boolean }>('billing').get('')?.enabled ?? true,
  }));
  return routes;
}

export function disabledService(service: string, projectNumber: string): ApiError {
  const link = `https://console.developers.google.com/apis/api/${service}/overview?project=${projectNumber}`;
  return new ApiError(
    403,
    `${service} API has not been used in project ${projectNumber} before or it is disabled. Enable it by visiting ${link} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`,
    {
      reason: 'accessNotConfigured',
      domain: 'usageLimits',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'SERVICE_DISABLED',
          domain: 'googleapis.com',
          metadata: { service, consumer: `projects/${projectNumber}` },
        },
      ],
    },
  );
}
