// `node tools/complete-lockfile.ts`, after `npm install` of a package with a binary for each platform: npm leaves out
// those that the registry at hand does not offer, and `npm ci` then refuses the lockfile on every machine. See ADR 8.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  version?: string;
  dev?: boolean;
  license?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

const systems = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'openharmony', 'sunos', 'aix'];
const processors = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];

/** The packages for other platforms that the lockfile asks for and does not hold, by their places in it. */
export function missingPlatforms({ packages }: Lockfile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const [place, { optionalDependencies = {}, dev, license }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (packages[`node_modules/${name}`] || packages[`${place}/node_modules/${name}`]) continue;
      const platform = { ...platformOf(name), ...(license ? { license } : {}) };
      missing[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), ...platform, optional: true };
    }
  }
  return missing;
}

/** Packages of one platform are named after it: `@swc/core-linux-x64-musl`. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = (name.split('/').at(-1) ?? '').split(/[-_]/);
  const system = systems.find((one) => words.includes(one));
  const processor = processors.find((one) => words.includes(one));
  if (!system || !processor) throw new Error(`It cannot be told for which platform ${name} is.`);
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return { os: [system], cpu: [processor], ...(libc && system === 'linux' ? { libc: [libc] } : {}) };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
  const missing = missingPlatforms(lock);
  const { '': own, ...others } = { ...lock.packages, ...missing };
  const sorted = Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = { ...(own ? { '': own } : {}), ...Object.fromEntries(sorted) };
  writeFileSync(`${path}.part`, `${JSON.stringify(lock, null, 2)}\n`);
  renameSync(`${path}.part`, path);
  console.log(`${Object.keys(missing).length} packages for other platforms were added to package-lock.json.`);
}
