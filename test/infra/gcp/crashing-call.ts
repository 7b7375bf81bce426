import childProcess from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

/**
 * A process that makes one call of the cloud and kills itself right before its n-th act on the world outside: a request
 * that changes something, or a new process. Told on the command line: `{options, store, call, argument, dieBefore}`.
 */
const told = JSON.parse(process.argv[2] ?? '');
let acts = 0;

function act(): void {
  if (++acts === told.dieBefore) process.kill(process.pid, 'SIGKILL');
}

const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  // Signing in changes nothing.
  const where = input instanceof Request ? input.url : String(input);
  if (method !== 'GET' && !where.endsWith('/token')) act();
  return plainFetch(input, init);
};

for (const module of [http, https]) {
  const real = module.request;
  Reflect.set(module, 'request', (...given: unknown[]) => {
    const options = given.find((one) => typeof one === 'object' && one !== null && 'method' in one);
    if ((options as { method?: string } | undefined)?.method?.toUpperCase() !== 'GET' && options) act();
    return Reflect.apply(real, module, given);
  });
}
const spawn = childProcess.spawn;
Reflect.set(childProcess, 'spawn', (...given: unknown[]) => {
  act();
  return Reflect.apply(spawn, childProcess, given);
});
syncBuiltinESMExports();

const { openGcpCloud } = await import('../../../infra/gcp/gcp-cloud.ts');
const { folderStore } = await import('../../../infra/local/folder-store.ts');
const cloud = openGcpCloud({ ...told.options, store: folderStore(told.store) });
const method: unknown = Reflect.get(cloud, told.call);
if (typeof method !== 'function') throw new Error(`A cloud has no ${told.call}`);
await Reflect.apply(method, cloud, [told.argument]);
process.exit(0);
