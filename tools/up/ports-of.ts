import type { Settings } from '../../settings/settings.ts';
import type { PortNeed } from '../supervisor/ports.ts';

/** Every port that the application listens on, by these settings. */
export function portsOf(settings: Settings): PortNeed[] {
  const { webHost, webPort, temporalPort, temporalUiPort, workerMetricsPort } = settings;
  const host = '127.0.0.1';
  const ours = [
    { setting: 'webPort', port: webPort, host: webHost, purpose: 'the pages and the API' },
    { setting: 'workerMetricsPort', port: workerMetricsPort, host, purpose: "the workers' metrics" },
  ];
  if (settings.temporalAddress !== '') return ours;
  return [
    ...ours,
    { setting: 'temporalPort', port: temporalPort, host, purpose: 'the Temporal server' },
    { setting: 'temporalUiPort', port: temporalUiPort, host, purpose: "the Temporal server's pages" },
  ];
}
