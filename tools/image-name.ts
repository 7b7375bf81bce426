import { join } from 'node:path';
import { buildImages, imageKinds, imageName, ownTrainerFolder, trainerHash } from '../infra/trainer-image.ts';

const usage = `./x image-name        the names of the machine images that fit this Trainyard, and how they are made
./x image-name cpu    that of the image without a GPU; likewise: gpu
./x image-name hash   the trainer's hash alone`;

// Nothing but Node is needed: a build in a cloud runs this before any package is there.
const [word, ...rest] = process.argv.slice(2);
const trainerFolder = await folderOfSettings();
const hash = await trainerHash(trainerFolder);
const kind = imageKinds.find((one) => one === word);
if (rest.length > 0 || (word !== undefined && word !== 'hash' && !kind)) {
  console.error(usage);
  process.exitCode = 2;
} else if (word === 'hash') {
  console.log(hash);
} else if (kind) {
  console.log(imageName(kind, hash));
} else {
  for (const one of imageKinds) console.log(imageName(one, hash));
  console.log(`
Made in a project of Google Cloud (about 15 minutes, a few cents):
  ${buildImages({ project: 'PROJECT', kinds: imageKinds, hash, trainerFolder })}`);
}

/** The trainer that the yard uses. Where no packages are, there are no settings either: what was sent is meant. */
async function folderOfSettings(): Promise<string> {
  try {
    const { loadSettings } = await import('../settings/settings.ts');
    return loadSettings(process.env, join(import.meta.dirname, '..')).trainerFolder || ownTrainerFolder;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return ownTrainerFolder;
    throw error;
  }
}
