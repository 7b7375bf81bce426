import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftovers, noteStarted } from '../../../tools/supervisor/leftovers.ts';
import { portTrouble } from '../../../tools/supervisor/ports.ts';
import { alive, Supervised, until } from './supervised.ts';

const parts = [{ name: 'temporal' }, { name: 'workers' }, { name: 'web' }];

describe('the supervisor', () => {
  let yard: Supervised;
  beforeEach(() => {
    yard = new Supervised();
  });
  afterEach(() => yard.end());
  const portsAreFree = async () => {
    const troubles = await Promise.all([...yard.ports.values()].map((port) => portTrouble(port, '127.0.0.1')));
    return troubles.every((trouble) => trouble === undefined);
  };

  it('starts in order, and on Ctrl-C stops all in the reverse order', async () => {
    await yard.start(parts);
    await yard.ready();
    yard.process?.kill('SIGINT');
    await once(yard.process!, 'exit');
    expect(yard.diary().map(({ name, what }) => `${name} ${what}`)).toEqual([
      ...['temporal began', 'workers began', 'web began'],
      ...['web asked', 'workers asked', 'temporal asked'],
    ]);
    expect(yard.diary().some(({ pid }) => alive(pid))).toBe(false);
    expect(readdirSync(join(yard.folder, 'run'))).toEqual([]);
  });

  it('starts a child that was killed again, and reports both', async () => {
    await yard.start(parts);
    await yard.ready();
    process.kill(yard.pidsOf('workers')[0]!, 'SIGKILL');
    await until(() => yard.output.includes('runs again'));
    expect(yard.pidsOf('workers')).toHaveLength(2);
    expect(yard.output).toMatch(
      /workers {2}\| ended \(killed by SIGKILL\); starting it again in 0\.5 s\. Its log: .*workers\.log/,
    );
    expect(yard.pidsOf('web')).toHaveLength(1);
    expect(readFileSync(join(yard.folder, 'logs/workers.log'), 'utf8')).toMatch(
      /workers listens\n.*ended.*\nworkers listens\n/s,
    );
  });

  it('killed with -9 leaves no child, no grandchild and no port', async () => {
    await yard.start([{ name: 'temporal', habits: ['starts another'] }, { name: 'web' }]);
    await yard.ready();
    expect(yard.pidsOf('temporal-other')).toHaveLength(1);
    yard.process?.kill('SIGKILL');
    await until(() => !yard.diary().some(({ pid }) => alive(pid)));
    await until(portsAreFree);
  });

  it('killed with -9 leaves not even a child that does not listen', async () => {
    await yard.start([{ name: 'web', habits: ['ignores SIGTERM'] }]);
    await yard.ready();
    yard.process?.kill('SIGKILL');
    await until(() => !alive(yard.pidsOf('web')[0]!));
    expect(yard.diary().map(({ what }) => what)).toEqual(['began', 'asked']);
  });

  it('ends what is left in the group of a child that died, so that it can have its port again', async () => {
    await yard.start([{ name: 'web', habits: ['starts another'] }]);
    await yard.ready();
    process.kill(yard.pidsOf('web')[0]!, 'SIGKILL');
    await until(() => yard.pidsOf('web').length === 2);
    expect(alive(yard.pidsOf('web-other')[0]!)).toBe(false);
  });

  it('notices that a guard was killed, and starts its child anew', async () => {
    await yard.start([{ name: 'web' }]);
    await yard.ready();
    const [guard] = JSON.parse(readFileSync(join(yard.folder, 'run/web.json'), 'utf8')) as { pid: number }[];
    for (const pid of shellsOf(guard!.pid)) process.kill(pid, 'SIGKILL');
    await until(() => yard.output.includes('runs again'));
    expect(alive(yard.pidsOf('web')[0]!)).toBe(false);
    expect(yard.pidsOf('web')).toHaveLength(2);
  });

  it('kills a child that does not stop in time', async () => {
    await yard.start([{ name: 'web', habits: ['ignores SIGTERM'] }]);
    await yard.ready();
    yard.process?.kill('SIGTERM');
    const [code] = await once(yard.process!, 'exit');
    expect(code).toBe(0);
    expect(alive(yard.pidsOf('web')[0]!)).toBe(false);
  });

  it('gives up on a child that never gets ready, with what it said last', async () => {
    await yard.start([{ name: 'web', habits: ['dies at once'] }]);
    await once(yard.process!, 'exit');
    expect(yard.pidsOf('web')).toHaveLength(3);
    expect(yard.output).toMatch(/"web" does not start: it ended 3 times \(exit code 3\)[\s\S]*the reason why it dies/);
  });

  it('does not give up on a child that others kill while it starts', async () => {
    await yard.start([{ name: 'web', habits: ['needs four starts'] }]);
    for (const start of [1, 2, 3]) {
      await until(() => yard.pidsOf('web').length === start);
      process.kill(yard.pidsOf('web')[start - 1]!, 'SIGKILL');
    }
    await yard.ready();
    expect(yard.pidsOf('web')).toHaveLength(4);
  });

  it('ends at its next start what was left by one whose guards were killed too, and nobody else', async () => {
    await yard.start(parts);
    await yard.ready();
    const run = join(yard.folder, 'run');
    const groups = readdirSync(run).map(
      (file) => JSON.parse(readFileSync(join(run, file), 'utf8')) as { pid: number }[],
    );
    const children = yard.diary().map(({ pid }) => pid);
    yard.process?.kill('SIGSTOP');
    for (const pid of groups.flatMap(([guard]) => shellsOf(guard!.pid))) process.kill(pid, 'SIGKILL');
    yard.process?.kill('SIGKILL');
    expect(children.filter(alive)).toHaveLength(3);

    // A number that another process got since is not ended.
    noteStarted(run, 'bystander', process.pid, process.pid);
    const bystander = join(run, 'bystander.json');
    expect(JSON.parse(readFileSync(bystander, 'utf8'))[0].began).not.toBe('');
    forgeBeginning(bystander);
    expect(endLeftovers(run).toSorted()).toEqual(['temporal', 'web', 'workers']);
    await until(() => !children.some(alive));
    await until(portsAreFree);
  });
});

/** The shells of a guard's group: one waits for the child, one watches the supervisor. */
function shellsOf(group: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,pgid=,comm='], { encoding: 'utf8' }).trim().split('\n');
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, pgid, command = '']) => Number(pgid) === group && /(^|\/)(sh|dash|bash)$/.test(command))
    .map(([pid]) => Number(pid));
}

function forgeBeginning(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"began":"[^"]*"/g, '"began":"another time"'));
}
