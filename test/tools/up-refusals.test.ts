import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutVersion, openDataFolder } from '../../tools/up/data-folder.ts';

const root = join(import.meta.dirname, '../..');

describe('./x up says in one sentence', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-up-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it on ports that nothing else uses; what is refused is refused before anything starts. */
  async function up(env: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, ['tools/up.ts'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', ...settings(), ...env },
    });
    let said = '';
    child.stdout.on('data', (text) => {
      said += String(text);
    });
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    const [code] = await once(child, 'close');
    expect({ code, said }).toMatchObject({ code: 1 });
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).not.toMatch(/\bat .*:\d+:\d+/);
    return said;
  }
  const settings = () => ({
    TRAINYARD_DATA_FOLDER: join(folder, 'data'),
    TRAINYARD_WEB_PORT: '24110',
    TRAINYARD_TEMPORAL_PORT: '24111',
    TRAINYARD_TEMPORAL_UI_PORT: '24112',
    TRAINYARD_WORKER_METRICS_PORT: '24113',
  });

  it('which port is taken, by whom, and how to choose another', async () => {
    const server = await listening();
    try {
      const port = String((server.address() as { port: number }).port);
      expect(await up({ TRAINYARD_TEMPORAL_UI_PORT: port })).toMatch(
        new RegExp(
          `Port ${port} for the Temporal server's pages is taken by process ${process.pid} \\(.+\\).*TRAINYARD_TEMPORAL_UI_PORT`,
        ),
      );
    } finally {
      server.close();
    }
  });

  it('that it already runs on this data folder, in which process', async () => {
    const lock = await openDataFolder(settings().TRAINYARD_DATA_FOLDER);
    expect(await up({})).toMatch(new RegExp(`already runs on the data folder .* \\(process ${process.pid}\\)`));
    lock.release();
  });

  it('that a newer version has used the data folder', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/VERSION'), `${layoutVersion + 1}\n`);
    expect(await up({})).toMatch(/last used by a newer version.*TRAINYARD_DATA_FOLDER/);
  });

  it('that there is no Python, or one that is too old', async () => {
    expect(await up({ TRAINYARD_PYTHON_PATH: '/nowhere/python3' })).toMatch(
      /"\/nowhere\/python3" does not run.*apt-get install python3/,
    );
    const old = join(folder, 'python3');
    writeFileSync(old, '#!/bin/sh\necho 3.9.2\n', { mode: 0o755 });
    expect(await up({ TRAINYARD_PYTHON_PATH: old })).toMatch(/Python 3\.10 or newer is needed, and .* is 3\.9\.2/);
  });

  it('that a data folder cannot be there', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(await up({ TRAINYARD_DATA_FOLDER: join(folder, 'file') })).toMatch(/TRAINYARD_DATA_FOLDER/);
  });

  it('which setting does not fit', async () => {
    expect(await up({ TRAINYARD_WEB_PORT: 'many' })).toMatch(/TRAINYARD_WEB_PORT is "many"/);
  });
});

describe('the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is refused when its disk is full, with what is free and what mends it', async () => {
    await expect(openDataFolder(folder, async () => 5_000_000)).rejects.toThrow(
      /is full: 4 MB are free, and 200 MB.*TRAINYARD_DATA_FOLDER/,
    );
  });

  it('can be opened again after it was let go, and by an older layout', async () => {
    (await openDataFolder(folder)).release();
    writeFileSync(join(folder, 'VERSION'), '0\n');
    (await openDataFolder(folder)).release();
  });
});

function listening(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  });
}
