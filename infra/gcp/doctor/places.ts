import type { GcpCheckOptions, GcpFinding } from '../../gcp-checks.ts';
import { partsOf } from '../catalogue.ts';
import { lastPart, type Looking } from './look.ts';

export async function zonesUp({ api, project }: Looking, zones: readonly string[]): Promise<GcpFinding> {
  const name = 'Zones';
  const found = await Promise.all(
    zones.map(async (zone) => ({
      zone,
      is: await api.get<{ status?: string }>('compute', `projects/${project}/zones/${zone}`),
    })),
  );
  const missing = found.filter(({ is }) => !is).map(({ zone }) => zone);
  if (missing.length > 0) {
    const mend = `gcloud compute zones list --project ${project} --format 'value(name)'`;
    return { state: 'bad', name, detail: `there is no ${missing.join(', ')}: gcpZones takes`, mend };
  }
  const down = found.filter(({ is }) => is?.status !== 'UP').map(({ zone }) => zone);
  if (down.length === zones.length)
    return { state: 'bad', name, detail: `Google says that they are down: ${down.join(', ')}` };
  const note = down.length > 0 ? `; down: ${down.join(', ')}` : '';
  return { state: down.length > 0 ? 'later' : 'good', name, detail: `${zones.join(', ')}${note}` };
}

type NetworkSettings = Pick<GcpCheckOptions, 'network' | 'subnetwork' | 'publicAddress' | 'zones'>;

interface Network {
  autoCreateSubnetworks?: boolean;
}

interface Subnetwork {
  privateIpGoogleAccess?: boolean;
}

/** The network, or the subnetwork in each region; without public addresses these need a way to Google. */
export async function networkThere(looking: Looking, settings: NetworkSettings): Promise<GcpFinding> {
  const { api, project } = looking;
  const name = 'Network';
  const regions = [...new Set(settings.zones.map((zone) => partsOf(zone).region))];
  if (settings.subnetwork !== '')
    return subnetworksFit(looking, settings, [subnetworkPath(settings.subnetwork, project, regions)]);
  const host = settings.network.includes('/') ? (/projects\/([^/]+)/.exec(settings.network)?.[1] ?? project) : project;
  const network = lastPart(settings.network);
  const found = await api.get<Network>('compute', `projects/${host}/global/networks/${network}`);
  if (!found) {
    const mend = `gcloud compute networks create ${network} --project ${host} --subnet-mode auto`;
    return { state: 'bad', name, detail: `there is no network ${network}; ./x gcp bootstrap makes one`, mend };
  }
  if (!found.autoCreateSubnetworks) {
    const mend = `gcloud compute networks subnets list --project ${host} --network ${network}`;
    return { state: 'bad', name, detail: `${network} makes no subnetworks by itself: name one in gcpSubnetwork`, mend };
  }
  // One that Google makes in each region is called as its network is.
  const own = regions.map((region) => ({ host, region, subnetwork: network }));
  return subnetworksFit(looking, settings, own);
}

interface SubnetworkPath {
  host: string;
  region: string;
  subnetwork: string;
}

function subnetworkPath(given: string, project: string, regions: readonly string[]): SubnetworkPath {
  return {
    host: /projects\/([^/]+)/.exec(given)?.[1] ?? project,
    region: /regions\/([^/]+)/.exec(given)?.[1] ?? regions[0] ?? '',
    subnetwork: lastPart(given),
  };
}

async function subnetworksFit(
  { api }: Looking,
  settings: NetworkSettings,
  paths: SubnetworkPath[],
): Promise<GcpFinding> {
  const name = 'Network';
  const found = await Promise.all(
    paths.map(async (path) => {
      const { host, region, subnetwork } = path;
      return {
        path,
        is: await api.get<Subnetwork>('compute', `projects/${host}/regions/${region}/subnetworks/${subnetwork}`),
      };
    }),
  );
  const described = paths.map(({ region, subnetwork }) => `${subnetwork} in ${region}`).join(', ');
  const missing = found.find(({ is }) => !is)?.path;
  if (missing) {
    const mend = `gcloud compute networks subnets create ${missing.subnetwork} --project ${missing.host} --region ${missing.region} --network ${lastPart(settings.network)} --range 10.128.0.0/20 --enable-private-ip-google-access`;
    return { state: 'bad', name, detail: `there is no subnetwork ${missing.subnetwork} in ${missing.region}`, mend };
  }
  const elsewhere = settings.subnetwork
    ? settings.zones.filter((zone) => !paths.some(({ region }) => partsOf(zone).region === region))
    : [];
  if (elsewhere.length > 0) {
    return {
      state: 'bad',
      name,
      detail: `gcpSubnetwork lies in ${paths[0]?.region}, and these of gcpZones do not: ${elsewhere.join(', ')}`,
    };
  }
  if (settings.publicAddress) return { state: 'good', name, detail: `${described}; machines get a public address` };
  const closed = found.filter(({ is }) => !is?.privateIpGoogleAccess).map(({ path }) => path);
  if (closed.length === 0)
    return { state: 'good', name, detail: `${described}; no public addresses, with Private Google Access` };
  const mend = closed
    .map(
      ({ host, region, subnetwork }) =>
        `gcloud compute networks subnets update ${subnetwork} --project ${host} --region ${region} --enable-private-ip-google-access`,
    )
    .join('\n');
  const detail = `a machine without a public address could not reach Google: ${closed.map(({ region }) => region).join(', ')} has no Private Google Access`;
  return { state: 'bad', name, detail, mend };
}
