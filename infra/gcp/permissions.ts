import { machineRole } from './names.ts';

/** The role of the workers, made once per project; a custom role rests for a week after its removal, and comes back. */
export const yardRole = 'trainyardYard';
export const yardAccountId = 'trainyard-yard';

/** The APIs that are asked. Without the last one the doctor cannot see whether somebody pays; nothing else needs it. */
export const services = [
  'compute.googleapis.com',
  'pubsub.googleapis.com',
  'storage.googleapis.com',
  'iam.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'serviceusage.googleapis.com',
  'cloudbilling.googleapis.com',
] as const;
export const servicesForLooking: readonly string[] = ['cloudbilling.googleapis.com'];

export interface Need {
  /** What it is that needs them; docs/gcp.md has the same table. */
  what: string;
  permissions: readonly string[];
  /** Only the doctor asks: without them it says less, and jobs run all the same. */
  forLooking?: true;
}

/**
 * Every permission that a worker needs in the project, by the call that needs it. This is the only list: the role of
 * bootstrap is made of it, the doctor asks for it, and docs/gcp.md is compared with it.
 */
export const yardNeeds: readonly Need[] = [
  {
    what: 'make a machine with its disk, labels, metadata, tag and account',
    permissions: [
      'compute.acceleratorTypes.get',
      'compute.disks.create',
      'compute.disks.setLabels',
      'compute.images.get',
      'compute.images.getFromFamily',
      'compute.images.useReadOnly',
      'compute.instances.create',
      'compute.instances.setLabels',
      'compute.instances.setMetadata',
      'compute.instances.setServiceAccount',
      'compute.instances.setTags',
      'compute.machineTypes.get',
      'compute.zones.get',
      'iam.serviceAccounts.actAs',
    ],
  },
  {
    what: 'put it into a network, with or without a public address',
    permissions: [
      'compute.networks.use',
      'compute.networks.useExternalIp',
      'compute.subnetworks.use',
      'compute.subnetworks.useExternalIp',
    ],
  },
  {
    what: 'let a machine remove itself, and nothing else',
    permissions: ['compute.instances.getIamPolicy', 'compute.instances.setIamPolicy'],
  },
  {
    what: 'look at machines and disks, at how they ended, and at the serial console',
    permissions: [
      'compute.disks.get',
      'compute.disks.list',
      'compute.instances.get',
      'compute.instances.getSerialPortOutput',
      'compute.instances.list',
      'compute.zoneOperations.get',
      'compute.zoneOperations.list',
    ],
  },
  { what: 'take machines and disks away', permissions: ['compute.disks.delete', 'compute.instances.delete'] },
  {
    what: "make, list and remove a job's topic and subscription, and read its events",
    permissions: [
      'pubsub.subscriptions.consume',
      'pubsub.subscriptions.create',
      'pubsub.subscriptions.delete',
      'pubsub.subscriptions.get',
      'pubsub.subscriptions.list',
      'pubsub.topics.attachSubscription',
      'pubsub.topics.create',
      'pubsub.topics.delete',
      'pubsub.topics.get',
      'pubsub.topics.list',
    ],
  },
  {
    what: "give a job's account its topic, and Google's own account the dead letters",
    permissions: [
      'pubsub.subscriptions.getIamPolicy',
      'pubsub.subscriptions.setIamPolicy',
      'pubsub.topics.getIamPolicy',
      'pubsub.topics.setIamPolicy',
      'resourcemanager.projects.get',
    ],
  },
  {
    what: "make, list and remove the account of a job's machines",
    permissions: [
      'iam.serviceAccounts.create',
      'iam.serviceAccounts.delete',
      'iam.serviceAccounts.get',
      'iam.serviceAccounts.list',
    ],
  },
  {
    what: "make, list and remove a job's bucket, its lifecycle and who may use it",
    permissions: [
      'storage.buckets.create',
      'storage.buckets.delete',
      'storage.buckets.get',
      'storage.buckets.getIamPolicy',
      'storage.buckets.list',
      'storage.buckets.setIamPolicy',
      'storage.buckets.update',
    ],
  },
  {
    what: "fill, read and empty a job's bucket, with Terraform's state in it",
    permissions: [
      'storage.objects.create',
      'storage.objects.delete',
      'storage.objects.get',
      'storage.objects.list',
      'storage.objects.update',
    ],
  },
  {
    what: 'let ./x doctor gcp look',
    forLooking: true,
    permissions: [
      'compute.networks.get',
      'compute.projects.get',
      'compute.regions.get',
      'compute.subnetworks.get',
      'iam.roles.get',
      'serviceusage.services.list',
      'serviceusage.services.use',
    ],
  },
];

export const yardPermissions: readonly string[] = [
  ...new Set(yardNeeds.flatMap(({ permissions }) => permissions)),
].toSorted();

/** On its own instance, and on nothing else. */
export const machinePermissions = ['compute.instances.delete'] as const;

/** What a machine's own account is given, on the job's own things. */
export const machineGrants: readonly { role: string; on: string; why: string }[] = [
  { role: 'roles/pubsub.publisher', on: "the job's topic", why: 'to tell its events' },
  {
    role: 'roles/storage.objectAdmin',
    on: "the job's bucket, but not what Terraform keeps in it",
    why: 'to fetch its inputs, and to hand in checkpoints, log and results',
  },
  { role: machineRole, on: 'its own instance', why: 'to remove itself at the end' },
];

export { machineRole };
