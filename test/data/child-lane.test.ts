import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataWorker } from '../../data/open-data-worker.ts';
import { type FailureType, familyOf } from '../../domain/failures.ts';
import { type DataFixture, failureOf, openFixture } from './data-fixture.ts';

let fixture: DataFixture;
let large: string;
beforeAll(async () => {
  fixture = await openFixture();
  const rows = Array.from({ length: 400_000 }, (_, n) => `${n},name ${n * 7919},${n / 7},${n % 13}\n`);
  large = await fixture.write('large.csv', `id,name,part,class\n${rows.join('')}`);
});
afterAll(() => fixture.close());

const small = 'a,b\n1,x\n2,y\n';

function ingestLarge(more: { signal?: AbortSignal; timeoutMs?: number } = {}) {
  return fixture.worker.ingest({
    path: large,
    name: 'large.csv',
    toParquet: join(fixture.folder, 'large.parquet'),
    ...more,
  });
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The call under way has begun to write. */
function working(): Promise<void> {
  return until(async () => {
    const [folder] = await readdir(fixture.tempFolder).catch(() => []);
    return folder !== undefined && (await readdir(join(fixture.tempFolder, folder)).catch(() => [])).length > 0;
  }, 'a call is writing');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a child that is killed fails its call only, and leaves nothing', async () => {
  const failed = failureOf(ingestLarge());
  await working();
  const waiting = fixture.ingest(small);
  process.kill(fixture.worker.pids()[0] as number, 'SIGKILL');
  const failure = await failed;
  expect(familyOf(failure.type)).toBe('platform');
  expect(failure.message).toMatch(/SIGKILL/);
  expect((await waiting).profile.rows).toBe(2);
  expect((await fixture.ingest(small)).profile.rows).toBe(2);
  expect(await fixture.strays()).toEqual([]);
  expect(existsSync(join(fixture.folder, 'large.parquet'))).toBe(false);
});

test('a call that is aborted ends with the reason, leaves nothing, and the same child goes on', async () => {
  await fixture.ingest(small);
  const [pid] = fixture.worker.pids();
  const abort = new AbortController();
  const failed = ingestLarge({ signal: abort.signal });
  await working();
  const started = Date.now();
  abort.abort(new Error('The person left.'));
  await expect(failed).rejects.toThrow('The person left.');
  expect(Date.now() - started).toBeLessThan(2500);
  expect(await fixture.strays()).toEqual([]);
  expect((await fixture.ingest(small)).profile.rows).toBe(2);
  expect(fixture.worker.pids()[0]).toBe(pid);
});

test('a call that waits can be given up, and the others keep their turn', async () => {
  const abort = new AbortController();
  const first = fixture.ingest(small);
  const given = fixture.worker.ingest({
    path: large,
    name: 'x',
    toParquet: join(fixture.folder, 'x.parquet'),
    signal: abort.signal,
  });
  const third = fixture.ingest(small);
  abort.abort(new Error('Not needed.'));
  await expect(given).rejects.toThrow('Not needed.');
  expect((await first).profile.rows).toBe(2);
  expect((await third).profile.rows).toBe(2);
});

test('a call that takes too long fails', async () => {
  const failure = await failureOf(ingestLarge({ timeoutMs: 150 }));
  expect(failure.message).toMatch(/did not finish within 0\.[12] s/);
  expect(familyOf(failure.type)).toBe('platform');
});

test('a file that takes too long to read loses its turn to the next, and is refused by what it is', async () => {
  const limited = openDataWorker({ memoryMb: 512, tempFolder: fixture.tempFolder, threads: 2, readLimitMs: 150 });
  try {
    const [first, second] = await Promise.all(
      ['one', 'two'].map((name) =>
        failureOf(limited.ingest({ path: large, name, toParquet: join(fixture.folder, `${name}.parquet`) })),
      ),
    );
    for (const failure of [first, second]) {
      expect(failure?.message).toBe('Reading the file took longer than 0.2 s, so it was given up.');
      expect(familyOf(failure?.type as FailureType)).toBe('user');
    }
    expect(await fixture.strays()).toEqual([]);
  } finally {
    await limited.close();
  }
});

test('rows are shown, and the event loop is free, while a long call is at work', async () => {
  const { parquet } = await fixture.ingest(small);
  const order: string[] = [];
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 20);
  const long = ingestLarge().then(() => order.push('ingest'));
  await working();
  const before = ticks;
  const { rows } = await fixture.worker.rows({ parquet, limit: 1 });
  order.push('rows');
  await long;
  clearInterval(ticking);
  expect(rows).toEqual([['1', 'x']]);
  expect(order).toEqual(['rows', 'ingest']);
  expect(ticks - before).toBeGreaterThan(5);
});

test('works within its memory by spilling to the temp folder', async () => {
  const tight = await openFixture(70);
  try {
    const text = Array.from(
      { length: 500_000 },
      (_, n) => `${(n * 2_654_435_761) % 4_294_967_296},text of some length to fill the memory ${n * 7919}\n`,
    );
    const path = await tight.write('large.csv', `id,text\n${text.join('')}`);
    let spilled = false;
    const watching = setInterval(() => {
      void readdir(tight.tempFolder, { recursive: true }).then(
        (names) => (spilled ||= names.some((name) => name.includes('duckdb_temp'))),
        () => undefined,
      );
    }, 5);
    const result = await tight.worker.ingest({ path, name: 'x', toParquet: join(tight.folder, 'x.parquet') });
    clearInterval(watching);
    expect(result.profile.rows).toBe(500_000);
    expect(result.profile.columns[1]?.distinct).toBe(500_000);
    expect(spilled).toBe(true);
  } finally {
    await tight.close();
  }
});

test('a file that is not there is named', async () => {
  const failure = await failureOf(
    fixture.worker.ingest({ path: join(fixture.folder, 'none'), name: 'none', toParquet: join(fixture.folder, 'n') }),
  );
  expect(failure).toMatchObject({ type: 'NotFound', message: expect.stringContaining('none') });
});

describe('with its parent', () => {
  function parent(script: string) {
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8');
    return child;
  }
  const opened =
    () => `import { openDataWorker } from ${JSON.stringify(new URL('../../data/open-data-worker.ts', import.meta.url).href)};
    const worker = openDataWorker({ memoryMb: 256, tempFolder: ${JSON.stringify(join(fixture.folder, 'other-tmp'))} });`;

  test('a child dies, and its files go', async () => {
    const owner = parent(`${opened()}
      worker.ingest({ path: ${JSON.stringify(large)}, name: 'x', toParquet: ${JSON.stringify(join(fixture.folder, 'other.parquet'))} }).catch(() => {});
      const timer = setInterval(() => { const [pid] = worker.pids(); if (pid) { console.log(pid); clearInterval(timer); } }, 5);`);
    const [line] = (await once(owner.stdout, 'data')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    await until(
      async () => (await readdir(join(fixture.folder, 'other-tmp')).catch(() => [])).length > 0,
      'the call began',
    );
    owner.kill('SIGKILL');
    await until(() => !isAlive(pid), 'the child ended');
    await until(async () => (await readdir(join(fixture.folder, 'other-tmp'))).length === 0, 'its files are gone');
  });

  test('a child at rest does not keep its parent from ending', async () => {
    const { parquet } = await fixture.ingest(small);
    const owner = parent(`${opened()}
      console.log((await worker.rows({ parquet: ${JSON.stringify(parquet)}, limit: 1 })).rows[0].join());`);
    const [output] = (await once(owner.stdout, 'data')) as [string];
    expect(output.trim()).toBe('1,x');
    const [code] = (await once(owner, 'exit')) as [number];
    expect(code).toBe(0);
  });
});

test('what waits when it is closed fails, and no process is left', async () => {
  const other = await openFixture();
  const path = await other.write('large.csv', 'a,b\n1,2\n'.repeat(1));
  await other.worker.ingest({ path, name: 'x', toParquet: join(other.folder, 'x.parquet') });
  const [pid] = other.worker.pids();
  const failed = failureOf(other.worker.ingest({ path: large, name: 'x', toParquet: join(other.folder, 'y.parquet') }));
  await until(async () => (await readdir(other.tempFolder)).length > 0, 'the call began');
  await other.close();
  expect(familyOf((await failed).type)).toBe('platform');
  expect(isAlive(pid as number)).toBe(false);
});
