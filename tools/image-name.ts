import { join } from 'node:path';
import { imageKinds, imageName, trainerHash } from '../infra/trainer-image.ts';

const usage = `./x image-name        the names of the machine images that fit this Trainyard, and how they are made
./x image-name cpu    that of the image without a GPU; likewise: gpu
./x image-name hash   the trainer's hash alone`;

// Nothing but Node is needed: a build in a cloud runs this before any package is there.
const [word, ...rest] = process.argv.slice(2);
const hash = await trainerHash(join(import.meta.dirname, '../trainer-image'));
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
  gcloud builds submit --project PROJECT --config trainer-image/images/cloudbuild-machine.yaml --substitutions _TRAINER_HASH=${hash} .`);
}
