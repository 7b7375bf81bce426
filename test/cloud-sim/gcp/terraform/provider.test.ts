import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ran, runProgram } from '../../../../tools/run-program.ts';
import { describeSimulated } from '../describe-simulated.ts';
import { openSimulationForTest, type SimulationForTest } from '../open-simulation-for-test.ts';
import { findProvider, mirrored } from './find-provider.ts';

const found = await findProvider();

describeSimulated('the real Terraform, with the real provider', () => {
  if (typeof found === 'string') {
    test.skip(`applies and destroys against the simulation (${found})`, () => {});
    return;
  }
  let open: SimulationForTest;
  let folder: string;
  const mirror = process.env['TRAINYARD_GCP_PROVIDER_MIRROR'];
  const terraform = (...args: string[]): Promise<Ran> =>
    runProgram('terraform', [...args, '-no-color'], {
      cwd: folder,
      env: {
        ...process.env,
        ...found.environment,
        ...(mirror && { TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc') }),
        GOOGLE_APPLICATION_CREDENTIALS: open.sim.keyFile,
        TF_VAR_endpoint: open.sim.endpoint,
      },
    });
  const apply = (...more: string[]) => terraform('apply', '-auto-approve', '-input=false', ...more);
  const left = async () => (await open.sim.leftOvers()).map(({ kind, name }) => `${kind} ${name}`);

  beforeAll(async () => {
    open = await openSimulationForTest('exec sleep 600', { delays: { answerMs: 2_000 } });
    folder = await mkdtemp(join(tmpdir(), 'trainyard-terraform-'));
    await copyFile(join(import.meta.dirname, 'main.tf'), join(folder, 'main.tf'));
    if (mirror) await writeFile(join(folder, 'terraform.rc'), mirrored(mirror));
    await open.ask('POST', '/storage/v1/b', { name: 'ty-j-tf' });
    const backend = {
      bucket: 'ty-j-tf',
      prefix: 'terraform',
      storage_custom_endpoint: `${open.sim.endpoint}/storage/v1/`,
    };
    const told = Object.entries(backend).map(([key, value]) => `-backend-config=${key}=${value}`);
    const { code, output } = await terraform('init', '-input=false', ...told);
    if (code !== 0) throw new Error(output);
  }, 120_000);
  afterAll(async () => {
    await open.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('makes everything, finds nothing to change, survives no capacity, and takes everything away', async () => {
    await open.sim.admin.noCapacity({});
    const refused = await apply();
    expect(refused.code).toBe(1);
    // The provider tells the message of an operation's error, and keeps its code to itself.
    expect(refused.output).toContain('does not have enough resources available');
    expect(await left()).not.toContainEqual(expect.stringMatching(/^instance /));

    const made = await apply();
    expect({ code: made.code, output: made.output }).toMatchObject({ code: 0 });
    expect(await left()).toEqual(
      expect.arrayContaining([
        'instance projects/trainyard-sim/zones/us-central1-a/instances/ty-j-tf-1',
        'disk projects/trainyard-sim/zones/us-central1-a/disks/ty-j-tf-1',
        'subscription projects/trainyard-sim/subscriptions/ty-j-tf',
      ]),
    );
    await open.sim.restart();
    const planned = await terraform('plan', '-detailed-exitcode', '-input=false');
    expect({ code: planned.code, output: planned.output }).toMatchObject({ code: 0 });

    const gone = await terraform('destroy', '-auto-approve', '-input=false');
    expect({ code: gone.code, output: gone.output }).toMatchObject({ code: 0 });
    expect(await left()).toEqual(['bucket ty-j-tf']);
  }, 180_000);
});
