import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuth } from '../infra/gcp/google-auth.ts';
import { type GoogleProvider, terraformProgram } from '../test/cloud-sim/gcp/google-provider.ts';
import type { GcpSimulation } from '../test/cloud-sim/gcp/start-gcp-simulation.ts';
import { runProgram } from '../tools/run-program.ts';

export interface PlainOptions {
  google: GcpSimulation;
  provider: GoogleProvider;
  bucket: string;
  /** In this order, each as the product told Terraform. */
  stacks: readonly { stack: string; json: string }[];
  folder: string;
}

const patienceMs = 120_000;

/** The same stacks as a person would apply them by hand: how long until the machine is asked for. It is left there. */
export async function plainTerraform(options: PlainOptions): Promise<number> {
  const { google, provider, bucket, folder } = options;
  // As somebody else's: the product would take away what it finds of a job that is over.
  const own = /"trainyard-installation":"([^"]+)"/.exec(options.stacks[0]?.json ?? '')?.[1] ?? '';
  const stacks = options.stacks.map(({ stack, json }) => ({ stack, json: json.replaceAll(own, 'by-hand') }));
  const { endpoint, project } = google;
  const token = await openAuth(endpoint).getAccessToken();
  const post = (path: string, body: object) =>
    fetch(`${endpoint}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  // What there must be before: where the state lies, and the account, after which the provider would sleep.
  await post(`/storage/v1/b?project=${project}`, { name: bucket });
  const accountId = /"account_id":"([^"]+)"/.exec(stacks.map(({ json }) => json).join())?.[1];
  await post(`/v1/projects/${project}/serviceAccounts`, { accountId, serviceAccount: {} });

  const fromMs = Date.now();
  const asked = async () => {
    for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(200)) {
      const requests = await google.admin.ask('requests', { sinceMs: fromMs });
      const insert = requests.find(({ method, path }) => method === 'POST' && /\/instances(\?|$)/.test(path));
      if (insert) return insert.fromMs - fromMs;
    }
    throw new Error('By the plain command line no machine was asked for.');
  };
  let machine: Promise<void> | undefined;
  for (const { stack, json } of stacks) {
    const cwd = join(folder, stack);
    await mkdir(cwd, { recursive: true });
    await writeFile(join(cwd, 'main.tf.json'), json);
    const run = async (...args: string[]) => {
      const env = { ...process.env, TF_CLI_CONFIG_FILE: provider.cliConfig, CHECKPOINT_DISABLE: '1' };
      const { code, output } = await runProgram(terraformProgram, args, { cwd, env, timeoutMs: 120_000 });
      if (code !== 0) throw new Error(output);
    };
    await run('init', '-input=false');
    const applied = run('apply', '-input=false', '-auto-approve');
    if (stack === 'signals') await applied;
    // Until it is asked for is what counts: how it ends is of no matter here.
    else machine = applied.catch(() => {});
  }
  const askedMs = await asked();
  // But it is over before anything else is measured: what it makes is none of the next jobs' things.
  await machine;
  return askedMs;
}
