import { ApiError } from '../api-error.ts';
import { asJson, asText, type Json } from '../json.ts';
import { pageOf, type Route, routesOf } from '../router.ts';
import type { Ground } from '../ground.ts';

export interface ServiceAccount {
  name: string;
  email: string;
  uniqueId: string;
  [more: string]: unknown;
}

/** https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts, and the roles of a project. */
export function serviceAccountRoutes(ground: Ground): Route[] {
  const { routes, add } = routesOf('iam.googleapis.com', '/v1/projects/{project}');
  const accounts = ground.records.kind<ServiceAccount>('service-account');
  const { policies, audit, project } = ground;

  const found = (id: string): ServiceAccount => {
    const account = accounts.get(id) ?? accounts.all().find(({ uniqueId }) => uniqueId === id);
    if (account) return account;
    throw new ApiError(404, `Unknown service account: ${id}`);
  };
  const on = 'projects/{project}/serviceAccounts/{account}';

  add('POST', '/serviceAccounts', 'iam.serviceAccounts.create', 'projects/{project}', ({ body, who }) => {
    const id = asText(body['accountId']);
    if (!/^[a-z]([-a-z0-9]{4,28})[a-z0-9]$/.test(id)) {
      throw new ApiError(400, `The service account ID "${id}" must be 6 to 30 letters, digits and hyphens.`);
    }
    const email = `${id}@${project}.iam.gserviceaccount.com`;
    const name = `projects/${project}/serviceAccounts/${email}`;
    if (accounts.get(email)) {
      throw new ApiError(409, `Service account ${id} already exists within project projects/${project}.`);
    }
    const uniqueId = ground.newId();
    const { displayName, description } = asJson(body['serviceAccount']);
    const account = {
      name,
      projectId: project,
      uniqueId,
      email,
      ...(displayName !== undefined && { displayName }),
      ...(description !== undefined && { description }),
      etag: 'MDEwMjE5MjA=',
      oauth2ClientId: uniqueId,
    };
    audit.created('service-account', email, who);
    return accounts.put(email, account);
  });
  add('GET', '/serviceAccounts', 'iam.serviceAccounts.list', 'projects/{project}', ({ query }) => {
    const { items, next } = pageOf(accounts.all(), query, 20);
    return { ...(items.length > 0 && { accounts: items }), ...(next && { nextPageToken: next }) };
  });
  add('GET', '/serviceAccounts/{account}', 'iam.serviceAccounts.get', on, ({ part }) => found(part('account')));
  add('PATCH', '/serviceAccounts/{account}', 'iam.serviceAccounts.update', on, ({ part, body }) => {
    const { displayName, description } = asJson(body['serviceAccount']);
    const account = found(part('account'));
    if (displayName !== undefined) account['displayName'] = displayName;
    if (description !== undefined) account['description'] = description;
    return accounts.put(account.email, account);
  });
  add('DELETE', '/serviceAccounts/{account}', 'iam.serviceAccounts.delete', on, ({ part, who }) => {
    const { email, name } = found(part('account'));
    accounts.remove(email);
    policies.remove(name, who);
    ground.tokens.revoke(email);
    audit.deleted('service-account', email, who);
    return {};
  });
  const policyOf = (part: (name: string) => string): string => found(part('account')).name;
  add('POST', '/serviceAccounts/{account}:getIamPolicy', 'iam.serviceAccounts.getIamPolicy', on, ({ part }) =>
    policies.get(policyOf(part)),
  );
  add(
    'POST',
    '/serviceAccounts/{account}:setIamPolicy',
    'iam.serviceAccounts.setIamPolicy',
    on,
    ({ part, body, who }) => policies.set(policyOf(part), asJson(body['policy']), who),
  );
  add('POST', '/serviceAccounts/{account}:testIamPermissions', undefined, on, ({ part, body, who }) =>
    policies.test(who, policyOf(part), body['permissions']),
  );

  addRoles(ground, add);
  return routes;
}

function addRoles(ground: Ground, add: ReturnType<typeof routesOf>['add']): void {
  const roles = ground.records.kind<Json & { name: string; includedPermissions: string[] }>('role');
  const found = (id: string) => {
    const role = roles.get(`projects/${ground.project}/roles/${id}`);
    if (role) return role;
    throw new ApiError(404, `The role named projects/${ground.project}/roles/${id} was not found.`);
  };
  const on = 'projects/{project}';
  add('POST', '/roles', 'iam.roles.create', on, ({ body, who }) => {
    const name = `projects/${ground.project}/roles/${asText(body['roleId'])}`;
    if (roles.get(name))
      throw new ApiError(409, `A role named ${asText(body['roleId'])} in projects/${ground.project} already exists.`);
    ground.audit.created('role', name, who);
    return roles.put(name, { includedPermissions: [], ...asJson(body['role']), name, etag: 'BwYZ' });
  });
  add('GET', '/roles', 'iam.roles.list', on, () => ({ roles: roles.all() }));
  add('GET', '/roles/{role}', 'iam.roles.get', on, ({ part }) => found(part('role')));
  add('PATCH', '/roles/{role}', 'iam.roles.update', on, ({ part, body }) =>
    roles.put(found(part('role')).name, { ...found(part('role')), ...body, name: found(part('role')).name }),
  );
  add('DELETE', '/roles/{role}', 'iam.roles.delete', on, ({ part, who }) => {
    const role = found(part('role'));
    // A custom role rests for a week before it is gone, and its name is taken until then: it can be undeleted.
    if (!role['deleted']) ground.audit.deleted('role', role.name, who);
    return roles.put(role.name, { ...role, deleted: true });
  });
  add('POST', '/roles/{role}:undelete', 'iam.roles.undelete', on, ({ part, who }) => {
    const { deleted, ...role } = found(part('role'));
    if (deleted) ground.audit.created('role', role.name, who);
    return roles.put(role.name, role);
  });
}
