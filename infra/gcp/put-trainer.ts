import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import type { Holder } from '../../domain/ids.ts';
import { packTrainer, trainerArchive, trainerHash } from '../trainer-image.ts';
import type { GcpBuckets } from './buckets.ts';

/**
 * For a machine of a plain system: the trainer into the job's bucket, the only one that the machine may read, and the
 * script that sets the machine up from it. The script comes by metadata, so it is of the same trainer.
 */
export async function putTrainer(
  told: { trainerFolder: string; trainerHash: string },
  buckets: Pick<GcpBuckets, 'putFile'>,
  holder: Holder,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-trainer-'));
  try {
    const script = await readFile(join(told.trainerFolder, 'images/startup-script.sh'), 'utf8');
    const archive = join(folder, 'trainer.tar.gz');
    await packTrainer(told.trainerFolder, archive);
    if (told.trainerHash !== '' && (await trainerHash(told.trainerFolder)) !== told.trainerHash) {
      throw new TrainyardError(
        'CloudUnavailable',
        `The trainer in ${told.trainerFolder} is not that of ${told.trainerHash} any more.`,
        'Start Trainyard again, so that it works with the one that is there.',
      );
    }
    await buckets.putFile(holder, trainerArchive, archive);
    return script;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
