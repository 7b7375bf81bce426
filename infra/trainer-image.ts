import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export const imageKinds = ['cpu', 'gpu'] as const;
export type ImageKind = (typeof imageKinds)[number];

/** Beside what starts with a dot: made by running or testing it, or of no use on a machine. */
const leftOut = /^(\..*|__pycache__|.*\.pyc|.*\.log)$/;
const leftOutAtTop = new Set(['samples']);

/**
 * Names a trainer by everything that a machine gets of it: runner, trainer, lock files, entry script, unit. An image
 * carries it in its name and in `/opt/trainyard/trainer-hash`, a machine is told it, and entry.sh compares the two.
 */
export async function trainerHash(trainerFolder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await trainerFiles(trainerFolder)) {
    const content = await readFile(join(trainerFolder, name));
    // With its length, so that no byte can pass from one file, or from a name, to the next.
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/** The files that make up a trainer, from its folder, in one order everywhere. */
export async function trainerFiles(trainerFolder: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(trainerFolder, folder), { withFileTypes: true })) {
      if (leftOut.test(entry.name) || (folder === '' && leftOutAtTop.has(entry.name))) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await look(name);
      else if (entry.isFile()) found.push(name);
    }
  };
  await look('');
  return found.toSorted((a, b) => (a < b ? -1 : 1));
}

/**
 * What a machine without an image of ours takes from its bucket (`trainerArchive`): the same files, so that the hash
 * is theirs, too.
 */
export async function packTrainer(trainerFolder: string, toPath: string): Promise<void> {
  const names = await trainerFiles(trainerFolder);
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null) => (error ? reject(error) : resolve());
    // No extended attributes of a Mac: every other tar would unpack them as files.
    const env = { ...process.env, COPYFILE_DISABLE: '1' };
    const tar = execFile('tar', ['-czf', toPath, '-C', trainerFolder, '-T', '-'], { env }, done);
    tar.stdin?.on('error', () => {}); // its exit says what is wrong
    tar.stdin?.end(names.join('\n'));
  });
}

/** Where startup-script.sh looks for it. */
export const trainerArchive = 'machine/trainer.tar.gz';

export function imageFamily(kind: ImageKind): string {
  return `trainyard-${kind}`;
}

export function imageName(kind: ImageKind, hash: string): string {
  return `${imageFamily(kind)}-${hash}`;
}

/** The trainer of this checkout, which a setting may replace. */
export const ownTrainerFolder = join(import.meta.dirname, '../trainer-image');

/**
 * The command that makes images in a project of Google Cloud. A build there gets this checkout; a trainer from another
 * folder is made by Packer from where it lies.
 */
export function buildImages(wanted: {
  project: string;
  kinds: readonly ImageKind[];
  hash: string;
  trainerFolder: string;
}): string {
  const { project, kinds, hash, trainerFolder } = wanted;
  if (relative(ownTrainerFolder, trainerFolder) === '') {
    const only = kinds.length === imageKinds.length ? '' : `_KINDS=${kinds.join(' ')},`;
    return `gcloud builds submit --project ${project} --config trainer-image/images/cloudbuild-machine.yaml --substitutions ${only}_TRAINER_HASH=${hash} .`;
  }
  const recipe = join(trainerFolder, 'images/machine.pkr.hcl');
  const builds = kinds.map(
    (kind) => `packer build -force -var project=${project} -var kind=${kind} -var trainer_hash=${hash} ${recipe}`,
  );
  return [`packer init ${recipe}`, ...builds].join(' && ');
}
