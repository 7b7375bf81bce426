import { notFound } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asText, type Json } from '../json.ts';
import { type Call, pageOf, type Route, routesOf } from '../router.ts';
import { acceleratorsIn, type MachineKind, machineKinds, regionOf, regions, zones } from './catalogue.ts';
import { linkOf } from './links.ts';
import { parseFilter } from './list-filter.ts';
import type { Quotas } from './quotas.ts';

/** What there is to choose from: zones, regions with their quotas, types of machines and GPUs, networks. */
export function placeRoutes(ground: Ground, quotas: Quotas): Route[] {
  const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{project}');
  const { project } = ground;
  const on = 'projects/{project}';
  const things: Listed[] = [
    { path: '/zones', title: 'zone', permission: 'zones', all: () => zones.map((name) => zoneNamed(project, name)) },
    {
      path: '/regions',
      title: 'region',
      permission: 'regions',
      all: () => Object.keys(regions).map((name) => regionNamed(project, name, quotas)),
    },
    {
      path: '/zones/{zone}/machineTypes',
      title: 'machineType',
      permission: 'machineTypes',
      all: ({ part }) =>
        machineKinds
          .filter((kind) => kind.zones.includes(part('zone')))
          .map((kind) => machineType(project, part('zone'), kind)),
    },
    {
      path: '/zones/{zone}/acceleratorTypes',
      title: 'acceleratorType',
      permission: 'acceleratorTypes',
      all: ({ part }) =>
        acceleratorsIn(part('zone')).map((name) =>
          named(project, `zones/${part('zone')}/acceleratorTypes`, name, 'acceleratorType'),
        ),
    },
    {
      path: '/zones/{zone}/diskTypes',
      title: 'diskType',
      permission: 'diskTypes',
      all: ({ part }) =>
        ['pd-standard', 'pd-balanced', 'pd-ssd', 'hyperdisk-balanced'].map((name) =>
          named(project, `zones/${part('zone')}/diskTypes`, name, 'diskType'),
        ),
    },
    { path: '/global/networks', title: 'network', permission: 'networks', all: () => networks(ground) },
    {
      path: '/regions/{region}/subnetworks',
      title: 'subnetwork',
      permission: 'subnetworks',
      all: ({ part }) => subnetworks(ground, part('region')),
    },
  ];
  for (const { path, title, permission, all } of things) {
    add('GET', path, `compute.${permission}.list`, on, (call) => {
      const { items, next } = pageOf(all(call).filter(parseFilter(call.query.get('filter'))), call.query);
      const id = call.path.replace('/compute/v1/', '');
      return {
        kind: `compute#${title}List`,
        id,
        ...(items.length > 0 && { items }),
        selfLink: linkOf(id),
        ...(next && { nextPageToken: next }),
      };
    });
    add('GET', `${path}/{name}`, `compute.${permission}.get`, on, (call) => {
      const found = all(call).find(({ name }) => name === call.part('name'));
      if (found) return found;
      throw notFound(call.path.replace('/compute/v1/', ''));
    });
  }
  add('GET', '', 'compute.projects.get', on, () => ({
    kind: 'compute#project',
    id: ground.projectNumber,
    name: project,
    commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: 'AAAA' },
    quotas: [
      { metric: 'CPUS_ALL_REGIONS', limit: 1000, usage: 0 },
      { metric: 'GPUS_ALL_REGIONS', limit: 16, usage: 0 },
    ],
    defaultServiceAccount: `${ground.projectNumber}-compute@developer.gserviceaccount.com`,
    defaultNetworkTier: 'PREMIUM',
    selfLink: linkOf(`projects/${project}`),
  }));
  return routes;
}

interface Listed {
  path: string;
  title: string;
  permission: string;
  all: (call: Call) => Json[];
}

function named(project: string, under: string, name: string, title: string, more: Json = {}): Json {
  const path = `projects/${project}/${under}/${name}`;
  const zone = /^zones\/([^/]+)\//.exec(under)?.[1];
  return {
    kind: `compute#${title}`,
    id: '2000',
    name,
    description: name,
    ...(zone && { zone: linkOf(`projects/${project}/zones/${zone}`) }),
    ...more,
    selfLink: linkOf(path),
  };
}

function zoneNamed(project: string, name: string): Json {
  const region = linkOf(`projects/${project}/regions/${regionOf(name)}`);
  return named(project, 'zones', name, 'zone', { status: 'UP', region });
}

function regionNamed(project: string, name: string, quotas: Quotas): Json {
  const own = zones
    .filter((zone) => regionOf(zone) === name)
    .map((zone) => linkOf(`projects/${project}/zones/${zone}`));
  return named(project, 'regions', name, 'region', { status: 'UP', zones: own, quotas: quotas.inRegion(name) });
}

export function machineType(project: string, zone: string, kind: MachineKind): Json {
  return named(project, `zones/${zone}/machineTypes`, kind.name, 'machineType', {
    guestCpus: kind.cpus,
    memoryMb: kind.memoryMb,
    isSharedCpu: false,
    maximumPersistentDisks: 128,
    maximumPersistentDisksSizeGb: '263168',
    architecture: 'X86_64',
    zone,
    ...(kind.accelerators && {
      accelerators: [{ guestAcceleratorType: kind.accelerators.type, guestAcceleratorCount: kind.accelerators.count }],
    }),
  });
}

/** A project has one by the name of default, with a subnetwork in every region, and those that a test has added. */
function networks(ground: Ground): Json[] {
  const names = ['default', ...ground.records.kind<Json>('network').names()];
  return names.map((name) =>
    named(ground.project, 'global/networks', name, 'network', {
      autoCreateSubnetworks: true,
      routingConfig: { routingMode: 'REGIONAL' },
      subnetworks: Object.keys(regions).map((region) =>
        linkOf(`projects/${ground.project}/regions/${region}/subnetworks/${name}`),
      ),
    }),
  );
}

function subnetworks(ground: Ground, region: string): Json[] {
  return networks(ground).map((network) =>
    named(ground.project, `regions/${region}/subnetworks`, asText(network['name']), 'subnetwork', {
      network: network['selfLink'],
      region: linkOf(`projects/${ground.project}/regions/${region}`),
      ipCidrRange: '10.128.0.0/20',
      gatewayAddress: '10.128.0.1',
      privateIpGoogleAccess:
        ground.records.kind<{ privateAccess?: boolean }>('network').get(asText(network['name']))?.privateAccess ?? true,
      purpose: 'PRIVATE',
      stackType: 'IPV4_ONLY',
    }),
  );
}
