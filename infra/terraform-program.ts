import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The release that ./x brings where none is found: the newest that was tried here with the provider. */
export const terraformVersion = '1.11.4';
/** The oldest that knows what the stacks ask of it; OpenTofu begins after it. */
export const leastTerraform = [1, 5] as const;

/** Where ./x puts it: outside of every checkout, named after what is in it. */
export function cachedTerraformPath(cacheFolder: string): string {
  return join(cacheFolder, 'tools', `terraform-${terraformVersion}-${process.platform}-${process.arch}`, 'terraform');
}

/** The program that makes machines: the one that the settings name, else that on the PATH, else what ./x brought. */
export function terraformProgram(
  given: string,
  cacheFolder: string,
  searchPath: string = process.env['PATH'] ?? '',
): string {
  if (given !== '') return given;
  const onPath = searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'terraform'))
    .find(isProgram);
  if (onPath !== undefined) return onPath;
  const cached = cachedTerraformPath(cacheFolder);
  // Where there is none, its name stands in the failure.
  return isProgram(cached) ? cached : 'terraform';
}

/** Of `terraform version` or `tofu version`: undefined for one that is too old, or that is something else. */
export function usableTerraform(output: string): { name: string; version: string } | undefined {
  const [, name, version, major, minor] = /^(Terraform|OpenTofu) v((\d+)\.(\d+)\.\S+)/m.exec(output) ?? [];
  if (name === undefined || version === undefined) return undefined;
  const [least, leastMinor] = leastTerraform;
  const fits = Number(major) > least || (Number(major) === least && Number(minor) >= leastMinor);
  return fits ? { name, version } : undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
