import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Labels, MachineOrder } from '../../../infra/cloud.ts';
import { type MachinePlan, machineStack, runSeconds } from '../../../infra/gcp/terraform/machine-stack.ts';
import { signalsStack } from '../../../infra/gcp/terraform/signals-stack.ts';

const labels: Labels = { kind: 'job', id: randomUUID(), installationId: 'home', owner: 'ann' };
const order: MachineOrder = {
  kind: 'job',
  id: labels.id,
  attempt: 2,
  labels,
  type: 'e2-standard-4',
  spot: false,
  engine: 'sklearn',
  endsAtMs: 1_790_000_600_900,
  deadlineAtMs: 1_790_000_300_000,
};
const plan: MachinePlan = {
  order,
  project: 'p1',
  endpoint: '',
  nowMs: 1_790_000_000_000,
  zone: 'europe-west4-b',
  machineType: 'e2-standard-4',
  accelerator: null,
  hasGpu: false,
  disk: { type: 'pd-balanced', gib: 50 },
  image: 'trainyard-cpu',
  network: 'default',
  subnetwork: '',
  publicAddress: true,
  metadata: { 'trainyard-environment': '{}' },
};
/** What Terraform is given, to be looked into freely. */
type Json = Record<string, any>;
const machine = (change: Partial<MachinePlan> = {}): Json => JSON.parse(machineStack({ ...plan, ...change }).json);
const instance = (change?: Partial<MachinePlan>): Json => machine(change)['resource'].google_compute_instance.machine;

describe('the machine stack', () => {
  test('is the same bytes for the same order', () => {
    expect(machineStack(plan).json).toBe(machineStack(plan).json);
  });

  test('leaves nothing behind, in the working folder or in the one for temporary files', () => {
    const temporary = mkdtempSync(join(tmpdir(), 'synth-test-'));
    const working = mkdtempSync(join(tmpdir(), 'synth-test-'));
    const stack = join(import.meta.dirname, '../../../infra/gcp/terraform/machine-stack.ts');
    const program = `const { machineStack } = await import(${JSON.stringify(stack)}); machineStack(${JSON.stringify(plan)});`;
    try {
      // In a process of its own: where temporary files lie is read once, and not from what Jest shows as the environment.
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        cwd: working,
        env: { ...process.env, TMPDIR: temporary },
      });
      expect(readdirSync(working)).toEqual([]);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      for (const folder of [temporary, working]) rmSync(folder, { recursive: true });
    }
  });

  test('has its own end in it, with everything that belongs to it', () => {
    expect(instance()).toMatchObject({
      zone: 'europe-west4-b',
      boot_disk: { auto_delete: true },
      deletion_protection: false,
      scheduling: {
        automatic_restart: false,
        instance_termination_action: 'DELETE',
        max_run_duration: { seconds: 600 },
        provisioning_model: 'STANDARD',
        preemptible: false,
        on_host_maintenance: 'MIGRATE',
      },
    });
    expect(instance()['labels']).toEqual(instance()['boot_disk'].initialize_params.labels);
  });

  test('lets nobody in unless it was asked for; then whoever has a role for it', () => {
    const metadata = instance()['metadata'];
    expect(metadata).toMatchObject({ 'enable-oslogin': 'FALSE', 'block-project-ssh-keys': 'TRUE' });
    const open = instance({ order: { ...order, ssh: true } })['metadata'];
    expect(open).toMatchObject({ 'enable-oslogin': 'TRUE' });
    expect(open).not.toHaveProperty('block-project-ssh-keys');
  });

  test('never runs longer than was decided, as far as Google can keep to it', () => {
    expect(runSeconds({ endsAtMs: 100_999 }, 0)).toBe(100);
    expect(runSeconds({ endsAtMs: 1000 }, 0)).toBe(30);
    expect(runSeconds({ endsAtMs: 1e15 }, 0)).toBe(120 * 86_400);
  });

  test('as spot it is deleted when it is taken back', () => {
    const { scheduling } = instance({ order: { ...order, spot: true } });
    expect(scheduling).toMatchObject({
      provisioning_model: 'SPOT',
      preemptible: true,
      on_host_maintenance: 'TERMINATE',
    });
  });

  test('gets its GPUs only where they are put into it', () => {
    expect(instance()['guest_accelerator']).toBeUndefined();
    const withGpu = instance({ hasGpu: true, accelerator: { type: 'nvidia-tesla-t4', count: 2 } });
    expect(withGpu['guest_accelerator']).toEqual([{ type: 'nvidia-tesla-t4', count: 2 }]);
    expect(withGpu['scheduling'].on_host_maintenance).toBe('TERMINATE');
  });

  test('has no address of its own where none is wanted', () => {
    expect(instance()['network_interface']).toEqual([{ network: 'default', access_config: [{}] }]);
    const hidden = instance({ publicAddress: false, subnetwork: 'regions/r/subnetworks/s' });
    expect(hidden['network_interface']).toEqual([{ subnetwork: 'regions/r/subnetworks/s' }]);
  });

  test('may remove itself, and nothing else', () => {
    const { google_compute_instance_iam_member: members } = machine()['resource'];
    expect(Object.values(members)).toEqual([
      expect.objectContaining({
        instance_name: '${google_compute_instance.machine.name}',
        role: 'projects/p1/roles/trainyardMachine',
        member: expect.stringMatching(/^serviceAccount:ty-[0-9a-f]{24}@p1\.iam\.gserviceaccount\.com$/),
      }),
    ]);
    expect(Object.keys(machine()['resource'])).toHaveLength(2);
  });

  test('keeps its state in the bucket, where no object of the job is, and holds no credentials', () => {
    expect(machine()['terraform'].backend.gcs).toEqual({
      bucket: `ty-j-${labels.id}`,
      prefix: '.trainyard/terraform/machine-2',
    });
    expect(machineStack(plan).json).not.toMatch(/access_token|credentials|private_key/);
  });

  test('asks another endpoint for everything, state included', () => {
    const there = machine({ endpoint: 'http://127.0.0.1:1' });
    expect(there['terraform'].backend.gcs.storage_custom_endpoint).toBe('http://127.0.0.1:1/storage/v1/');
    expect(there['provider'].google[0]).toMatchObject({ compute_custom_endpoint: 'http://127.0.0.1:1/compute/v1/' });
    expect(JSON.stringify(machine())).not.toContain('_custom_endpoint');
  });
});

describe('the signals stack', () => {
  const { resource, terraform } = JSON.parse(
    signalsStack({ labels, project: 'p1', endpoint: '', projectNumber: '42' }).json,
  ) as Json;

  test('keeps order, keeps what nobody read, and never goes by itself', () => {
    expect(Object.values(resource.google_pubsub_subscription)).toEqual([
      expect.objectContaining({
        enable_message_ordering: true,
        expiration_policy: { ttl: '' },
        message_retention_duration: '604800s',
        dead_letter_policy: { dead_letter_topic: '${google_pubsub_topic.dead.id}', max_delivery_attempts: 100 },
      }),
      expect.objectContaining({
        topic: '${google_pubsub_topic.dead.id}',
        expiration_policy: { ttl: '' },
        message_retention_duration: '604800s',
      }),
    ]);
    // What a topic itself keeps is billed from the first minute on, and nobody reads it.
    for (const topic of Object.values(resource.google_pubsub_topic)) {
      expect(topic).not.toHaveProperty('message_retention_duration');
    }
  });

  test('gives the machine its bucket and its topic, and nothing of the project', () => {
    const kinds = Object.keys(resource).toSorted();
    expect(kinds).toEqual([
      'google_pubsub_subscription',
      'google_pubsub_subscription_iam_member',
      'google_pubsub_topic',
      'google_pubsub_topic_iam_member',
      'google_service_account',
      'google_storage_bucket_iam_member',
    ]);
    expect(resource.google_storage_bucket_iam_member.keeps).toMatchObject({
      bucket: `ty-j-${labels.id}`,
      role: 'roles/storage.objectAdmin',
      condition: { expression: expect.stringContaining('/objects/.trainyard/') },
    });
    expect(resource.google_pubsub_topic_iam_member.speaks).toMatchObject({ role: 'roles/pubsub.publisher' });
  });

  test('lets Google’s own account carry dead letters', () => {
    const carrier = 'serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com';
    expect(resource.google_pubsub_topic_iam_member['dead-letters'].member).toBe(carrier);
    expect(resource.google_pubsub_subscription_iam_member['dead-letters-taken'].member).toBe(carrier);
  });

  test('has a state of its own', () => {
    expect(terraform.backend.gcs.prefix).toBe('.trainyard/terraform/signals');
  });
});
