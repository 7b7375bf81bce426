import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BootstrapGcp, GcpBootstrapOptions, RequireSignedIn } from '../infra/gcp-bootstrap.ts';
import { loadSettings, type Settings } from '../settings/settings.ts';
import { Problem, runCommand } from './problem.ts';
import { openProgress } from './progress.ts';
import { root } from './run-script.ts';
import { bringTerraform, terraformAt } from './terraform/bring-terraform.ts';

const usage = `./x gcp bootstrap --project P --region R           what would be made in a new project, once
./x gcp bootstrap --project P --region R --apply   makes it; --ssh lets you come to machines through Google's own door
./x gcp bootstrap --destroy …                      what would be taken away again; with --apply it is
./x gcp terraform                                  brings Terraform where there is none
docs/gcp.md goes from an empty project to the first model.`;

/** As Google has it for the ids of projects. */
const projectForm = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

await runCommand(async () => {
  const [what, ...args] = process.argv.slice(2);
  if (what === undefined || [what, ...args].some((each) => each === '--help' || each === '-h')) {
    console.log(usage);
    return 0;
  }
  const settings = loadSettings(process.env, root);
  if (what === 'bootstrap') return bootstrap(settings, args);
  if (what === 'terraform' && args.length === 0) {
    const program = await terraform(settings);
    const found = await terraformAt(program);
    console.log(`${found?.name ?? 'Terraform'} ${found?.version ?? ''} (${program})`);
    return 0;
  }
  throw new Problem(`./x gcp does not know "${[what, ...args].join(' ')}".\n${usage}`);
});

function terraform({ gcpTerraform: given, cacheFolder, pythonPath }: Settings): Promise<string> {
  return bringTerraform({ given, cacheFolder, pythonPath }, openProgress());
}

async function bootstrap(settings: Settings, args: string[]): Promise<number> {
  const told = optionsIn(args);
  const project = told.project ?? settings.gcpProject;
  if (project === '') throw new Problem(`Which project? --project P, or the setting gcpProject.\n${usage}`);
  if (!projectForm.test(project))
    throw new Problem(
      `“${project}” is no id of a project: 6 to 30 small letters, digits and “-”, a letter first. Its id is not its name; see: gcloud projects list`,
    );
  const region = told.region ?? regionOf(settings.gcpZones[0] ?? '');
  const house = join(root, 'infra/gcp/bootstrap');
  const { requireSignedIn }: { requireSignedIn: RequireSignedIn } = await import(join(house, 'require-signed-in.ts'));
  await requireSignedIn(project, settings.gcpEndpoint);
  const options: GcpBootstrapOptions = {
    project,
    region,
    ssh: told.ssh,
    act: told.destroy ? (told.apply ? 'destroy' : 'plan-destroy') : told.apply ? 'apply' : 'plan',
    terraform: await terraform(settings),
    providerMirror: settings.gcpProviderMirror,
    cacheFolder: settings.cacheFolder,
    endpoint: settings.gcpEndpoint,
    say: (line) => console.log(line),
  };
  // Ctrl-C goes to Terraform too, which writes down what it did before it ends; then we do.
  process.on('SIGINT', () => {});
  const { bootstrapGcp }: { bootstrapGcp: BootstrapGcp } = await import(join(house, 'bootstrap-gcp.ts'));
  await bootstrapGcp(options);
  console.log(`\n${after(options)}`);
  return 0;
}

function optionsIn(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        project: { type: 'string' },
        region: { type: 'string' },
        apply: { type: 'boolean', default: false },
        destroy: { type: 'boolean', default: false },
        ssh: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${usage}`);
  }
}

function regionOf(zone: string): string {
  return zone.slice(0, zone.lastIndexOf('-'));
}

function after({ act, project, region }: GcpBootstrapOptions): string {
  if (act === 'plan') return 'Nothing was made. The same with --apply makes it.';
  if (act === 'plan-destroy') return 'Nothing was taken away. The same with --apply takes it away.';
  if (act === 'destroy')
    return `${project} is as it was before, but for its APIs, machine images and what jobs have left: ./x trainyard orphans.`;
  return `${project} is ready. Write into trainyard.yaml, with zones of ${region} in the order that you like:

  gcpProject: ${project}
  gcpZones: [${region}-b, ${region}-c]
  gcpNetwork: trainyard
  gcpSubnetwork: regions/${region}/subnetworks/trainyard
  gcpPublicAddress: no

Then sign in as trainyard-yard@${project}.iam.gserviceaccount.com (docs/gcp.md, "Signing in"), and ask: ./x doctor gcp`;
}
