import { App, type TerraformStack } from 'cdktf';
import { GcsBackend } from 'cdktf';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider/index.js';
import type { Construct } from 'constructs';
import { ownPrefix } from '../names.ts';

/** Where the APIs are; '' is Google's own. */
export interface StackPlace {
  project: string;
  endpoint: string;
}

/** One stack of one holder, as Terraform takes it. */
export interface Synthesised {
  /** Names its state in the bucket, and its lock. */
  stack: string;
  bucket: string;
  json: string;
}

/** Where a stack keeps its state in the job's bucket. */
export function statePrefix(stack: string): string {
  return `${ownPrefix}terraform/${stack}`;
}

/** In process and without a file: the same input gives the same bytes. */
export function synthesise(
  stack: string,
  bucket: string,
  place: StackPlace,
  fill: (app: App) => TerraformStack,
): Synthesised {
  const built = fill(new App({ skipValidation: true }));
  addProvider(built, place);
  new GcsBackend(built, {
    bucket,
    prefix: statePrefix(stack),
    ...(place.endpoint && { storageCustomEndpoint: `${place.endpoint}/storage/v1/` }),
  });
  return { stack, bucket, json: JSON.stringify(built.toTerraform()) };
}

/** Credentials are what the environment says, never a part of what is synthesised. */
function addProvider(stack: Construct, { project, endpoint }: StackPlace): void {
  new GoogleProvider(stack, 'google', {
    project,
    addTerraformAttributionLabel: false,
    // The provider would wait three seconds for others to send along, and a stack has one of each.
    batching: [{ enableBatching: false }],
    ...(endpoint && {
      computeCustomEndpoint: `${endpoint}/compute/v1/`,
      storageCustomEndpoint: `${endpoint}/storage/v1/`,
      pubsubCustomEndpoint: `${endpoint}/v1/`,
      iamCustomEndpoint: `${endpoint}/v1/`,
      resourceManagerCustomEndpoint: `${endpoint}/v1/`,
      cloudResourceManagerCustomEndpoint: `${endpoint}/v1/`,
      serviceUsageCustomEndpoint: `${endpoint}/v1/`,
    }),
  });
}
