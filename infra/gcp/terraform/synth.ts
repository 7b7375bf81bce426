import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, GcsBackend, type TerraformStack } from 'cdktf';
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

/** In process: the same input gives the same bytes. */
export function synthesise(
  stack: string,
  bucket: string,
  place: StackPlace,
  fill: (app: App) => TerraformStack,
): Synthesised {
  const built = fill(emptyApp());
  addProvider(built, place);
  new GcsBackend(built, {
    bucket,
    prefix: statePrefix(stack),
    ...(place.endpoint && { storageCustomEndpoint: `${place.endpoint}/storage/v1/` }),
  });
  return { stack, bucket, json: JSON.stringify(built.toTerraform()) };
}

/**
 * It makes a folder when it is made, in the working folder unless told, and we write nothing into it: that may be a
 * folder that we may not write, as in a container.
 */
function emptyApp(): App {
  const outdir = mkdtempSync(join(tmpdir(), 'trainyard-synth-'));
  try {
    return new App({ skipValidation: true, outdir });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
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
