import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from '@temporalio/client';

type TLSConfig = Exclude<ConnectionOptions['tls'], boolean | null | undefined>;

/** How to reach the Temporal server; the same values serve the client and the workers. */
export interface TemporalAddress {
  address: string;
  namespace: string;
  tls?: { caPath?: string; certPath?: string; keyPath?: string; serverName?: string };
  apiKey?: string;
}

/** Reads the certificates; an API key (Temporal Cloud) implies TLS. */
export async function connectionOptions(
  to: TemporalAddress,
): Promise<Pick<ConnectionOptions, 'address' | 'tls' | 'apiKey'>> {
  const options: Pick<ConnectionOptions, 'address' | 'tls' | 'apiKey'> = { address: to.address };
  if (to.apiKey) Object.assign(options, { apiKey: to.apiKey, tls: true });
  if (!to.tls) return options;
  const { caPath, certPath, keyPath, serverName } = to.tls;
  const tls: TLSConfig = {};
  if (serverName) tls.serverNameOverride = serverName;
  if (caPath) tls.serverRootCACertificate = await readFile(caPath);
  if (certPath && keyPath) tls.clientCertPair = { crt: await readFile(certPath), key: await readFile(keyPath) };
  return { ...options, tls };
}
