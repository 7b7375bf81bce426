import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../../tools/run-program.ts';

/** Where Terraform finds Google's provider: in a mirror that a setting names, else by the network. */
export interface FoundProvider {
  /** What Terraform needs in its environment to find it. */
  environment: Record<string, string>;
}

export const providerVersion = '6.50.0';
const longestWaitMs = 120_000;

/** A reason, in words, when there is none. */
export async function findProvider(): Promise<FoundProvider | string> {
  if ((await runProgram('terraform', ['version'], { timeoutMs: 20_000 })).code !== 0) return 'there is no terraform';
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-provider-'));
  const mirror = process.env['TRAINYARD_GCP_PROVIDER_MIRROR'];
  try {
    const configuration = join(folder, 'terraform.rc');
    const found: FoundProvider = { environment: { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' } };
    if (mirror) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(configuration, mirrored(mirror));
    }
    writeFileSync(join(folder, 'main.tf'), requiring);
    const { code } = await runProgram('terraform', ['init', '-input=false'], {
      cwd: folder,
      env: { ...process.env, ...found.environment, ...(mirror && { TF_CLI_CONFIG_FILE: configuration }) },
      timeoutMs: longestWaitMs,
    });
    return code === 0 ? found : `terraform does not find the provider ${providerVersion}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function mirrored(mirror: string): string {
  return `provider_installation {\n  filesystem_mirror { path = ${JSON.stringify(mirror)} }\n}\n`;
}

export const requiring = `terraform {
  required_providers {
    google = { source = "hashicorp/google", version = "${providerVersion}" }
  }
}
`;
