import { ComputeFirewall } from '@cdktf/provider-google/lib/compute-firewall/index.js';
import { ComputeNetwork } from '@cdktf/provider-google/lib/compute-network/index.js';
import { ComputeSubnetwork } from '@cdktf/provider-google/lib/compute-subnetwork/index.js';
import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role/index.js';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member/index.js';
import { ProjectService } from '@cdktf/provider-google/lib/project-service/index.js';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import { TerraformStack } from 'cdktf';
import { machinePermissions, machineRole, services, yardAccountId, yardPermissions, yardRole } from '../permissions.ts';
import { type StackPlace, synthesise, type Synthesised } from '../terraform/synth.ts';

export const bootstrapStackName = 'bootstrap';
/** Network and subnetwork have the same name: there is one of each. */
export const networkName = 'trainyard';
export const firewallName = 'trainyard-ssh-by-iap';
/** Room for 4,092 machines at once. */
const addresses = '10.64.0.0/20';
/** Where Google's own door for ssh comes from (IAP). */
const iap = '35.235.240.0/20';

export interface ProjectPlan extends StackPlace {
  region: string;
  ssh: boolean;
  bucket: string;
}

/** What a project needs once. A network without a rule lets nobody in, so there is none but that for ssh, when asked for. */
export function projectStack(plan: ProjectPlan): Synthesised {
  const { project, region, ssh, bucket } = plan;
  return synthesise(bootstrapStackName, bucket, plan, (app) => {
    const stack = new TerraformStack(app, bootstrapStackName);
    const apis = new Map(
      services.map((service) => [
        service,
        new ProjectService(stack, `api-${service.split('.')[0]}`, {
          project,
          service,
          // Something else in the project may use it by then.
          disableOnDestroy: false,
        }),
      ]),
    );
    const after = (...wanted: (typeof services)[number][]) => wanted.flatMap((one) => apis.get(one) ?? []);
    const network = new ComputeNetwork(stack, 'network', {
      name: networkName,
      description: "Trainyard's machines; made by ./x gcp bootstrap",
      autoCreateSubnetworks: false,
      dependsOn: after('compute.googleapis.com'),
    });
    new ComputeSubnetwork(stack, 'subnetwork', {
      name: networkName,
      network: network.id,
      region,
      ipCidrRange: addresses,
      privateIpGoogleAccess: true,
    });
    if (ssh) {
      new ComputeFirewall(stack, 'ssh-by-iap', {
        name: firewallName,
        network: network.name,
        direction: 'INGRESS',
        sourceRanges: [iap],
        targetTags: ['trainyard-machine'],
        allow: [{ protocol: 'tcp', ports: ['22'] }],
      });
    }
    const yard = new ProjectIamCustomRole(stack, 'yard-role', {
      roleId: yardRole,
      title: 'Trainyard: yard',
      description: "What Trainyard's workers do; docs/gcp.md says what each is for",
      permissions: [...yardPermissions],
      dependsOn: after('iam.googleapis.com'),
    });
    new ProjectIamCustomRole(stack, 'machine-role', {
      roleId: machineRole,
      title: 'Trainyard: machine',
      description: 'Given to a machine on itself, so that it can remove itself',
      permissions: [...machinePermissions],
      dependsOn: after('iam.googleapis.com'),
    });
    const account = new ServiceAccount(stack, 'yard', {
      accountId: yardAccountId,
      displayName: "Trainyard's workers",
      dependsOn: after('iam.googleapis.com'),
    });
    new ProjectIamMember(stack, 'yard-may', {
      project,
      role: yard.name,
      member: account.member,
      dependsOn: after('cloudresourcemanager.googleapis.com'),
    });
    return stack;
  });
}

export function yardEmail(project: string): string {
  return `${yardAccountId}@${project}.iam.gserviceaccount.com`;
}
