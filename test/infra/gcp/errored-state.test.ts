import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { bucketNameOf } from '../../../domain/ids.ts';
import type { Labels } from '../../../infra/cloud.ts';
import { Terraform } from '../../../infra/gcp/terraform/run-terraform.ts';
import { signalsStack } from '../../../infra/gcp/terraform/signals-stack.ts';
import { belowHouse, type GcpHouse, openGcpHouse } from './gcp-house.ts';
import { whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(240_000);

suite('a state that Terraform could not write to the bucket', () => {
  let house: GcpHouse;
  beforeAll(async () => {
    house = await openGcpHouse();
  });
  afterAll(() => house.close());

  test('is written before anything else is done, so that nothing is made twice and all of it is destroyed', async () => {
    const { options, simulation, cloud } = house;
    const { project, endpoint, installationId } = options;
    const labels: Labels = { kind: 'job', id: randomUUID(), installationId, owner: 'owner' };
    await cloud.createBucket(labels);
    const { buckets } = belowHouse(house);
    const terraform = new Terraform({ ...options, program: options.terraform, atOnce: 1 });
    const stack = signalsStack({ labels, project, endpoint, projectNumber: '0' });
    const said: string[] = [];
    let whenItWorks: (() => void) | undefined;
    const run = {
      bucket: buckets.bucket(labels),
      say: (sentence: string) => {
        said.push(sentence);
        if (!/^(?:Making|Removing) the subscription/.test(sentence)) return;
        whenItWorks?.();
        // Once, of however many subscriptions.
        whenItWorks = undefined;
      },
      signal: new AbortController().signal,
    };
    const errored = join(options.dataFolder, 'terraform', bucketNameOf(labels), stack.stack, 'errored.tfstate');
    const made = async () => {
      const audit = await simulation.audit();
      return audit.filter(({ act, kind, name }) => act === 'created' && kind === 'topic' && name.includes(labels.id));
    };
    const stateIsRefused = () =>
      simulation.admin.error({ method: 'POST', query: 'name=[^&]*default\\.tfstate', status: 403, times: 1 });

    // Not before: it writes an empty one first, to see whether it may.
    whenItWorks = () => void stateIsRefused();
    await expect(terraform.apply(stack, run)).rejects.toThrow();
    expect(await made()).toHaveLength(2);
    expect(existsSync(errored)).toBe(true);

    // Nor is it applied over when it still cannot be written.
    await stateIsRefused();
    await expect(terraform.apply(stack, run)).rejects.toThrow();
    expect(existsSync(errored)).toBe(true);

    await terraform.apply(stack, run);
    expect(said).toContain('Terraform could not write its state to the bucket; it is written now.');
    expect(await made()).toHaveLength(2);

    whenItWorks = () => void stateIsRefused();
    await expect(terraform.destroy(stack, run)).rejects.toThrow();
    expect(existsSync(errored)).toBe(true);
    await terraform.destroy(stack, run);
    await cloud.removeBucket(labels);
    expect((await simulation.leftOvers()).filter(({ kind }) => kind !== 'role')).toEqual([]);
  });
});
