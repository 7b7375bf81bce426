import { ComputeInstance } from '@cdktf/provider-google/lib/compute-instance/index.js';
import { ComputeInstanceIamMember } from '@cdktf/provider-google/lib/compute-instance-iam-member/index.js';
import { TerraformStack } from 'cdktf';
import type { MachineOrder } from '../../cloud.ts';
import { labelMap, machineNameOf, machineRole, namesOf } from '../names.ts';
import { type StackPlace, synthesise, type Synthesised } from './synth.ts';

/** What Google takes for the longest that a machine may run. */
const shortestRunSeconds = 30;
const longestRunSeconds = 120 * 86_400;

export interface MachinePlan extends StackPlace {
  order: MachineOrder;
  nowMs: number;
  zone: string;
  /** Google's name, and beside it the GPUs that are put into it; of a type that has its own, none. */
  machineType: string;
  accelerator: { type: string; count: number } | null;
  hasGpu: boolean;
  disk: { type: string; gib: number };
  image: string;
  network: string;
  subnetwork: string;
  publicAddress: boolean;
  metadata: Record<string, string>;
}

export function machineStackName(attempt: number): string {
  return `machine-${attempt}`;
}

/** Counted by Google from when it runs; rounded down, and never more than what was decided. */
export function runSeconds({ endsAtMs }: Pick<MachineOrder, 'endsAtMs'>, nowMs: number): number {
  const seconds = Math.floor((endsAtMs - nowMs) / 1000);
  return Math.min(longestRunSeconds, Math.max(shortestRunSeconds, seconds));
}

/** What a machine is told means nothing to Terraform, which would fill in what stands in braces of a shell. */
function asItIs(metadata: Record<string, string>): Record<string, string> {
  const escaped = (text: string) => text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
  return Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, escaped(text)]));
}

/** By roles of the project, where it was asked for; else nobody's key opens it, those of the project included. */
function loginOf({ ssh }: MachineOrder): Record<string, string> {
  return ssh ? { 'enable-oslogin': 'TRUE' } : { 'enable-oslogin': 'FALSE', 'block-project-ssh-keys': 'TRUE' };
}

/** One attempt's machine, with its own end in it, and the right to take itself away. */
export function machineStack(plan: MachinePlan): Synthesised {
  const { order, project, zone } = plan;
  const names = namesOf(order, order.labels.installationId, project);
  const name = machineNameOf(order);
  const labels = labelMap(order.labels, order);
  const stackName = machineStackName(order.attempt);
  return synthesise(stackName, names.bucket, plan, (app) => {
    const stack = new TerraformStack(app, stackName);
    const instance = new ComputeInstance(stack, 'machine', {
      name,
      zone,
      machineType: plan.machineType,
      labels,
      metadata: { ...asItIs(plan.metadata), ...loginOf(order), 'serial-port-logging-enable': 'TRUE' },
      tags: ['trainyard-machine'],
      bootDisk: {
        autoDelete: true,
        initializeParams: { image: plan.image, size: plan.disk.gib, type: plan.disk.type, labels },
      },
      networkInterface: [
        {
          ...(plan.subnetwork ? { subnetwork: plan.subnetwork } : { network: plan.network }),
          ...(plan.publicAddress && { accessConfig: [{}] }),
        },
      ],
      ...(plan.accelerator && { guestAccelerator: [plan.accelerator] }),
      scheduling: {
        provisioningModel: order.spot ? 'SPOT' : 'STANDARD',
        preemptible: order.spot,
        automaticRestart: false,
        // What has a GPU, or is spot, cannot be moved while it runs.
        onHostMaintenance: plan.hasGpu || order.spot ? 'TERMINATE' : 'MIGRATE',
        instanceTerminationAction: 'DELETE',
        maxRunDuration: { seconds: runSeconds(order, plan.nowMs) },
      },
      serviceAccount: {
        email: names.accountEmail,
        scopes: ['https://www.googleapis.com/auth/cloud-platform'],
      },
      shieldedInstanceConfig: { enableSecureBoot: false, enableVtpm: true, enableIntegrityMonitoring: true },
      deletionProtection: false,
      // After Google has made it, the provider waits until it runs; one that ended meanwhile never will.
      timeouts: { create: '10m', update: '1m' },
    });
    new ComputeInstanceIamMember(stack, 'goes-home', {
      instanceName: instance.name,
      zone,
      role: `projects/${project}/roles/${machineRole}`,
      member: `serviceAccount:${names.accountEmail}`,
    });
    return stack;
  });
}
