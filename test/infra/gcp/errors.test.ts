import { familyOf, type FailureType, TrainyardError } from '../../../domain/failures.ts';
import { failureOf } from '../../../infra/gcp/errors.ts';

const said = (message: string, more: object = {}) => failureOf({ message, ...more }, 'p1');

/** As Google and its provider word them. */
const messages: [type: FailureType, message: string, says: string, hint?: string][] = [
  [
    'NoCapacity',
    "Error waiting for instance to create: The zone 'projects/p1/zones/europe-west4-a' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.",
    'left in europe-west4-a',
  ],
  [
    'NoCapacity',
    'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: The zone does not have enough resources available',
    'type left',
  ],
  [
    'NoCapacity',
    "Error creating instance: googleapi: Error 400: Invalid value for field 'resource.machineType': 'projects/p1/zones/us-east4-b/machineTypes/a2-highgpu-1g'. Machine type with name 'a2-highgpu-1g' does not exist in zone 'us-east4-b'., invalid",
    'does not offer',
  ],
  [
    'QuotaExceeded',
    "Error waiting for instance to create: Quota 'NVIDIA_T4_GPUS' exceeded.  Limit: 0.0 in region us-central1.",
    'NVIDIA_T4_GPUS of the project p1 is used up: 0 in us-central1.',
    'quotas?project=p1',
  ],
  [
    'QuotaExceeded',
    "googleapi: Error 403: Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 1.0 globally., quotaExceeded",
    '1 in all regions',
  ],
  [
    'ApiDisabled',
    'Error creating Topic: googleapi: Error 403: Cloud Pub/Sub API has not been used in project 42 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/pubsub.googleapis.com/overview?project=42 then retry.',
    'pubsub.googleapis.com is not turned on',
    'gcloud services enable pubsub.googleapis.com --project p1',
  ],
  [
    'ApiDisabled',
    'Compute Engine API has not been used in project 42 before or it is disabled.',
    'compute.googleapis.com',
    'gcloud services enable compute.googleapis.com --project p1',
  ],
  [
    'BillingDisabled',
    'googleapi: Error 403: The billing account for the owning project is disabled in state absent, accountDisabled',
    'no billing account',
    'gcloud billing projects link p1',
  ],
  [
    'BillingDisabled',
    'This API method requires billing to be enabled. Please enable billing on project #p1 by visiting https://console.developers.google.com/billing/enable?project=p1 then retry.',
    'no billing account',
  ],
  [
    'PermissionDenied',
    "Error creating instance: googleapi: Error 403: Required 'compute.instances.create' permission for 'projects/p1/zones/z/instances/x', forbidden",
    'compute.instances.create',
    'doctor gcp',
  ],
  [
    'PermissionDenied',
    'worker@p1.iam.gserviceaccount.com does not have storage.buckets.create access to the Google Cloud project. Permission',
    'storage.buckets.create',
  ],
  [
    'PermissionPending',
    'Error applying IAM policy for storage bucket: googleapi: Error 400: Service account ty-abc@p1.iam.gserviceaccount.com does not exist., invalid',
    'new service account',
  ],
  [
    'PermissionPending',
    'Error applying IAM policy for pubsub topic: googleapi: Error 400: Service account service-42@gcp-sa-pubsub.iam.gserviceaccount.com does not exist., badRequest',
    'own Pub/Sub account',
    'gcloud beta services identity create --service=pubsub.googleapis.com --project p1',
  ],
  [
    'ImageMissing',
    "Error resolving image name 'projects/p1/global/images/family/trainyard-gpu': Could not find image or family trainyard-gpu",
    'trainyard-gpu',
  ],
  [
    'ImageMissing',
    "googleapi: Error 404: The resource 'projects/p1/global/images/family/trainyard-cpu' was not found, notFound",
    'trainyard-cpu',
  ],
  [
    'NameTaken',
    "Error creating instance: googleapi: Error 409: The resource 'projects/p1/zones/z/instances/ty-j-1' already exists, alreadyExists",
    'ty-j-1',
  ],
  [
    'NameTaken',
    'The requested bucket name is not available. The bucket namespace is shared by all users',
    'there already',
  ],
  ['RateLimited', 'googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded', 'too often'],
  [
    'RateLimited',
    "googleapi: Error 429: Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'compute.googleapis.com', rateLimitExceeded",
    'too often',
  ],
  ['StateLocked', 'Error acquiring the state lock: writing "gs://b/x/default.tflock" failed: 412', 'locked'],
  [
    'StateLocked',
    'Error: Error loading state: writing "gs://b/x/default.tflock" failed: googleapi: Error 412: conditionNotMet',
    'locked',
  ],
  [
    'PermissionDenied',
    'Error acquiring the state lock: writing "gs://b/x/default.tflock" failed: googleapi: Error 403: yard@p1.iam.gserviceaccount.com does not have storage.objects.create access to the Google Cloud Storage object., forbidden',
    'storage.objects.create',
    'doctor gcp',
  ],
  [
    'CredentialsMissing',
    'Error acquiring the state lock: googleapi: Error 401: Invalid Credentials, authError',
    'credentials',
  ],
  [
    'PermissionDenied',
    "Error creating instance: googleapi: Error 403: Required 'compute.images.useReadOnly' permission for 'projects/p1/global/images/trainyard-cpu-0123', forbidden",
    'compute.images.useReadOnly',
    'doctor gcp',
  ],
  [
    'CloudUnavailable',
    "googleapi: Error 400: Invalid value for field 'resource.disks[0].initializeParams.diskSizeGb': '10'. Requested disk size cannot be smaller than the image size (40 GB) of projects/p1/global/images/trainyard-cpu-0123, invalid",
    'disk size cannot be smaller',
  ],
  [
    'RateLimited',
    "Error applying IAM policy for pubsub topic: googleapi: Error 409: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The request's ETag does not match the current policy's ETag., aborted",
    'at the same time',
  ],
  ['ProviderCrashed', 'Error: The terraform-provider-google_v6.50.0_x5 plugin crashed!', 'crashed'],
  [
    'ProviderCrashed',
    'Plugin did not respond: The plugin encountered an error, and failed to respond to the plugin.(*GRPCProvider).ApplyResourceChange call.',
    'crashed',
  ],
  [
    'CredentialsMissing',
    'Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block. google: could not find default credentials.',
    'credentials',
    'gcloud auth application-default login --impersonate-service-account trainyard-yard@',
  ],
  ['CredentialsMissing', 'invalid_grant: Invalid JWT Signature.', 'credentials'],
  ['CloudUnavailable', 'googleapi: Error 503: Service Unavailable', 'Service Unavailable'],
  [
    'CloudUnavailable',
    'request to https://storage.googleapis.com/ failed, reason: getaddrinfo ENOTFOUND storage.googleapis.com',
    'Google could not be reached',
    './x doctor gcp',
  ],
];

describe('what Google and Terraform say', () => {
  test.each(messages.map(([type, message, says, hint = '']) => ({ type, message, says, hint })))(
    '$type: $message',
    ({ type, message, says, hint }) => {
      const failure = said(message);
      expect(failure).toBeInstanceOf(TrainyardError);
      expect(failure.type).toBe(type);
      expect(failure.message).toContain(says);
      expect(failure.hint ?? '').toContain(hint);
    },
  );

  test('is known by status and reason where the text says nothing', () => {
    expect(said('no', { status: 403, reason: 'SERVICE_DISABLED' }).type).toBe('ApiDisabled');
    expect(said('no', { status: 403, reason: 'rateLimitExceeded' }).type).toBe('RateLimited');
    expect(said('no', { status: 429 }).type).toBe('RateLimited');
    expect(said('no', { status: 409, reason: 'ABORTED' }).type).toBe('RateLimited');
    expect(said('no', { code: 403 }).type).toBe('PermissionDenied');
    expect(said('no', { status: 401 }).type).toBe('CredentialsMissing');
    expect(said('no', { reason: 'ZONE_RESOURCE_POOL_EXHAUSTED' }).type).toBe('NoCapacity');
    expect(said('fetch failed', { cause: { code: 'ECONNREFUSED' } }).message).toContain('ECONNREFUSED');
  });

  test('is always tried again: something may have to be taken down meanwhile', () => {
    for (const [type] of messages) expect(familyOf(type)).toBe('platform');
  });

  test('leaves ours as they are', () => {
    const ours = new TrainyardError('CreateRevoked', 'x');
    expect(failureOf(ours, 'p1')).toBe(ours);
  });
});
