import { alreadyExists, ApiError, notFound } from '../api-error.ts';
import type { MachineProcesses } from '../boot/machine-processes.ts';
import type { Ground } from '../ground.ts';
import { asJson, asList, asText, type Json, lastPart } from '../json.ts';
import { type Call, pageOf, type Route, routesOf } from '../router.ts';
import { checkLabels } from '../storage/buckets.ts';
import { type Instance, instancePath, instancesIn } from './instance.ts';
import type { Delays, InstanceLife } from './instance-life.ts';
import { linkOf } from './links.ts';
import { parseFilter } from './list-filter.ts';
import { checkNewInstance, nextFingerprint } from './new-instance.ts';
import { type Operation, type Operations, pathOf as operationPath, type Work } from './operations.ts';
import { zones } from './catalogue.ts';

interface Parts {
  operations: Operations;
  life: InstanceLife;
  processes: MachineProcesses;
  delays: Delays;
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/instances, of it what is used. */
export function instanceRoutes(ground: Ground, { operations, life, processes, delays }: Parts): Route[] {
  const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{project}');
  const { project, clock, policies, faults } = ground;
  const instances = instancesIn(ground.records);
  const one = '/zones/{zone}/instances/{name}';
  const on = 'projects/{project}/zones/{zone}/instances/{name}';
  const pathOf = ({ part }: Call): string => instancePath(project, part('zone'), part('name'));
  const found = (call: Call): Instance => {
    const instance = instances.get(pathOf(call));
    if (instance) return instance;
    throw notFound(pathOf(call));
  };
  const begin = (
    call: Call,
    type: string,
    act: Work['act'],
    afterMs: number,
    id: string,
    body: Json = {},
  ): Promise<Operation> => {
    const zone = call.part('zone');
    const name = asText(body['name']) || call.part('name');
    const target = instancePath(project, zone, name);
    const requestId = call.query.get('requestId');
    const operation = operations.open({ zone, type, who: call.who, target, targetId: id, requestId });
    const work = {
      operation: asText(operation['selfLink']),
      act,
      zone,
      instance: name,
      dueAtMs: clock.now() + afterMs,
    };
    life.add({ ...work, body: { ...body, who: call.who } });
    return operations.waitFor(operationPath(project, zone, operation.name), delays.answerMs);
  };

  add('POST', '/zones/{zone}/instances', 'compute.instances.create', 'projects/{project}', (call) => {
    const again = operations.ofRequest(call.query.get('requestId'));
    if (again) return again;
    checkNewInstance(ground, call.part('zone'), call.body);
    checkMayInsert(ground, call);
    const path = instancePath(project, call.part('zone'), asText(call.body['name']));
    if (instances.get(path)) throw alreadyExists(path);
    const machineType = lastPart(asText(call.body['machineType']));
    const late = faults.take('create-late', (fault) => (fault.machineType ?? machineType) === machineType);
    const id = ground.newId();
    return begin(call, 'insert', 'insert', late?.ms ?? delays.bootMs, id, { ...call.body, id });
  });
  add('GET', one, 'compute.instances.get', on, (call) => found(call).shown);
  add('DELETE', one, 'compute.instances.delete', on, (call) => {
    const again = operations.ofRequest(call.query.get('requestId'));
    if (again) return again;
    const instance = found(call);
    if (instance.shown['deletionProtection'] === true) {
      throw new ApiError(
        400,
        `Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. '.`,
      );
    }
    instance.shown.status = 'STOPPING';
    instances.put(pathOf(call), instance);
    return begin(call, 'delete', 'delete', delays.deleteMs, instance.shown.id);
  });
  const listed = (call: Call, own: Instance[], kind: string, id: string): Json => {
    const { items, next } = pageOf(
      own.map(({ shown }) => shown).filter(parseFilter(call.query.get('filter'))),
      call.query,
    );
    return { kind, id, ...(items.length > 0 && { items }), selfLink: linkOf(id), ...(next && { nextPageToken: next }) };
  };
  add('GET', '/zones/{zone}/instances', 'compute.instances.list', 'projects/{project}', (call) => {
    const zone = call.part('zone');
    if (!zones.includes(zone)) throw notFound(`projects/${project}/zones/${zone}`);
    const own = instances.all().filter(({ zoneName }) => zoneName === zone);
    return listed(call, own, 'compute#instanceList', `projects/${project}/zones/${zone}/instances`);
  });
  add('GET', '/aggregated/instances', 'compute.instances.list', 'projects/{project}', (call) => {
    const id = `projects/${project}/aggregated/instances`;
    const { items, ...rest } = listed(call, instances.all(), 'compute#instanceAggregatedList', id);
    const byZone: Json = {};
    for (const zone of zones) {
      const own = asList(items).filter((shown) => asText(shown['zone']).endsWith(`/${zone}`));
      byZone[`zones/${zone}`] = own.length > 0 ? { instances: own } : nothingIn(zone);
    }
    return { ...rest, items: byZone };
  });
  add('POST', `${one}/setLabels`, 'compute.instances.setLabels', on, (call) => {
    const { shown } = found(call);
    checkLabels(call.body['labels']);
    checkFingerprint(call.body['labelFingerprint'], shown['labelFingerprint']);
    shown.labels = asJson(call.body['labels']) as Record<string, string>;
    shown['labelFingerprint'] = nextFingerprint(asText(shown['labelFingerprint']));
    instances.put(pathOf(call), found(call));
    return begin(call, 'setLabels', 'change', delays.changeMs, shown.id);
  });
  add('POST', `${one}/setMetadata`, 'compute.instances.setMetadata', on, (call) => {
    const { shown } = found(call);
    checkFingerprint(call.body['fingerprint'], shown.metadata.fingerprint);
    shown.metadata.items = asList(call.body['items']).map(({ key, value }) => ({
      key: asText(key),
      value: asText(value),
    }));
    shown.metadata.fingerprint = nextFingerprint(shown.metadata.fingerprint);
    instances.put(pathOf(call), found(call));
    return begin(call, 'setMetadata', 'change', delays.changeMs, shown.id);
  });
  for (const act of ['stop', 'start'] as const) {
    add('POST', `${one}/${act}`, `compute.instances.${act}`, on, (call) => {
      const { shown } = found(call);
      if (act === 'stop') shown.status = 'STOPPING';
      return begin(call, act, act, delays.deleteMs, shown.id);
    });
  }
  add('GET', `${one}/serialPort`, 'compute.instances.getSerialPortOutput', on, async (call) => {
    const { shown } = found(call);
    const all = await processes.console(shown.name);
    const mostShown = 1024 * 1024;
    const start = Math.max(Number(call.query.get('start')) || 0, all.length - mostShown);
    const contents = all.subarray(start).toString('utf8');
    return {
      kind: 'compute#serialPortOutput',
      selfLink: linkOf(`${pathOf(call)}/serialPort`),
      contents,
      start: String(start),
      next: String(all.length),
    };
  });
  add('GET', `${one}/getIamPolicy`, 'compute.instances.getIamPolicy', on, (call) => {
    found(call);
    return policies.get(pathOf(call));
  });
  add('POST', `${one}/setIamPolicy`, 'compute.instances.setIamPolicy', on, (call) => {
    found(call);
    return policies.set(pathOf(call), asJson(call.body['policy']), call.who);
  });
  add('POST', `${one}/testIamPermissions`, undefined, on, (call) => {
    found(call);
    return policies.test(call.who, pathOf(call), call.body['permissions']);
  });
  return routes;
}

/** An instance takes more than the right to make one: its disk, its network, and whom it acts as. */
function checkMayInsert({ policies, project }: Ground, { body, who }: Call): void {
  const resource = `projects/${project}`;
  const isPublic = asList(body['networkInterfaces']).some((one) => asList(one['accessConfigs']).length > 0);
  const wanted = [
    'compute.disks.create',
    'compute.subnetworks.use',
    ...(isPublic ? ['compute.subnetworks.useExternalIp'] : []),
    ...(body['labels'] === undefined ? [] : ['compute.instances.setLabels']),
    ...(body['metadata'] === undefined ? [] : ['compute.instances.setMetadata']),
    ...(asList(body['serviceAccounts']).length > 0 ? ['compute.instances.setServiceAccount'] : []),
  ];
  for (const permission of wanted) {
    if (policies.allows(who, { permission, resource })) continue;
    throw new ApiError(403, `Required '${permission}' permission for '${resource}'`);
  }
  for (const account of asList(body['serviceAccounts'])) {
    const email = asText(account['email']);
    const on = `${resource}/serviceAccounts/${email}`;
    if (policies.allows(who, { permission: 'iam.serviceAccounts.actAs', resource: on })) continue;
    throw new ApiError(
      403,
      `The user does not have access to service account '${email}'.  User: '${who}'.  Ask a project owner to grant you the iam.serviceAccountUser role on the service account`,
      { reason: 'serviceAccountAccessDenied' },
    );
  }
}

export function nothingIn(zone: string): Json {
  const message = `There are no results for scope 'zones/${zone}' on this page.`;
  return { warning: { code: 'NO_RESULTS_ON_PAGE', message, data: [{ key: 'scope', value: `zones/${zone}` }] } };
}

function checkFingerprint(given: unknown, now: unknown): void {
  if (given === now) return;
  throw new ApiError(412, 'Supplied fingerprint does not match current metadata fingerprint.');
}
