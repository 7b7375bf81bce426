import { join } from 'node:path';
import type { Settings } from './settings.ts';

/** What `openDatabase` takes: the person's own server, or the SQLite file in the data folder. */
export function databaseUrlOf(settings: Settings): string {
  return settings.databaseUrl || `sqlite:${join(settings.dataFolder, 'trainyard.sqlite')}`;
}

/** The pages, as a browser on this machine reaches them. */
export function webAddressOf(settings: Settings): string {
  const host = settings.webHost === '0.0.0.0' || settings.webHost === '::' ? '127.0.0.1' : settings.webHost;
  return `http://${host.includes(':') ? `[${host}]` : host}:${settings.webPort}`;
}
