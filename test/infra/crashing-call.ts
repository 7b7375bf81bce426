import childProcess from 'node:child_process';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

/**
 * A process that makes one call of a cloud and kills itself right before its n-th act on the world outside (a change
 * of the file system, or a new process). Told on the command line: `{options, call, argument, dieBefore}`.
 * The acts are counted in Node's own modules, so no line of the cloud can forget to be counted.
 */
const told = JSON.parse(process.argv[2] ?? '');
let acts = 0;

function countActs(module: object, names: string[]): void {
  for (const name of names) {
    const real: unknown = Reflect.get(module, name);
    if (typeof real !== 'function') throw new Error(`${name} is no function`);
    const counted = counting(real, name);
    const promised: unknown = Reflect.get(real, promisify.custom);
    if (typeof promised === 'function') Object.assign(counted, { [promisify.custom]: counting(promised, name) });
    Reflect.set(module, name, counted);
  }
}

function counting(real: Function, name: string) {
  return (...given: unknown[]) => {
    // A file that is only read, or flushed, is no act: nobody outside could tell.
    const isAct = name !== 'open' || given[1] !== 'r';
    if (isAct && ++acts === told.dieBefore) process.kill(process.pid, 'SIGKILL');
    return Reflect.apply(real, undefined, given);
  };
}

countActs(fs, ['copyFile', 'mkdir', 'open', 'rename', 'rm', 'writeFile']);
countActs(childProcess, ['spawn', 'execFile']);
syncBuiltinESMExports();

const { openLocalCloud } = await import('../../infra/local/local-cloud.ts');
const cloud = openLocalCloud({ ...told.options, enginePython: async () => 'python3' });
const method: unknown = Reflect.get(cloud, told.call);
if (typeof method !== 'function') throw new Error(`A cloud has no ${told.call}`);
await Reflect.apply(method, cloud, [told.argument]);
