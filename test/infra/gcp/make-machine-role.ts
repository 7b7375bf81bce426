import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { machineRole } from '../../../infra/gcp/names.ts';
import { machinePermissions } from '../../../infra/gcp/permissions.ts';
import type { GcpSimulation } from '../../cloud-sim/gcp/start-gcp-simulation.ts';

/** What infra/gcp/bootstrap makes once in a project, asked for as whom GOOGLE_APPLICATION_CREDENTIALS names. */
export async function makeMachineRole({
  endpoint,
  project,
}: Pick<GcpSimulation, 'endpoint' | 'project'>): Promise<void> {
  const token = await openAuth(endpoint).getAccessToken();
  const answer = await fetch(`${endpoint}/v1/projects/${project}/roles`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      roleId: machineRole,
      role: { title: 'Trainyard machine', includedPermissions: machinePermissions },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
