import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The key of this installation: signs what was made here, so that only that is loaded again unless told otherwise. */
export interface InstallationKey {
  keyId: string;
  publicKeyPem: string;
  sign(bytes: Uint8Array): string;
  verify(bytes: Uint8Array, signature: string): boolean;
}

/** Opens the key in the data folder, or makes it once; several processes may come first. */
export async function openInstallationKey(dataFolder: string): Promise<InstallationKey> {
  const pem = await onceInFolder(join(dataFolder, 'keys'), 'installation-ed25519.pem', () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyIdOf(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, privateKey).toString('base64'),
    verify: (bytes, signature) => verify(null, bytes, publicKey, Buffer.from(signature, 'base64')),
  };
}

/**
 * The id of the host as Trainyard sees it: it belongs to the data folder, since that is what a host's folders and
 * processes are found by. A laptop's network name may change overnight, and its queues must not.
 */
export async function hostIdOf(dataFolder: string): Promise<string> {
  const id = await onceInFolder(dataFolder, 'host-id', () => randomUUID().slice(0, 8));
  return id.trim();
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** Writes the whole file beside and links it into place: whoever is second reads what the first one made. */
async function onceInFolder(folder: string, name: string, make: () => string): Promise<string> {
  const path = join(folder, name);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(folder, { recursive: true });
  const beside = `${path}.${randomUUID()}`;
  await writeFile(beside, make(), { mode: 0o600, flush: true });
  try {
    await link(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(beside, { force: true });
  }
  return readFile(path, 'utf8');
}
