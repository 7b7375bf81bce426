import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  cachedTerraformPath,
  terraformProgram,
  terraformVersion,
  usableTerraform,
} from '../../infra/terraform-program.ts';
import { providerVersion } from '../../infra/gcp/terraform/provider-folder.ts';
import { environmentName } from '../../settings/declarations.ts';
import { openProgress } from '../../tools/progress.ts';
import { bringTerraform, terraformAt, terraformSums } from '../../tools/terraform/bring-terraform.ts';
import { terraformForImage } from '../../tools/terraform/for-image.ts';

const system = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
const progress = openProgress({ write: () => true });
let folder: string;
let server: Server;
let from: string;
let zip: Buffer;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ty-terraform-'));
  const program = join(folder, 'terraform');
  writeFileSync(program, `#!/bin/sh\necho "Terraform v${terraformVersion}"\n`);
  execFileSync('python3', ['-m', 'zipfile', '-c', join(folder, 'release.zip'), program]);
  rmSync(program);
  zip = readFileSync(join(folder, 'release.zip'));
  asked = [];
  server = createServer(({ url = '' }, answer) => {
    asked.push(url);
    answer.end(zip);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const bring = (more: Partial<Parameters<typeof bringTerraform>[0]> = {}) =>
  bringTerraform(
    {
      given: '',
      cacheFolder: join(folder, 'cache'),
      pythonPath: '',
      from,
      sums: { [system]: createHash('sha256').update(zip).digest('hex') },
      searchPath: '',
      ...more,
    },
    progress,
  );
const cached = () => cachedTerraformPath(join(folder, 'cache'));
const own = (name: string, output: string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${output}"\n`);
  chmodSync(path, 0o755);
  return path;
};

describe('Terraform', () => {
  it('is brought once, when its checksum is the one that is known', async () => {
    expect(await bring()).toBe(cached());
    expect(asked).toEqual([`/terraform/${terraformVersion}/terraform_${terraformVersion}_${system}.zip`]);
    expect(statSync(cached()).mode & 0o777).toBe(0o755);
    expect(await terraformAt(cached())).toEqual({ name: 'Terraform', version: terraformVersion });
    expect(readdirSync(dirname(cached()))).toEqual(['terraform']);
    await bring();
    expect(asked).toHaveLength(1);
    expect(terraformProgram('', join(folder, 'cache'), '')).toBe(cached());
  });

  it('is not unpacked, nor kept, when what came is something else', async () => {
    await expect(bring({ sums: { [system]: 'a'.repeat(64) } })).rejects.toThrow(/what came is not the release/);
    expect(existsSync(dirname(cached()))).toBe(false);
    expect(readdirSync(join(folder, 'cache/tools')).filter((one) => one.includes('.part'))).toEqual([]);
  });

  it('that cannot be fetched is said with what to do', async () => {
    await expect(bring({ from: 'http://127.0.0.1:1' })).rejects.toThrow(
      /could not be brought .*Install Terraform 1\.5 or newer/,
    );
  });

  it('is not brought for a system that has no release', async () => {
    await expect(bring({ sums: {} })).rejects.toThrow(`for ${system}`);
    expect(asked).toEqual([]);
  });

  it('of the settings comes before that on the PATH, and neither is brought', async () => {
    const tofu = own('bin/tofu', 'OpenTofu v1.9.0');
    const onPath = own('path/terraform', 'Terraform v1.12.2');
    const searchPath = `:${join(folder, 'nowhere')}:${dirname(onPath)}`;
    expect(await bring({ given: tofu, searchPath })).toBe(tofu);
    expect(await bring({ searchPath })).toBe(onPath);
    expect(asked).toEqual([]);
  });

  it('that is too old, or no Terraform, is refused by name', async () => {
    const old = own('old/terraform', 'Terraform v1.4.7');
    await expect(bring({ searchPath: dirname(old) })).rejects.toThrow(`"${old}" is no Terraform 1.5 or newer`);
    await expect(bring({ given: join(folder, 'nowhere') })).rejects.toThrow('TRAINYARD_GCP_TERRAFORM');
  });

  it('is known by what it says', () => {
    expect(usableTerraform('Terraform v1.11.4\non linux_amd64\n')).toEqual({ name: 'Terraform', version: '1.11.4' });
    expect(usableTerraform('OpenTofu v1.10.0-rc1\n')).toEqual({ name: 'OpenTofu', version: '1.10.0-rc1' });
    expect(usableTerraform('Terraform v0.15.5')).toBeUndefined();
    expect(usableTerraform('Terraform v2.0.0')).toEqual({ name: 'Terraform', version: '2.0.0' });
    expect(usableTerraform('Hello v9.9.9')).toBeUndefined();
  });

  it('has a checksum for each system that ./x runs on', () => {
    expect(Object.keys(terraformSums).toSorted()).toEqual([
      'darwin_amd64',
      'darwin_arm64',
      'linux_amd64',
      'linux_arm64',
    ]);
    for (const sum of Object.values(terraformSums)) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(terraformSums)).size).toBe(4);
  });
});

describe('what a container gets', () => {
  /** Writes down what it was asked, and leaves what a mirror would have. */
  const release = (mirrors: string) => {
    const program = join(folder, 'terraform');
    const script = `#!/bin/sh\n[ "$1 $2" = "providers mirror" ] || exit 3\ncat main.tf.json >"$3.asked" 2>/dev/null\n${mirrors}\n`;
    writeFileSync(program, script);
    rmSync(join(folder, 'release.zip'));
    execFileSync('python3', ['-m', 'zipfile', '-c', join(folder, 'release.zip'), program]);
    rmSync(program);
    zip = readFileSync(join(folder, 'release.zip'));
    return { from, sums: { [system]: createHash('sha256').update(zip).digest('hex') } };
  };
  const into = () => join(folder, 'image');

  it('is the release, to be found on a PATH, and a mirror of the very provider that the house asks for', async () => {
    await terraformForImage(into(), release('mkdir -p "$3/registry.terraform.io"'), progress);
    expect(terraformProgram('', join(folder, 'none'), join(into(), 'bin'))).toBe(join(into(), 'bin/terraform'));
    expect(readdirSync(join(into(), 'providers'))).toEqual(['registry.terraform.io']);
    expect(readFileSync(join(into(), 'providers.asked'), 'utf8')).toContain(`"version":"${providerVersion}"`);
  });

  it('is nothing that is not the release, and nothing without its provider', async () => {
    const { from: where } = release('exit 0');
    const wrong = terraformForImage(into(), { from: where, sums: { [system]: 'a'.repeat(64) } }, progress);
    await expect(wrong).rejects.toThrow(/what came is not the release/);
    expect(existsSync(join(into(), 'bin/terraform'))).toBe(false);
    const broken = release('echo "no such host"; exit 1');
    await expect(terraformForImage(into(), broken, progress)).rejects.toThrow(/could not be brought: no such host/);
  });
});

test('the Dockerfile takes both, where the workers look for them', () => {
  const text = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  expect(text).toContain('*,gcp,*) node tools/terraform/for-image.ts /opt/terraform ;;');
  expect(text).toContain('COPY --from=terraform /opt/terraform /opt/terraform');
  expect(text).toMatch(/PATH=\/opt\/terraform\/bin:/);
  expect(text).toContain(`${environmentName('gcpProviderMirror')}=/opt/terraform/providers`);
});
