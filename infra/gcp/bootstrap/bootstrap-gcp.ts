import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TrainyardError } from '../../../domain/failures.ts';
import type { BootstrapGcp, GcpBootstrapOptions } from '../../gcp-bootstrap.ts';
import { latestPrices } from '../catalogue.ts';
import { failureOf } from '../errors.ts';
import { GoogleApi } from '../google-api.ts';
import { openAuth } from '../google-auth.ts';
import { masked } from '../terraform/progress.ts';
import { giveLockFile, prepareProviders } from '../terraform/provider-folder.ts';
import { alreadyThere } from './already-there.ts';
import { projectStack } from './project-stack.ts';
import { StateBucket } from './state-bucket.ts';

/** Prepares a project, by the real Terraform; as often as one likes, since it only makes what is not there. */
export const bootstrapGcp: BootstrapGcp = async (options) => {
  const { project, endpoint, act, region, say } = options;
  if (!latestPrices().regions[region]) {
    const known = Object.keys(latestPrices().regions).join(', ');
    throw new TrainyardError('BadSettings', `The price list has no region “${region}”.`, `It has ${known}.`);
  }
  const auth = openAuth(endpoint);
  const bucket = new StateBucket(auth, project, endpoint);
  const destroys = act === 'destroy' || act === 'plan-destroy';
  const there = act === 'apply' ? !(await bucket.make(region)) : await bucket.isThere();
  if (act === 'apply' && !there) say(`Made the bucket ${bucket.name}: what Terraform knows of this project is in it.`);
  if (destroys && !there) {
    say(`There is no bucket ${bucket.name}, so ./x gcp bootstrap has made nothing here, or has taken it away already.`);
    return;
  }
  const keepsState = there || act === 'apply';
  const api = new GoogleApi(auth, project, endpoint);
  const taken = destroys ? [] : await alreadyThere(api, options);
  const stack = projectStack({ ...options, bucket: bucket.name });
  const folder = await mkdtemp(join(tmpdir(), 'ty-bootstrap-'));
  try {
    await writeFile(join(folder, 'main.tf.json'), withImports(stack.json, taken, keepsState));
    const go = await terraformIn(folder, options);
    await go(['init', '-input=false', '-no-color'], false);
    const plan = ['plan', '-input=false', '-no-color', '-out=plan', ...(destroys ? ['-destroy'] : [])];
    await go(plan, true);
    if (act === 'plan' || act === 'plan-destroy') return;
    await go(['apply', '-input=false', '-no-color', 'plan'], true);
    // Google makes it only when it is first needed, and nobody can be given a role before they are there.
    if (act === 'apply') await api.post('identities', pubsubIdentity(project), {});
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (act === 'destroy') {
    await bucket.remove();
    say(`Removed the bucket ${bucket.name}. The APIs are left as they are.`);
  }
};

/** Google's own account that carries dead letters; asked for again, it is the same. The provider has this only in its beta. */
function pubsubIdentity(project: string): string {
  return `projects/${project}/services/pubsub.googleapis.com:generateServiceIdentity`;
}

/** Without the bucket there is no state to compare with: everything is planned as new. */
function withImports(json: string, taken: { to: string; id: string }[], keepsState: boolean): string {
  const content = JSON.parse(json) as { terraform?: { backend?: unknown } };
  if (!keepsState) delete content.terraform?.backend;
  return JSON.stringify({ ...content, ...(taken.length > 0 && { import: taken }) });
}

type Go = (args: string[], aloud: boolean) => Promise<void>;

async function terraformIn(folder: string, options: GcpBootstrapOptions): Promise<Go> {
  const { terraform, cacheFolder, providerMirror, project, say } = options;
  const run = async (args: string[], at: string, environment: Record<string, string>, aloud: boolean) => {
    const child = spawn(terraform, args, {
      cwd: at,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' },
    });
    const said: string[] = [];
    const hear = (line: string) => {
      said.push(masked(line));
      if (aloud) say(masked(line));
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', hear);
    const [code] = await once(child, 'close').catch((error: unknown) => {
      const hint = 'Run: ./x gcp terraform; or name it with TRAINYARD_GCP_TERRAFORM.';
      throw new TrainyardError(
        'CloudUnavailable',
        `Terraform could not be run as “${terraform}”: ${String(error)}.`,
        hint,
      );
    });
    if (code !== 0) throw failureOf(reasonIn(said), project);
  };
  const source = { cacheFolder, program: terraform, mirror: providerMirror };
  const providers = await prepareProviders(source, (args, at, environment) => run(args, at, environment, false));
  await giveLockFile(providers, folder);
  return (args, aloud) => run(args, folder, { TF_CLI_CONFIG_FILE: providers.configFile }, aloud);
}

/** From the first error on, without the frame that Terraform draws around it. */
function reasonIn(said: readonly string[]): string {
  const from = said.findIndex((line) => line.includes('Error:'));
  return said
    .slice(Math.max(0, from < 0 ? said.length - 12 : from))
    .map((line) => line.replace(/^[│╷╵]\s?/, ''))
    .filter((line) => line.trim() !== '')
    .join('\n');
}
