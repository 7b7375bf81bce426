import type { Settings } from '../settings/settings.ts';
import type { TemporalAddress } from '../temporal/connect.ts';

/** The Temporal server by the settings: the embedded one, unless another is named. */
export function temporalAddressOf(settings: Settings): TemporalAddress {
  const tls = {
    ...(settings.temporalTlsCaPath ? { caPath: settings.temporalTlsCaPath } : {}),
    ...(settings.temporalTlsCertPath ? { certPath: settings.temporalTlsCertPath } : {}),
    ...(settings.temporalTlsKeyPath ? { keyPath: settings.temporalTlsKeyPath } : {}),
  };
  return {
    address: settings.temporalAddress || `127.0.0.1:${settings.temporalPort}`,
    namespace: settings.temporalNamespace,
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
    ...(settings.temporalApiKey ? { apiKey: settings.temporalApiKey } : {}),
  };
}
