import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckGcp, GcpCheckOptions, GcpFinding } from '../../infra/gcp-checks.ts';
import { terraformProgram, terraformVersion } from '../../infra/terraform-program.ts';
import { trainerHash } from '../../infra/trainer-image.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import { root } from '../run-script.ts';
import { terraformAt } from '../terraform/bring-terraform.ts';

const house = join(root, 'infra/gcp');
/** What any registry answers, Terraform's and OpenTofu's. */
const asked = '.well-known/terraform.json';
const registryMs = 8_000;

/** Whether a job could start on Google Cloud: what is needed on this machine, then what is needed there. */
export async function gcpFindings(settings: Settings): Promise<GcpFinding[]> {
  const project: GcpFinding = {
    state: 'bad',
    name: 'Project',
    detail: 'gcpProject is not set, so Google Cloud is not offered: write it into trainyard.yaml',
    mend: 'echo "gcpProject: <PROJECT>" >> trainyard.yaml',
  };
  const packages = packagesThere();
  const here = [terraform(settings), provider(settings), Promise.resolve(packages)];
  const ready = settings.gcpProject !== '' && packages.state === 'good';
  const there = ready ? thereIn(settings) : Promise.resolve(settings.gcpProject === '' ? [project] : []);
  return (await Promise.all([...here, there])).flat();
}

async function thereIn(settings: Settings): Promise<GcpFinding[]> {
  const trainerFolder = trainerFolderOf(settings);
  const options: GcpCheckOptions = {
    project: settings.gcpProject,
    zones: settings.gcpZones,
    network: settings.gcpNetwork,
    subnetwork: settings.gcpSubnetwork,
    publicAddress: settings.gcpPublicAddress,
    image: settings.gcpImage,
    setUpAtBoot: settings.gcpSetUpAtBoot,
    machineTypes: settings.gcpMachineTypes,
    endpoint: settings.gcpEndpoint,
    trainerHash: await trainerHash(trainerFolder),
    trainerFolder,
  };
  // By its address: what Google Cloud needs is an install of its own, and nothing may stand on it (docs/adr/0014).
  const { checkGcp }: { checkGcp: CheckGcp } = await import(join(house, 'doctor/check-gcp.ts'));
  return checkGcp(options);
}

function packagesThere(): GcpFinding {
  const name = 'Packages';
  const missing = [
    'cdktf',
    '@cdktf/provider-google',
    '@google-cloud/storage',
    '@google-cloud/pubsub',
    'google-auth-library',
  ].filter((one) => !existsSync(join(house, 'node_modules', one, 'package.json')));
  return missing.length === 0
    ? { state: 'good', name, detail: 'those for Google Cloud are installed' }
    : { state: 'bad', name, detail: `not installed: ${missing.join(', ')}`, mend: './x install gcp' };
}

async function terraform({ gcpTerraform, cacheFolder }: Settings): Promise<GcpFinding> {
  const name = 'Terraform';
  const program = terraformProgram(gcpTerraform, cacheFolder);
  const found = await terraformAt(program);
  if (found) return { state: 'good', name, detail: `${found.name} ${found.version} (${program})` };
  if (gcpTerraform !== '') {
    return {
      state: 'bad',
      name,
      detail: `gcpTerraform is "${gcpTerraform}": no Terraform 1.5 or newer, and no OpenTofu`,
    };
  }
  const detail = `not here, or older than 1.5; this brings the release ${terraformVersion}, checked by its checksum`;
  return { state: 'bad', name, detail, mend: './x gcp terraform' };
}

/** Of infra/gcp/terraform/provider-folder.ts, which is imported only here: it belongs to an installation of its own. */
interface ProviderFolders {
  providerVersion: string;
  providerPlace(source: { cacheFolder: string; program: string; mirror: string }): string;
}

/** Terraform's own plugin for Google: in the mirror of the settings, in the cache, or to be fetched. */
async function provider({ cacheFolder, gcpTerraform, gcpProviderMirror: mirror }: Settings): Promise<GcpFinding> {
  const name = 'Provider';
  const folders: ProviderFolders = await import(join(house, 'terraform/provider-folder.ts'));
  const { providerVersion, providerPlace } = folders;
  const program = terraformProgram(gcpTerraform, cacheFolder);
  const isTofu = (await terraformAt(program))?.name === 'OpenTofu';
  const registry = isTofu ? 'registry.opentofu.org' : 'registry.terraform.io';
  const wanted = `{"terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": "${providerVersion}"}}}}`;
  const fill = (folder: string) =>
    `mkdir -p ${folder} && cd ${folder} && echo '${wanted}' > main.tf.json && ${isTofu ? 'tofu' : 'terraform'} providers mirror .`;
  if (mirror !== '') {
    const place = join(mirror, registry, 'hashicorp/google');
    const files = existsSync(place) ? readdirSync(place, { recursive: true, encoding: 'utf8' }) : [];
    return files.some((file) => file.includes(providerVersion))
      ? { state: 'good', name, detail: `hashicorp/google ${providerVersion} in the mirror ${mirror}` }
      : { state: 'bad', name, detail: `gcpProviderMirror holds no ${providerVersion} in ${place}`, mend: fill(mirror) };
  }
  const cached = providerPlace({ cacheFolder, program, mirror });
  if (existsSync(cached)) return { state: 'good', name, detail: `hashicorp/google ${providerVersion} in ${cached}` };
  try {
    const answer = await fetch(`https://${registry}/${asked}`, { signal: AbortSignal.timeout(registryMs) });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    const detail = `hashicorp/google ${providerVersion} is not here yet; the first job fetches it from ${registry}`;
    return { state: 'later', name, detail };
  } catch {
    const detail = `hashicorp/google ${providerVersion} is not here, and ${registry} cannot be reached: fill a folder where it can be, and name it in gcpProviderMirror`;
    return { state: 'bad', name, detail, mend: fill('terraform-mirror') };
  }
}
