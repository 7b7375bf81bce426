import { TrainyardError } from '../../../domain/failures.ts';
import type { GoogleApi, Service } from '../google-api.ts';
import { machineRole, yardRole } from '../permissions.ts';
import { firewallName, networkName, yardEmail } from './project-stack.ts';

interface Known {
  to: string;
  service: Service;
  /** Of the API, and of Terraform's import. */
  path: string;
}

/**
 * What was made by hand, or by a bootstrap whose state is lost, as Terraform's import blocks: it is taken over, where it
 * would else be in the way. One that Terraform knows already is no matter.
 */
export async function alreadyThere(
  api: GoogleApi,
  { project, region, ssh }: { project: string; region: string; ssh: boolean },
): Promise<{ to: string; id: string }[]> {
  const known: Known[] = [
    { to: 'google_project_iam_custom_role.yard-role', service: 'iam', path: `projects/${project}/roles/${yardRole}` },
    {
      to: 'google_project_iam_custom_role.machine-role',
      service: 'iam',
      path: `projects/${project}/roles/${machineRole}`,
    },
    {
      to: 'google_service_account.yard',
      service: 'iam',
      path: `projects/${project}/serviceAccounts/${yardEmail(project)}`,
    },
    {
      to: 'google_compute_network.network',
      service: 'compute',
      path: `projects/${project}/global/networks/${networkName}`,
    },
    {
      to: 'google_compute_subnetwork.subnetwork',
      service: 'compute',
      path: `projects/${project}/regions/${region}/subnetworks/${networkName}`,
    },
    ...(ssh
      ? [
          {
            to: 'google_compute_firewall.ssh-by-iap',
            service: 'compute' as const,
            path: `projects/${project}/global/firewalls/${firewallName}`,
          },
        ]
      : []),
  ];
  const found = await Promise.all(known.map(async (one) => ({ one, there: await isThere(api, one) })));
  return found.filter(({ there }) => there).map(({ one }) => ({ to: one.to, id: one.path }));
}

async function isThere(api: GoogleApi, { service, path }: Known): Promise<boolean> {
  try {
    const found = await api.get<{ deleted?: boolean }>(service, path);
    // A role that was removed rests for a week; making it takes it back.
    return found !== undefined && !found.deleted;
  } catch (error) {
    // In a new project nobody has turned the API on yet, so nothing of it can be there.
    if (error instanceof TrainyardError && error.type === 'ApiDisabled') return false;
    throw error;
  }
}
