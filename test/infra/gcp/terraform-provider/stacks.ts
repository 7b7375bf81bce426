import type { Labels, MachineOrder } from '../../../../infra/cloud.ts';
import { bucketNameOf, machineNameOf, machineRole } from '../../../../infra/gcp/names.ts';
import { type MachinePlan, machineStack } from '../../../../infra/gcp/terraform/machine-stack.ts';
import { signalsStack } from '../../../../infra/gcp/terraform/signals-stack.ts';

/** What Terraform reads, to be looked into freely. */
export type Json = Record<string, any>;

export interface Place {
  project: string;
  endpoint: string;
}

export const zone = 'us-central1-a';
/** The same for every provider, so that what they write down can be laid side by side. */
const labels: Labels = {
  kind: 'job',
  id: '3c1a6a5e-2f0b-4c57-9d4e-7b1f5a0c9d21',
  installationId: 'home',
  owner: 'ann',
};
const nowMs = 1_790_000_000_000;
const order: MachineOrder = {
  kind: 'job',
  id: labels.id,
  attempt: 1,
  labels,
  type: 'n1-standard-4',
  spot: true,
  engine: 'sklearn',
  endsAtMs: nowMs + 3_600_000,
  deadlineAtMs: nowMs + 3_000_000,
};
export const bucketName = bucketNameOf(labels);
export const machineName = machineNameOf(order);

export function signals(place: Place, owner = labels.owner): Json {
  return JSON.parse(signalsStack({ ...place, labels: { ...labels, owner }, projectNumber: '42' }).json);
}

/** With all that a machine can have: GPU, spot, an address of its own. */
export function machine(place: Place): Json {
  const plan: MachinePlan = {
    ...place,
    order,
    nowMs,
    zone,
    machineType: 'n1-standard-4',
    accelerator: { type: 'nvidia-tesla-t4', count: 1 },
    hasGpu: true,
    disk: { type: 'pd-balanced', gib: 60 },
    image: 'trainyard-gpu',
    network: 'default',
    subnetwork: '',
    publicAddress: true,
    metadata: { 'trainyard-entry': '1', 'trainyard-environment': '{}' },
  };
  return JSON.parse(machineStack(plan).json);
}

/** What a project gets once; its state lies in a file. */
export function projectOnce(place: Place, permissions = ['compute.instances.delete']): Json {
  const { provider, terraform } = signals(place);
  const account = '${google_service_account.worker.member}';
  return {
    provider,
    terraform: { required_providers: terraform.required_providers },
    resource: {
      google_project_service: { compute: { service: 'compute.googleapis.com', disable_on_destroy: false } },
      google_project_iam_custom_role: {
        machine: { role_id: machineRole, title: 'A machine of Trainyard', permissions },
      },
      google_service_account: { worker: { account_id: 'trainyard-worker', display_name: 'Trainyard' } },
      google_project_iam_member: {
        editor: { project: place.project, role: 'roles/compute.instanceAdmin.v1', member: account },
      },
      google_service_account_iam_member: {
        self: {
          service_account_id: '${google_service_account.worker.name}',
          role: 'roles/iam.serviceAccountUser',
          member: account,
        },
      },
    },
  };
}
