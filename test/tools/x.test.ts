import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Ran, runProgram } from '../../tools/run-program.ts';

const root = join(import.meta.dirname, '../..');

/** Writes down that it was called, and leaves what the real one would: here for Node, there for the packages. */
const npm = `#!/bin/sh
echo "$*" >> "$CALLS"
sleep 0.3
mkdir -p node_modules/node/bin
case "$PWD" in
  *tools/node-*) ln -s "$REAL_NODE" node_modules/node/bin/node ;;
  *) echo installed > node_modules/a-package ;;
esac
`;
const oldNode = '#!/bin/sh\necho 20.11.0\n';

describe('./x', () => {
  let folder: string;
  let calls: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-x-'));
    calls = join(folder, 'calls');
    mkdirSync(join(folder, 'bin'));
    for (const [name, text] of Object.entries({ npm, node: oldNode })) {
      writeFileSync(join(folder, 'bin', name), text);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function clone(name: string): string {
    const place = join(folder, name);
    mkdirSync(join(place, 'tools'), { recursive: true });
    for (const part of ['x', 'package-lock.json', 'tools/node'])
      cpSync(join(root, part), join(place, part), { recursive: true });
    writeFileSync(
      join(place, 'tools/doctor.ts'),
      'console.log(`doctor ${process.argv.slice(2)} ${process.versions.node}`);',
    );
    return place;
  }

  const run = (place: string, ...words: string[]): Promise<Ran> =>
    runProgram(join(place, 'x'), words, {
      env: {
        PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter),
        HOME: folder,
        CALLS: calls,
        REAL_NODE: process.execPath,
        TRAINYARD_CACHE_FOLDER: join(folder, 'cache'),
      },
    });
  const timesCalled = () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0);

  it('brings Node and the packages once, and hands over', async () => {
    const place = clone('first');
    const first = await run(place, 'doctor', 'word');
    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toMatch(
      /Node is 20\.11\.0, older than 24\.9: bringing Node 24[\s\S]*Bringing the npm packages/,
    );
    expect(first.output).toContain(`doctor word ${process.versions.node}`);
    expect(timesCalled()).toBe(2);
    expect((await run(place, 'doctor')).output).toBe(`doctor  ${process.versions.node}\n`);
    expect(timesCalled()).toBe(2);
  });

  it('installs again when the lockfile has changed', async () => {
    const place = clone('first');
    await run(place, 'doctor');
    writeFileSync(join(place, 'package-lock.json'), '{}');
    await run(place, 'doctor');
    expect(timesCalled()).toBe(3);
  });

  it('gives a second clone what the first one brought', async () => {
    await run(clone('first'), 'doctor');
    const second = clone('second');
    expect((await run(second, 'doctor')).output).toContain('from the cache');
    expect(readFileSync(join(second, 'node_modules/a-package'), 'utf8')).toBe('installed\n');
    expect(timesCalled()).toBe(2);
  });

  it('sets up once when two start together', async () => {
    const place = clone('first');
    const both = await Promise.all([run(place, 'doctor'), run(place, 'doctor')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(timesCalled()).toBe(2);
  });

  it('takes over what one that was killed had locked', async () => {
    const place = clone('first');
    const lock = join(place, '.trainyard/setup.lock');
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, 'owner'), '1\nat another time\n');
    expect((await run(place, 'doctor')).code).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  it('says what is missing and what mends it', async () => {
    writeFileSync(join(folder, 'bin/npm'), '#!/bin/sh\necho "no such host" >&2\nexit 1\n');
    const { code, output } = await run(clone('first'), 'doctor');
    expect(code).toBe(1);
    expect(output).toMatch(/no such host\nTrainyard: Node 24 could not be brought by npm.*Install Node 24\.9 or newer/);
  });

  it('knows its commands, and sets nothing up to say so', async () => {
    const place = clone('first');
    expect(await run(place, 'help')).toMatchObject({ code: 0 });
    const wrong = await run(place, 'upp');
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.output).toContain('There is no command "upp".');
    expect(timesCalled()).toBe(0);
  });
});
