import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { holderOf, isHeld, takeLock } from '../../tools/lock.ts';
import { openProgress } from '../../tools/progress.ts';
import { runProgram } from '../../tools/run-program.ts';
import { readableLine } from '../../tools/supervisor/readable-line.ts';
import { RotatingLog } from '../../tools/supervisor/rotating-log.ts';
import { bringTemporal } from '../../tools/temporal-server/bring-temporal.ts';
import { findTemporal, usableVersion } from '../../tools/temporal-server/find-temporal.ts';
import { serverArguments } from '../../tools/temporal-server/temporal-server.ts';
import { childrenReading } from '../../tools/up/source-watcher.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-tools-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a lock', () => {
  it('is held by one, who is known, until it is released', async () => {
    const path = join(folder, 'a.lock');
    const first = await takeLock(path);
    expect(await takeLock(path)).toBeUndefined();
    expect(isHeld(path)).toBe(true);
    expect(holderOf(path)).toBe(process.pid);
    first?.release();
    expect(isHeld(path)).toBe(false);
    const second = await takeLock(path);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is free again when its holder was killed', async () => {
    const path = join(folder, 'b.lock');
    const script = `const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../tools/lock.ts'))});
      await takeLock(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL');`;
    const { code } = await runProgram(process.execPath, ['--input-type=module', '-e', script]);
    expect(code).not.toBe(0);
    expect(holderOf(path)).toBeGreaterThan(0);
    (await takeLock(path))?.release();
    expect(holderOf(path)).toBe(process.pid);
  });
});

describe('progress', () => {
  const said: string[] = [];
  const output = (isTTY: boolean) => ({ isTTY, columns: 40, write: (text: string) => said.push(text) });
  beforeEach(() => said.splice(0));

  it('is plain lines where there is no terminal, and not one for each update', () => {
    let nowMs = 0;
    const step = openProgress(output(false), () => nowMs).step('Bringing it', '80 MB, a minute');
    for (nowMs = 0; nowMs < 25_000; nowMs += 1000) step.update(nowMs / 50_000, 'so far');
    step.done();
    expect(said).toEqual([
      'Bringing it (80 MB, a minute) …\n',
      '  Bringing it · 20 % · so far\n',
      '  Bringing it · 40 % · so far\n',
      'Bringing it: done, 25.0 s\n',
    ]);
  });

  it('is one line that changes on a terminal, never longer than that', () => {
    const step = openProgress(output(true), () => 1e6).step('Bringing it');
    step.update(0.5, 'x'.repeat(100));
    expect(said.every((text) => text.startsWith('\r') && text.length <= 40 + 5)).toBe(true);
    expect(said.join('')).not.toContain('\n');
  });
});

describe('the log of a child', () => {
  it('moves aside when it is full, and drops the oldest', () => {
    const log = new RotatingLog(join(folder, 'web.log'), 100, 2);
    for (let line = 0; line < 60; line += 1) log.write(`line ${line}`.padEnd(20));
    log.close();
    expect(readdirSync(folder).toSorted()).toEqual(['web.log', 'web.log.1', 'web.log.2']);
    const kept = ['web.log.2', 'web.log.1', 'web.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    expect(kept.match(/\d+/g)?.map(Number)).toEqual(Array.from({ length: 12 }, (_, index) => 48 + index));
  });

  it('goes on from what an earlier start wrote', () => {
    writeFileSync(join(folder, 'a.log'), 'before\n');
    const log = new RotatingLog(join(folder, 'a.log'));
    log.write('after');
    log.close();
    expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('before\nafter\n');
  });
});

describe('a line on the terminal', () => {
  it('is text, though it was written as JSON', () => {
    const record = { level: 50, time: Date.UTC(2026, 0, 1, 12), pid: 1, msg: 'it broke', err: { message: 'no room' } };
    expect(readableLine(JSON.stringify(record))).toBe('12:00:00 error: it broke (no room)');
    expect(readableLine('{"level":20,"msg":"detail"}')).toBeUndefined();
    expect(readableLine('{"level": torn')).toBe('{"level": torn');
    expect(readableLine('plain')).toBe('plain');
  });
});

describe('the Temporal server', () => {
  it('is used from 1.5 on, and a build of its sources by the server inside', () => {
    expect(usableVersion('temporal version 1.5.0 (Server 1.29.0, UI 2.41.0)')).toBe('1.5.0');
    expect(usableVersion('temporal version 2.0.1')).toBe('2.0.1');
    expect(usableVersion('temporal version 1.4.9 (Server 1.29.0, UI 2.41.0)')).toBeUndefined();
    expect(usableVersion('temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)')).toBe('0.0.0-DEV');
    expect(usableVersion('temporal version 0.0.0-DEV (Server 1.28.0, UI 2.42.1)')).toBeUndefined();
    expect(usableVersion('something else')).toBeUndefined();
  });

  it('is taken from the PATH when it is new enough, else from the cache', async () => {
    const program = (name: string, version: string) =>
      writeFileSync(join(folder, name), `#!/bin/sh\necho temporal version ${version}\n`, { mode: 0o755 });
    program('temporal', '1.6.2');
    expect(await findTemporal('/nowhere', folder)).toMatchObject({ from: 'PATH', version: '1.6.2' });
    program('temporal', '1.3.0');
    expect(await findTemporal('/nowhere', folder)).toBeUndefined();
  });

  it('is on loopback, on disk, with what its pages filter by', () => {
    const given = serverArguments({ dataFolder: '/data', port: 1, uiPort: 2 }).join(' ');
    for (const part of [
      '--ip 127.0.0.1 --port 1 --ui-port 2',
      '--db-filename /data/temporal.sqlite',
      '--sqlite-pragma journal_mode=wal --sqlite-pragma synchronous=normal',
      ...['TrainyardPhase=Keyword', 'TrainyardOwner=Keyword', 'TrainyardEngine=Keyword', 'TrainyardName=Text'],
    ]) {
      expect(given).toContain(part);
    }
  });
});

describe('./x dev', () => {
  it('restarts what a changed file belongs to, and nothing else', () => {
    expect(childrenReading('web/views/home.ejs')).toEqual(['web']);
    expect(childrenReading('workflows/train-job.ts')).toEqual(['workers']);
    expect(childrenReading('domain/task.ts')).toEqual(['workers', 'web']);
    for (const path of [
      'web/public/styles/tokens.css',
      'docs/settings.md',
      'web/.app.ts.swp',
      'trainer-image/runner/machine.py',
    ]) {
      expect(childrenReading(path)).toEqual([]);
    }
  });
});

it('builds the Temporal server where it cannot be downloaded, and leaves nothing of the build but the program', async () => {
  const program = join(folder, 'made');
  writeFileSync(program, '#!/bin/sh\necho "temporal version 0.0.0-DEV (Server 1.30.0)"\n', { mode: 0o755 });
  const go = `#!/bin/sh
[ "$1" = install ] || exit 0
mkdir -p "$GOCACHE/00" && echo much > "$GOCACHE/00/object"
cp ${program} "$GOBIN/temporal"
`;
  writeFileSync(join(folder, 'go'), go, { mode: 0o755 });
  const kept = { path: process.env['PATH'], fetch: globalThis.fetch };
  process.env['PATH'] = `${folder}:/usr/bin:/bin`;
  globalThis.fetch = () => Promise.reject(new Error('no network'));
  try {
    const progress = openProgress({ write: () => true });
    const { path, from } = await bringTemporal(join(folder, 'cache'), progress);
    expect([from, path.startsWith(folder)]).toEqual(['cache', true]);
    expect(readdirSync(dirname(path))).toEqual(['temporal']);
  } finally {
    process.env['PATH'] = kept.path;
    globalThis.fetch = kept.fetch;
  }
});
