import { ApiError, notFound } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import { asJson, asList, asText, asTexts, type Json } from '../json.ts';
import { type Call, pageOf, type Route, routesOf } from '../router.ts';
import { checkLabels } from '../storage/buckets.ts';
import { zones } from './catalogue.ts';
import { type Disk, diskPath, disksIn } from './instance.ts';
import { nothingIn } from './instances.ts';
import { linkOf } from './links.ts';
import { parseFilter } from './list-filter.ts';
import { nextFingerprint } from './new-instance.ts';
import { type Operation, type Operations, pathOf as operationPath } from './operations.ts';

/** Disks come with instances here; what is left of one can be found and removed. */
export function diskRoutes(ground: Ground, operations: Operations): Route[] {
  const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{project}');
  const { project } = ground;
  const disks = disksIn(ground.records);
  const one = '/zones/{zone}/disks/{name}';
  const on = 'projects/{project}/zones/{zone}/disks/{name}';
  const pathOf = ({ part }: Call): string => diskPath(project, part('zone'), part('name'));
  const found = (call: Call): Disk => {
    const disk = disks.get(pathOf(call));
    if (disk) return disk;
    throw notFound(pathOf(call));
  };
  const done = (call: Call, type: string, id: string): Operation => {
    const zone = call.part('zone');
    const operation = operations.open({ zone, type, who: call.who, target: pathOf(call), targetId: id });
    operations.close(operationPath(project, zone, operation.name));
    return operation;
  };
  const listed = (call: Call, own: Disk[], kind: string, id: string): Json => {
    const { items, next } = pageOf(own.filter(parseFilter(call.query.get('filter'))), call.query);
    return { kind, id, ...(items.length > 0 && { items }), selfLink: linkOf(id), ...(next && { nextPageToken: next }) };
  };

  add('GET', one, 'compute.disks.get', on, found);
  add('GET', '/zones/{zone}/disks', 'compute.disks.list', 'projects/{project}', (call) => {
    const own = disks.all().filter((disk) => asText(disk['zone']).endsWith(`/${call.part('zone')}`));
    return listed(call, own, 'compute#diskList', `projects/${project}/zones/${call.part('zone')}/disks`);
  });
  add('GET', '/aggregated/disks', 'compute.disks.list', 'projects/{project}', (call) => {
    const { items, ...rest } = listed(
      call,
      disks.all(),
      'compute#diskAggregatedList',
      `projects/${project}/aggregated/disks`,
    );
    const byZone: Json = {};
    for (const zone of zones) {
      const own = asList(items).filter((disk) => asText(disk['zone']).endsWith(`/${zone}`));
      byZone[`zones/${zone}`] = own.length > 0 ? { disks: own } : nothingIn(zone);
    }
    return { ...rest, items: byZone };
  });
  add('POST', `${one}/setLabels`, 'compute.disks.setLabels', on, (call) => {
    const disk = found(call);
    checkLabels(call.body['labels']);
    disk['labels'] = asJson(call.body['labels']);
    disk['labelFingerprint'] = nextFingerprint(asText(disk['labelFingerprint']));
    disks.put(pathOf(call), disk);
    return done(call, 'setLabels', asText(disk['id']));
  });
  add('DELETE', one, 'compute.disks.delete', on, (call) => {
    const disk = found(call);
    const users = asTexts(disk['users']);
    if (users.length > 0) {
      throw new ApiError(400, `The disk resource '${pathOf(call)}' is already being used by '${users[0]}'`, {
        reason: 'resourceInUseByAnotherResource',
      });
    }
    disks.remove(pathOf(call));
    ground.audit.deleted('disk', pathOf(call), call.who);
    return done(call, 'delete', asText(disk['id']));
  });
  return routes;
}
