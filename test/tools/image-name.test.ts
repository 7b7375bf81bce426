import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageName, packTrainer, trainerFiles, trainerHash } from '../../infra/trainer-image.ts';
import { loadSettings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import { runProgram } from '../../tools/run-program.ts';

const root = join(import.meta.dirname, '../..');
const real = join(root, 'trainer-image');

describe("the trainer's hash", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-image-'));
    mkdirSync(join(folder, 'runner'));
    writeFileSync(join(folder, 'entry.sh'), 'start');
    writeFileSync(join(folder, 'runner/a.py'), 'one');
    writeFileSync(join(folder, 'runner/b.py'), 'two');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is the same for the same files, wherever they are and whatever running them left', async () => {
    const copy = join(folder, 'copy');
    const before = await trainerHash(folder);
    cpSync(join(folder, 'runner'), join(copy, 'runner'), { recursive: true });
    cpSync(join(folder, 'entry.sh'), join(copy, 'entry.sh'));
    mkdirSync(join(copy, 'runner/__pycache__'));
    writeFileSync(join(copy, 'runner/__pycache__/a.cpython-311.pyc'), 'compiled');
    writeFileSync(join(copy, '.hidden'), 'x');
    mkdirSync(join(copy, 'samples'));
    writeFileSync(join(copy, 'samples/iris.csv'), '1,2');
    expect(await trainerHash(copy)).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{12}$/);
  });

  const changes: Record<string, () => void> = {
    'the content of a file': () => writeFileSync(join(folder, 'runner/a.py'), 'One'),
    'a new file': () => writeFileSync(join(folder, 'runner/c.py'), ''),
    'another name': () => {
      rmSync(join(folder, 'runner/b.py'));
      writeFileSync(join(folder, 'runner/bb.py'), 'two');
    },
    'a file that goes into the one before it, name and all': () => {
      rmSync(join(folder, 'runner/b.py'));
      writeFileSync(join(folder, 'runner/a.py'), 'onerunner/b.py\0two');
    },
    'a folder of samples that is not at the top': () => {
      mkdirSync(join(folder, 'runner/samples'));
      writeFileSync(join(folder, 'runner/samples/a.csv'), '');
    },
  };
  it.each(Object.keys(changes))('is another after %s', async (change) => {
    const before = await trainerHash(folder);
    changes[change]?.();
    expect(await trainerHash(folder)).not.toBe(before);
  });

  it('is of everything that a machine needs, and of nothing else', async () => {
    const files = await trainerFiles(real);
    expect(files).toEqual(
      expect.arrayContaining([
        'entry.sh',
        'images/trainyard-runner.service',
        'runner/__main__.py',
        'runner/google/house.py',
        'trainer/engines/sklearn/requirements.lock',
      ]),
    );
    expect(files.filter((name) => /samples\/|__pycache__|\/\./.test(name))).toEqual([]);
  });
});

describe('a packed trainer', () => {
  it('has the files that its hash is of, with their modes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ty-pack-'));
    try {
      await packTrainer(real, join(folder, 'trainer.tar.gz'));
      mkdirSync(join(folder, 'unpacked'));
      const unpack = ['-xzf', join(folder, 'trainer.tar.gz'), '-C', join(folder, 'unpacked')];
      expect(await runProgram('tar', unpack)).toMatchObject({ code: 0 });
      expect(await trainerHash(join(folder, 'unpacked'))).toBe(await trainerHash(real));
      expect(statSync(join(folder, 'unpacked/entry.sh')).mode & 0o111).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is refused when it cannot be written', async () => {
    await expect(packTrainer(real, '/nowhere/trainer.tar.gz')).rejects.toThrow(/nowhere/);
  });
});

describe('./x image-name', () => {
  const run = (...words: string[]) => runProgram(process.execPath, ['tools/image-name.ts', ...words], { cwd: root });

  it('prints the name that an image has, and the command that makes it', async () => {
    const hash = await trainerHash(real);
    expect((await run('cpu')).output.trim()).toBe(imageName('cpu', hash));
    expect((await run('hash')).output.trim()).toBe(hash);
    const all = (await run()).output;
    expect(all).toContain(`trainyard-gpu-${hash}`);
    expect(all).toContain(`_TRAINER_HASH=${hash}`);
  });

  it('is of the trainer that the yard uses, where a setting names another folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ty-own-'));
    try {
      writeFileSync(join(folder, 'entry.sh'), 'start');
      const env = { ...process.env, TRAINYARD_TRAINER_FOLDER: folder };
      const own = async (...words: string[]) =>
        (await runProgram(process.execPath, ['tools/image-name.ts', ...words], { cwd: root, env })).output.trim();
      const hash = await trainerHash(trainerFolderOf(loadSettings(env, root)));
      expect(hash).not.toBe(await trainerHash(real));
      expect(await own('hash')).toBe(hash);
      expect(await own()).toContain(`-var trainer_hash=${hash} ${folder}/images/machine.pkr.hcl`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses what it does not know', async () => {
    expect(await run('tpu')).toMatchObject({ code: 2, output: expect.stringContaining('image-name cpu') });
  });
});
