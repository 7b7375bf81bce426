import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { jest } from '@jest/globals';
import { giveLockFile, prepareProviders, type Providers } from '../../../infra/gcp/terraform/provider-folder.ts';
import { runProgram } from '../../../tools/run-program.ts';
import { terraformProgram } from '../../cloud-sim/gcp/google-provider.ts';
import { provider, whyNoTerraform } from './provider.ts';

const why = await whyNoTerraform();
const suite = why === undefined ? describe : describe.skip;
jest.setTimeout(120_000);

suite('the provider, brought once for every run of Terraform', () => {
  let folder: string;
  let mirror: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-provider-'));
    ({ mirror } = await provider());
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const terraform = async (args: string[], cwd: string, environment: Record<string, string>): Promise<void> => {
    const env = { ...process.env, ...environment, CHECKPOINT_DISABLE: '1' };
    const { code, output } = await runProgram(terraformProgram, args, { cwd, env, timeoutMs: 60_000 });
    if (code !== 0) throw new Error(output);
  };
  const prepare = (from: string): Promise<Providers> =>
    prepareProviders({ cacheFolder: folder, program: terraformProgram, mirror: from }, terraform);
  const initialise = async (providers: Providers): Promise<void> => {
    const stack = await mkdtemp(join(folder, 'stack-'));
    const required = { google: { source: 'google', version: '6.50.0' } };
    await writeFile(join(stack, 'main.tf.json'), JSON.stringify({ terraform: { required_providers: required } }));
    await giveLockFile(providers, stack);
    await terraform(['init', '-input=false', '-no-color'], stack, { TF_CLI_CONFIG_FILE: providers.configFile });
  };

  test('is the same for all who bring it at once, and nothing is left of those who came second', async () => {
    const prepared = await Promise.all(Array.from({ length: 4 }, () => prepare(mirror)));
    expect(new Set(prepared.map(({ lockFile }) => lockFile)).size).toBe(1);
    expect(await readdir(join(folder, 'terraform'))).toHaveLength(1);
    await Promise.all(prepared.map((each) => initialise(each)));
  });

  test('is not mistaken for that of another mirror, with the same cache', async () => {
    const other = join(folder, 'other-mirror');
    await cp(mirror, other, { recursive: true, dereference: true });
    // The same program with another checksum, as another build of it is.
    const files = await readdir(other, { recursive: true });
    const binaries = files.filter((name) => basename(name).startsWith('terraform-provider-google_'));
    for (const name of binaries) await appendFile(join(other, name), ' ');

    const [first, second] = [await prepare(mirror), await prepare(other)];
    await initialise(second);
    await initialise(first);
    expect(await readFile(first.lockFile, 'utf8')).not.toBe(await readFile(second.lockFile, 'utf8'));
  });
});
