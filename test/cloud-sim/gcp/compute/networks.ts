import { ApiError, notFound } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asText, type Json, lastPart } from '../json.ts';
import { type Call, type Route, routesOf } from '../router.ts';
import { linkOf } from './links.ts';

/** What a customer made of a network; looking at networks and subnetworks is with the other places. */
export type MadeKind = 'network' | 'subnetwork' | 'firewall';

interface Made extends Json {
  name: string;
  region?: string;
}

export function madeOf(ground: Ground, kind: MadeKind): Made[] {
  return ground.records.kind<Made>(`made-${kind}`).all();
}

/** Networks, subnetworks and firewall rules that are made and removed, each by an operation that is done at once. */
export function networkRoutes(ground: Ground): Route[] {
  const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{project}');
  const { project, audit } = ground;
  const operations = ground.records.kind<Json>('place-operation');
  const on = `projects/${project}`;
  const inside = {
    network: '/global/networks',
    subnetwork: '/regions/{region}/subnetworks',
    firewall: '/global/firewalls',
  };

  const done = (under: string, type: string, target: string, who: string): Json => {
    const name = `operation-${ground.newId()}`;
    const path = `projects/${project}/${under}/operations/${name}`;
    const stamp = ground.clock.stamp();
    return operations.put(path, {
      kind: 'compute#operation',
      id: ground.newId(),
      name,
      operationType: type,
      targetLink: linkOf(target),
      targetId: ground.newId(),
      status: 'DONE',
      user: who,
      progress: 100,
      insertTime: stamp,
      startTime: stamp,
      endTime: stamp,
      ...(under.startsWith('regions/') && { region: linkOf(`projects/${project}/${under}`) }),
      selfLink: linkOf(path),
    });
  };
  const placeOf = (kind: MadeKind, call: Call): { path: string; under: string; region?: string } => {
    if (kind !== 'subnetwork') return { path: `projects/${project}${inside[kind]}`, under: 'global' };
    const region = call.part('region');
    return { path: `projects/${project}/regions/${region}/subnetworks`, under: `regions/${region}`, region };
  };

  for (const kind of ['network', 'subnetwork', 'firewall'] as const) {
    const made = ground.records.kind<Made>(`made-${kind}`);
    add('POST', inside[kind], `compute.${kind}s.create`, on, (call) => {
      const { path, under, region } = placeOf(kind, call);
      const name = asText(call.body['name']);
      const own = `${path}/${name}`;
      if (made.get(own)) {
        throw new ApiError(409, `The resource '${own}' already exists`, { reason: 'alreadyExists' });
      }
      const stamp = ground.clock.stamp();
      made.put(own, {
        kind: `compute#${kind}`,
        id: ground.newId(),
        creationTimestamp: stamp,
        ...call.body,
        name,
        ...(region && {
          region: linkOf(`projects/${project}/regions/${region}`),
          stackType: 'IPV4_ONLY',
          purpose: 'PRIVATE',
        }),
        ...(kind === 'network' && { routingConfig: { routingMode: 'REGIONAL' } }),
        selfLink: linkOf(own),
      });
      audit.created(kind, own, call.who);
      return done(under, 'insert', own, call.who);
    });
    add('DELETE', `${inside[kind]}/{name}`, `compute.${kind}s.delete`, on, (call) => {
      const { path, under } = placeOf(kind, call);
      const own = `${path}/${call.part('name')}`;
      if (!made.get(own)) throw notFound(own);
      if (kind === 'network') refuseWhileUsed(ground, own);
      made.remove(own);
      audit.deleted(kind, own, call.who);
      return done(under, 'delete', own, call.who);
    });
  }
  add('GET', '/global/firewalls/{name}', 'compute.firewalls.get', on, (call) => {
    const own = `projects/${project}/global/firewalls/${call.part('name')}`;
    const found = madeOf(ground, 'firewall').find(({ name }) => name === call.part('name'));
    if (found) return found;
    throw notFound(own);
  });
  for (const under of ['/global', '/regions/{region}']) {
    const found = (call: Call): Json => {
      const path = call.path.replace('/compute/v1/', '').replace(/\/wait$/, '');
      const operation = operations.get(path);
      if (operation) return operation;
      throw notFound(path);
    };
    const permission = under === '/global' ? 'compute.globalOperations.get' : 'compute.regionOperations.get';
    add('GET', `${under}/operations/{name}`, permission, on, found);
    add('POST', `${under}/operations/{name}/wait`, permission, on, found);
  }
  return routes;
}

function refuseWhileUsed(ground: Ground, network: string): void {
  const user = [...madeOf(ground, 'subnetwork'), ...madeOf(ground, 'firewall')].find(
    (one) => lastPart(asText(one['network'])) === lastPart(network),
  );
  if (!user) return;
  throw new ApiError(400, `The network resource '${network}' is already being used by '${user.name}'`, {
    reason: 'resourceInUseByAnotherResource',
  });
}
