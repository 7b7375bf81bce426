import { invalid, notFound, ApiError } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asJson, asList, asText, asTexts, type Json, lastPart } from '../json.ts';
import { checkLabels } from '../storage/buckets.ts';
import { acceleratorsIn, machineKindIn, regionOf, zones } from './catalogue.ts';
import { findImage } from './images.ts';
import { diskPath, type Disk, type Instance, type InstanceShown, instancePath } from './instance.ts';
import { linkOf, pathOfLink } from './links.ts';

/** Google's own; a test that cannot wait for it makes it shorter. */
const shortestRunSeconds = 30;

/** Refuses what Google refuses before it begins: the answer to the request itself, not the end of an operation. */
export function checkNewInstance(ground: Ground, zone: string, body: Json): void {
  const name = asText(body['name']);
  if (!zones.includes(zone)) throw notFound(`projects/${ground.project}/zones/${zone}`);
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw invalid('resource.name', `'${name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'`);
  }
  checkLabels(body['labels']);
  const machineType = lastPart(asText(body['machineType']));
  const kind = machineKindIn(zone, machineType);
  if (!kind) {
    throw invalid(
      'resource.machineType',
      `'${asText(body['machineType'])}'. Machine type with name '${machineType}' does not exist in zone '${zone}'.`,
    );
  }
  const scheduling = asJson(body['scheduling']);
  const accelerators = asList(body['guestAccelerators']);
  for (const accelerator of accelerators) {
    const type = lastPart(asText(accelerator['acceleratorType']));
    if (!acceleratorsIn(zone).includes(type))
      throw notFound(`projects/${ground.project}/zones/${zone}/acceleratorTypes/${type}`);
    if (!kind.name.startsWith('n1-') && kind.accelerators?.type !== type) {
      throw new ApiError(400, `[${kind.name}, ${type}] features are not compatible for creating instance.`);
    }
  }
  const isSpot = scheduling['provisioningModel'] === 'SPOT' || scheduling['preemptible'] === true;
  if ((accelerators.length > 0 || kind.accelerators) && !isSpot && scheduling['onHostMaintenance'] !== 'TERMINATE') {
    throw new ApiError(400, 'Instances with guest accelerators do not support live migration.');
  }
  if (scheduling['maxRunDuration'] !== undefined && scheduling['instanceTerminationAction'] === undefined) {
    throw invalid('resource.scheduling', 'instanceTerminationAction must be set when maxRunDuration is.');
  }
  const seconds = Number(asJson(scheduling['maxRunDuration'])['seconds'] ?? shortestRunSeconds);
  const longestSeconds = 120 * 24 * 3600;
  const shortest = ground.records.kind<{ seconds: number }>('shortest-run').get('')?.seconds ?? shortestRunSeconds;
  if (seconds < shortest || seconds > longestSeconds) {
    throw invalid(
      'resource.scheduling.maxRunDuration',
      `must be between ${shortest} seconds and ${longestSeconds} seconds.`,
    );
  }
  for (const disk of asList(body['disks'])) {
    const image = asText(asJson(disk['initializeParams'])['sourceImage']);
    if (image !== '' && !findImage(ground, image)) throw notFound(pathOfLink(image, ground.project));
  }
  if (asList(body['disks']).length === 0) throw invalid('resource.disks', 'At least one disk must be given.');
  for (const account of asList(body['serviceAccounts'])) {
    const email = asText(account['email']);
    if (ground.records.kind('service-account').get(email) === undefined) {
      throw new ApiError(400, `The resource '${email}' of type 'serviceAccount' was not found.`, {
        reason: 'resourceNotFound',
      });
    }
  }
}

/** The instance and its disks, as they are from the first moment. */
export function layOutInstance(ground: Ground, zone: string, asked: Json): { instance: Instance; disks: Disk[] } {
  const { params: _, ...body } = withoutNulls(asked);
  const { project, clock, newId } = ground;
  const name = asText(body['name']);
  const path = instancePath(project, zone, name);
  const scheduling = asJson(body['scheduling']);
  const spot = scheduling['provisioningModel'] === 'SPOT' || scheduling['preemptible'] === true;
  const disks = asList(body['disks']).map((disk, index) => layOutDisk(ground, zone, name, disk, index));
  const createdAt = clock.stamp();
  const labels = asJson(body['labels']) as Record<string, string>;
  const shown: InstanceShown = {
    ...body,
    kind: 'compute#instance',
    id: newId(),
    creationTimestamp: createdAt,
    name,
    status: 'PROVISIONING',
    zone: linkOf(`projects/${project}/zones/${zone}`),
    machineType: linkOf(`projects/${project}/zones/${zone}/machineTypes/${lastPart(asText(body['machineType']))}`),
    tags: { items: asTexts(asJson(body['tags'])['items']), fingerprint: '42WmSpB8rSM=' },
    metadata: {
      kind: 'compute#metadata',
      fingerprint: fingerprintOf(0),
      items: asList(asJson(body['metadata'])['items']).map(({ key, value }) => ({
        key: asText(key),
        value: asText(value),
      })),
    },
    ...(Object.keys(labels).length > 0 && { labels }),
    labelFingerprint: fingerprintOf(0),
    fingerprint: fingerprintOf(0),
    networkInterfaces: asList(body['networkInterfaces']).map((one, index) =>
      networkInterface(ground, zone, one, index),
    ),
    disks: disks.map(({ attached }) => attached),
    guestAccelerators: asList(body['guestAccelerators']).map((one) => ({
      acceleratorType: linkOf(pathOfLink(asText(one['acceleratorType']), project, zone)),
      acceleratorCount: Number(one['acceleratorCount']),
    })),
    serviceAccounts: asList(body['serviceAccounts']),
    scheduling: {
      onHostMaintenance: spot ? 'TERMINATE' : 'MIGRATE',
      automaticRestart: !spot,
      preemptible: spot,
      provisioningModel: spot ? 'SPOT' : 'STANDARD',
      ...(spot && { instanceTerminationAction: 'STOP' }),
      ...scheduling,
    },
    canIpForward: false,
    cpuPlatform: 'Unknown CPU Platform',
    startRestricted: false,
    deletionProtection: body['deletionProtection'] === true,
    shieldedInstanceConfig: { enableSecureBoot: false, enableVtpm: true, enableIntegrityMonitoring: true },
    shieldedInstanceIntegrityPolicy: { updateAutoLearnPolicy: true },
    resourceStatus: { scheduling: {} },
    selfLink: linkOf(path),
  };
  const instance: Instance = {
    shown,
    zoneName: zone,
    serviceAccount: asText(asList(body['serviceAccounts'])[0]?.['email']) || null,
    spot,
    endsAtMs: null,
    deletesAtEnd: asJson(shown['scheduling'])['instanceTerminationAction'] === 'DELETE',
    metadataPort: 0,
    preempted: null,
    maintenance: 'NONE',
  };
  return { instance, disks: disks.flatMap(({ disk }) => (disk ? [disk] : [])) };
}

function layOutDisk(ground: Ground, zone: string, instance: string, asked: Json, index: number) {
  const { project, clock, newId } = ground;
  const params = asJson(asked['initializeParams']);
  const existing = asText(asked['source']);
  const name =
    existing === ''
      ? asText(params['diskName']) || (index === 0 ? instance : `${instance}-${index}`)
      : lastPart(existing);
  const path = diskPath(project, zone, name);
  const image = findImage(ground, asText(params['sourceImage']));
  const sizeGb = asText(params['diskSizeGb']) || asText(image?.['diskSizeGb']) || '10';
  const type = lastPart(asText(params['diskType'])) || 'pd-standard';
  const { initializeParams: _, ...plain } = asked;
  const attached: Json = {
    kind: 'compute#attachedDisk',
    type: 'PERSISTENT',
    mode: 'READ_WRITE',
    ...plain,
    source: linkOf(path),
    deviceName: asText(asked['deviceName']) || (index === 0 ? 'persistent-disk-0' : `persistent-disk-${index}`),
    index,
    boot: asked['boot'] === true,
    autoDelete: asked['autoDelete'] === true,
    interface: 'SCSI',
    diskSizeGb: sizeGb,
    architecture: 'X86_64',
    guestOsFeatures: [{ type: 'UEFI_COMPATIBLE' }],
    licenses: [],
  };
  const disk: Disk = {
    kind: 'compute#disk',
    id: newId(),
    creationTimestamp: clock.stamp(),
    name,
    sizeGb,
    zone: linkOf(`projects/${project}/zones/${zone}`),
    status: 'READY',
    type: linkOf(`projects/${project}/zones/${zone}/diskTypes/${type}`),
    ...(image && { sourceImage: image['selfLink'], sourceImageId: image['id'] }),
    ...(params['labels'] !== undefined && { labels: params['labels'] }),
    labelFingerprint: fingerprintOf(0),
    physicalBlockSizeBytes: '4096',
    architecture: 'X86_64',
    users: [linkOf(instancePath(project, zone, instance))],
    selfLink: linkOf(path),
  };
  return { attached, disk: existing === '' ? disk : undefined };
}

function networkInterface(ground: Ground, zone: string, asked: Json, index: number): Json {
  const { project } = ground;
  const network = lastPart(asText(asked['network'])) || 'default';
  const subnetwork = lastPart(asText(asked['subnetwork'])) || network;
  return {
    kind: 'compute#networkInterface',
    stackType: 'IPV4_ONLY',
    ...asked,
    name: `nic${index}`,
    fingerprint: fingerprintOf(0),
    network: linkOf(`projects/${project}/global/networks/${network}`),
    subnetwork: linkOf(`projects/${project}/regions/${regionOf(zone)}/subnetworks/${subnetwork}`),
    networkIP: '10.128.0.2',
    ...(asList(asked['accessConfigs']).length > 0 && {
      accessConfigs: asList(asked['accessConfigs']).map((one) => ({
        kind: 'compute#accessConfig',
        type: 'ONE_TO_ONE_NAT',
        name: 'external-nat',
        networkTier: 'PREMIUM',
        ...one,
        natIP: asText(one['natIP']) || '203.0.113.2',
      })),
    }),
  };
}

/** Google forgets them; Terraform's provider sends some, and falls over them when they come back. */
function withoutNulls(body: Json): Json {
  return JSON.parse(JSON.stringify(body), (_, value: unknown) => {
    if (!Array.isArray(value)) return value ?? undefined;
    const kept = value.filter((one) => one !== null && one !== undefined);
    return kept.length === 0 ? undefined : kept;
  }) as Json;
}

export function fingerprintOf(turn: number): string {
  return Buffer.from(String(turn).padStart(8, '0')).toString('base64');
}

export function nextFingerprint(fingerprint: string): string {
  return fingerprintOf(Number(Buffer.from(fingerprint, 'base64').toString()) + 1);
}
