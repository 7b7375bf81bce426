import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeEngines } from '../../infra/engines.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import { until } from './waiting.ts';

const infraLocal = join(import.meta.dirname, '../../infra/local');

/** One small package of pure Python, with its hash. */
const hash = '--hash=sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374';
const tinyLock = `iniconfig==2.0.0 ${hash}\n`;

const described = {
  name: 'tiny',
  title: 'Tiny',
  summary: 'An engine for tests.',
  tasks: ['binary'],
  settings: [],
  continues: false,
  environment: { downloadMegabytes: 1400, installSeconds: 1, preparedAtStart: true },
};

describe('engine environments', () => {
  let folder: string;
  let trainerFolder: string;
  const open = (pythonPath = 'python3') =>
    engineEnvironments({ cacheFolder: join(folder, 'cache'), trainerFolder, pythonPath });
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  const writeLock = (text: string) => write(join(trainerFolder, 'trainer/engines/tiny/requirements.lock'), text);

  let realPython: string;

  beforeAll(async () => {
    // Not a script that chooses one by the PATH, and changes it.
    realPython = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    folder = await mkdtemp(join(tmpdir(), 'trainyard environments-'));
    trainerFolder = join(folder, 'trainer-image');
    await write(join(trainerFolder, 'trainer/__main__.py'), `print(r'''${JSON.stringify([described])}''')`);
  });
  beforeEach(() => writeLock(tinyLock));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('are made when first asked for, say how far they are, and are ready from then on', async () => {
    const environments = open();
    expect(environments.python('tiny')).toBeUndefined();
    const sentences: string[] = [];
    const python = await environments.prepare('tiny', (sentence) => sentences.push(sentence));
    expect(sentences[0]).toBe('Preparing Tiny');
    expect(sentences).toContain('Preparing Tiny: installing');
    expect(environments.python('tiny')).toBe(python);
    expect(execFileSync(python, ['-c', 'import iniconfig; print(iniconfig.__name__)'], { encoding: 'utf8' })).toBe(
      'iniconfig\n',
    );

    const again: string[] = [];
    expect(await open().prepare('tiny', (sentence) => again.push(sentence))).toBe(python);
    expect(again).toEqual([]);
  });

  test('another lock file makes another environment beside it', async () => {
    const environments = open();
    const before = await environments.prepare('tiny', () => {});
    await writeLock(`# changed\n${tinyLock}`);
    expect(environments.python('tiny')).toBeUndefined();
    const after = await environments.prepare('tiny', () => {});
    expect(after).not.toBe(before);
    await writeLock(tinyLock);
    expect(environments.python('tiny')).toBe(before);
  });

  test('two builders at once: one builds, the other waits and finds it ready', async () => {
    await writeLock(`# two at once\n${tinyLock}`);
    const said = [new Set<string>(), new Set<string>()];
    const [one, two] = await Promise.all(
      said.map((heard) => open().prepare('tiny', (sentence) => heard.add(sentence))),
    );
    expect(two).toBe(one);
    const waited = said.filter((heard) => heard.has('Waiting for another process that prepares Tiny'));
    expect(waited).toHaveLength(1);
    expect(said.filter((heard) => heard.has('Preparing Tiny'))).toHaveLength(1);
    expect([...(waited[0] ?? [])]).toHaveLength(1);
  });

  test('what a killed builder left is cleared away', async () => {
    await writeLock(`# killed\n${tinyLock}`);
    const python = await open().prepare('tiny', () => {});
    const place = dirname(dirname(python));
    await rm(join(place, '.ready'));
    await writeFile(join(place, 'half'), 'left');
    expect(await open().prepare('tiny', () => {})).toBe(python);
    expect(await readdir(place)).not.toContain('half');
  });

  test('a builder ends, with its uv, when the process that asked is killed', async () => {
    await writeLock(`# orphan\n${tinyLock}`);
    const bin = join(folder, 'bin');
    await write(
      join(bin, 'uv'),
      `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho $$ > '${folder}/uv.pid'\nsleep 100\n`,
    );
    await chmod(join(bin, 'uv'), 0o755);
    const asking = `import { engineEnvironments } from ${JSON.stringify(join(infraLocal, 'engine-environments.ts'))};
      await engineEnvironments(JSON.parse(process.argv[1])).prepare('tiny', () => {});`;
    const options = { cacheFolder: join(folder, 'cache'), trainerFolder, pythonPath: realPython };
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', asking, JSON.stringify(options)], {
      env: { PATH: `${bin}:${process.env['PATH']}` },
      stdio: 'ignore',
    });
    const pid = async () => (await readFile(join(folder, 'uv.pid'), 'utf8').catch(() => '')).trim();
    await until('uv runs', async () => (await pid()) !== '');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const uv = await pid();
    await until('uv is gone', async () => !(await readFile(`/proc/${uv}/cmdline`, 'utf8').catch(() => '')));
  });

  test.each([
    ['is not what the lock says', tinyLock.replace('sha256:b6a8', 'sha256:0000')],
    ['the lock gives no hash of', 'iniconfig==2.0.0\n'],
  ])('a package that %s is refused, and nothing is called ready', async (_, lock) => {
    await writeLock(lock);
    const environments = open();
    const failed = environments.prepare('tiny', () => {});
    await expect(failed).rejects.toMatchObject({ type: 'EngineUnavailable' });
    await expect(failed).rejects.toThrow(/Tiny could not be prepared: .*[Hh]ash/);
    expect(environments.python('tiny')).toBeUndefined();
  });

  test('an engine that is not there, and a Python that is not, are said so', async () => {
    await expect(open().prepare('../x', () => {})).rejects.toThrow('There is no engine “../x”.');
    await expect(open('/no/python').prepare('tiny', () => {})).rejects.toMatchObject({
      type: 'EngineUnavailable',
      message: 'Python could not be run as “/no/python”.',
      hint: expect.stringContaining('TRAINYARD_PYTHON_PATH'),
    });
  });

  test.each([
    ['the pip there is', ''],
    ['an environment of its own, where Python came without pip', `bring_uv._has = lambda module: module != 'pip'`],
  ])('uv is brought into the cache when there is none, by %s', (how, patch) => {
    const cache = join(folder, how);
    const script = `import bring_uv, pathlib\n${patch}\nprint(bring_uv.bring(pathlib.Path(r'${cache}')))`;
    const { PATH: _, ...rest } = process.env;
    const options = { cwd: infraLocal, encoding: 'utf8', env: { ...rest, PATH: '/usr/bin:/bin' } } as const;
    const uv = execFileSync(realPython, ['-B', '-c', script], options).trim();
    expect(uv.startsWith(cache)).toBe(true);
    expect(execFileSync(uv, ['--version'], { encoding: 'utf8' })).toMatch(/^uv \d/);
  });

  test('a Python without venv and pip is named, with the command that mends it', () => {
    const script = `import bring_uv, pathlib
bring_uv._has = lambda module: False
try:
    bring_uv.bring(pathlib.Path(r'${folder}') / 'bare')
except bring_uv.Unavailable as error:
    print(error, error.hint)`;
    // No uv on the PATH either.
    const options = { cwd: infraLocal, encoding: 'utf8', env: { PATH: '/nowhere' } } as const;
    expect(execFileSync(realPython, ['-B', '-c', script], options)).toMatch(
      /without venv and without pip.*python3-venv/,
    );
  });
});

describe('engines', () => {
  const trainerFolder = join(import.meta.dirname, '../../trainer-image');

  test('say what they are, asked once', async () => {
    const asked = describeEngines({ python: 'python3', trainerFolder });
    expect((await asked).map((engine) => engine.name)).toEqual(expect.arrayContaining(['sklearn', 'autogluon']));
    expect(await describeEngines({ python: 'python3', trainerFolder })).toBe(await asked);
  });

  test('that cannot be asked are an error of the engine, and are asked again later', async () => {
    const ask = () => describeEngines({ python: 'python3', trainerFolder: join(trainerFolder, 'runner') });
    await expect(ask()).rejects.toMatchObject({ type: 'EngineUnavailable' });
    await expect(ask()).rejects.toThrow(/could not be asked what they are: .*trainer/);
  });
});
