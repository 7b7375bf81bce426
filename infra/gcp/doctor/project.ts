import type { GcpFinding } from '../../gcp-checks.ts';
import {
  machinePermissions,
  machineRole,
  services,
  servicesForLooking,
  yardNeeds,
  yardPermissions,
  yardRole,
} from '../permissions.ts';
import { lastPart, type Looking } from './look.ts';

export async function projectThere({ api, project }: Looking): Promise<GcpFinding> {
  const name = 'Project';
  const found = await api.get<{ projectNumber?: string; lifecycleState?: string }>('projects', `projects/${project}`);
  if (!found) {
    const mend = `gcloud projects create ${project}`;
    return { state: 'bad', name, detail: `there is no ${project}, or it is not shown to these credentials`, mend };
  }
  if (found.lifecycleState !== 'ACTIVE') {
    const mend = `gcloud projects undelete ${project}`;
    return { state: 'bad', name, detail: `${project} is not active (${found.lifecycleState})`, mend };
  }
  return { state: 'good', name, detail: `${project}, number ${found.projectNumber}` };
}

/** Where it cannot be asked, Google refuses the first machine by itself. */
export async function billingOn({ api, project }: Looking): Promise<GcpFinding> {
  const name = 'Billing';
  const mend = `gcloud billing projects link ${project} --billing-account <ACCOUNT-ID>`;
  try {
    const found = await api.get<{ billingEnabled?: boolean }>('billing', `projects/${project}/billingInfo`);
    return found?.billingEnabled
      ? { state: 'good', name, detail: 'a billing account pays for it' }
      : { state: 'bad', name, detail: `no billing account pays for ${project}`, mend };
  } catch (error) {
    const enable = `gcloud services enable cloudbilling.googleapis.com --project ${project}`;
    const why = error instanceof Error ? error.message : String(error);
    return { state: 'later', name, detail: `it could not be asked who pays: ${why}`, mend: enable };
  }
}

export async function servicesOn({ api, project }: Looking): Promise<GcpFinding> {
  type Listing = { nextPageToken?: string; services?: { config?: { name?: string }; name?: string }[] };
  const on = new Set<string>();
  const query = { filter: 'state:ENABLED', pageSize: '200' };
  for await (const page of api.pages<Listing>('services', `projects/${project}/services`, query)) {
    for (const one of page.services ?? []) on.add(one.config?.name ?? lastPart(one.name ?? ''));
  }
  const off = services.filter((one) => !on.has(one));
  if (off.length === 0) return { state: 'good', name: 'APIs', detail: `all ${services.length} are turned on` };
  const needed = off.filter((one) => !servicesForLooking.includes(one));
  return {
    state: needed.length === 0 ? 'later' : 'bad',
    name: 'APIs',
    detail: `not turned on: ${off.join(', ')}`,
    mend: `gcloud services enable ${off.join(' ')} --project ${project}`,
  };
}

const askedAtOnce = 100;

export async function permissionsHeld(looking: Looking, member: string | undefined): Promise<GcpFinding> {
  const { api, project } = looking;
  const name = 'Permissions';
  const held = new Set<string>();
  for (let from = 0; from < yardPermissions.length; from += askedAtOnce) {
    const permissions = yardPermissions.slice(from, from + askedAtOnce);
    const path = `projects/${project}:testIamPermissions`;
    const answer = await api.post<{ permissions?: string[] }>('projects', path, { permissions });
    for (const one of answer?.permissions ?? []) held.add(one);
  }
  const missing = yardPermissions.filter((one) => !held.has(one));
  if (missing.length === 0) return { state: 'good', name, detail: `all ${yardPermissions.length} are held` };
  const lacking = yardNeeds.filter(({ permissions }) => permissions.some((one) => missing.includes(one)));
  const what = lacking.map((need) => need.what).join('; ');
  return {
    state: lacking.every(({ forLooking }) => forLooking) ? 'later' : 'bad',
    name,
    detail: `${missing.length} of ${yardPermissions.length} are missing (${missing.join(', ')}), and so it may not: ${what}`,
    mend: await grant(looking, member, held.has('iam.roles.get')),
  };
}

/** The one command, or the two, after which they are held: by the state of our own role. */
async function grant({ api, project }: Looking, member = '<MEMBER>', mayAsk: boolean): Promise<string> {
  const bind = `gcloud projects add-iam-policy-binding ${project} --member ${member} --role projects/${project}/roles/${yardRole} --condition None`;
  const path = `projects/${project}/roles/${yardRole}`;
  const role = mayAsk
    ? await api.get<{ includedPermissions?: string[]; deleted?: boolean }>('iam', path).catch(() => undefined)
    : undefined;
  const all = yardPermissions.join(',');
  if (!role)
    return `gcloud iam roles create ${yardRole} --project ${project} --title 'Trainyard: yard' --permissions ${all}\n${bind}`;
  const lacks = yardPermissions.filter((one) => !role.includedPermissions?.includes(one));
  const steps = [
    ...(role.deleted ? [`gcloud iam roles undelete ${yardRole} --project ${project}`] : []),
    ...(lacks.length > 0
      ? [`gcloud iam roles update ${yardRole} --project ${project} --add-permissions ${lacks.join(',')}`]
      : []),
    bind,
  ];
  return steps.join('\n');
}

/** Without it a machine cannot be allowed to remove itself, and so none is made. */
export async function machineRoleThere({ api, project }: Looking): Promise<GcpFinding> {
  const name = 'Machine role';
  const all = machinePermissions.join(',');
  type Role = { includedPermissions?: string[]; deleted?: boolean };
  const role = await api.get<Role>('iam', `projects/${project}/roles/${machineRole}`);
  if (!role) {
    const mend = `gcloud iam roles create ${machineRole} --project ${project} --title 'Trainyard: machine' --permissions ${all}`;
    return { state: 'bad', name, detail: `there is no role ${machineRole}, by which a machine removes itself`, mend };
  }
  if (role.deleted) {
    const mend = `gcloud iam roles undelete ${machineRole} --project ${project}`;
    return { state: 'bad', name, detail: `the role ${machineRole} was removed`, mend };
  }
  if (!machinePermissions.every((one) => role.includedPermissions?.includes(one))) {
    const mend = `gcloud iam roles update ${machineRole} --project ${project} --add-permissions ${all}`;
    return { state: 'bad', name, detail: `the role ${machineRole} does not allow ${all}`, mend };
  }
  return { state: 'good', name, detail: `${machineRole} lets a machine remove itself` };
}
