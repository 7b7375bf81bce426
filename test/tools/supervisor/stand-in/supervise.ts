// A supervisor of its own process, so that it can be killed: the children are given as JSON.
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { Supervisor } from '../../../../tools/supervisor/supervisor.ts';

interface Given {
  folder: string;
  children: { name: string; port: number; habits: string[] }[];
}

const { folder, children } = JSON.parse(process.argv[2] ?? '') as Given;
const supervisor = new Supervisor({
  logFolder: join(folder, 'logs'),
  runFolder: join(folder, 'run'),
  print: (line) => console.log(line),
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void supervisor.stop().then(() => process.exit(0)));
}
for (const { name, port, habits } of children) {
  await supervisor.start({
    name,
    command: process.execPath,
    args: [join(import.meta.dirname, 'child.mjs'), name, String(port), join(folder, 'diary'), ...habits],
    cwd: folder,
    env: process.env,
    async ready(signal) {
      while (!signal.aborted) {
        if (
          await fetch(`http://127.0.0.1:${port}`).then(
            () => true,
            () => false,
          )
        )
          return;
        await wait(20);
      }
      signal.throwIfAborted();
    },
    readySeconds: 10,
    stopSeconds: 1,
  });
}
console.log('all are ready');
