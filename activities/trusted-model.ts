import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ModelRow } from '../db/tables.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Dependencies } from './dependencies.ts';
import { fromStore } from './scratch.ts';

export interface ModelSignature {
  keyId: string;
  /** Over the bytes of manifest.json, which names the sha256 of every file in the archive. */
  signature: string;
  manifestSha256: string;
  /** Over the sha256 of the sealed archive; beside the archive only, since it cannot be inside. */
  archiveSignature?: string;
  signedAt: string;
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Fetches a model's archive for loading. Models are code to those who load them, so only what was made here and not
 * altered since is let through, unless the installation was told otherwise.
 */
export async function trustedModel(dependencies: Dependencies, model: ModelRow, folder: string): Promise<string> {
  const path = join(folder, 'model.zip');
  await fromStore(dependencies, `models/${model.id}/model.zip`, path);
  if (dependencies.trustForeignModels) return path;
  if ((await sha256Of(path)) !== model.archive_hash) {
    throw new TrainyardError(
      'ModelNotTrusted',
      `The archive of the model “${model.name}” has been altered since it was made here; it is not loaded.`,
      'Restore the file, or train the model again.',
    );
  }
  const { keyId, archiveSignature } = JSON.parse(model.signature_json) as ModelSignature;
  if (keyId !== dependencies.key.keyId) {
    throw new TrainyardError(
      'ModelNotTrusted',
      `The model “${model.name}” was signed by another installation (${keyId}); it is not loaded.`,
      'Set TRAINYARD_TRUST_FOREIGN_MODELS=true if you trust where it comes from.',
    );
  }
  if (!dependencies.key.verify(Buffer.from(model.archive_hash), archiveSignature ?? '')) {
    throw new TrainyardError(
      'ModelNotTrusted',
      `The signature of the model “${model.name}” does not fit its archive; it is not loaded.`,
      'Train the model again.',
    );
  }
  return path;
}
