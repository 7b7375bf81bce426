import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOthers, openTable } from '../../data/recipe/recipe-table.ts';
import { openEngine, openSession } from '../../data/session.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-session-'));
  await writeFile(join(folder, 'mine.csv'), 'a\n1\n');
  await writeFile(join(folder, 'other.csv'), 'a\nsecret\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['reads a file of the call', (at: string) => `SELECT * FROM read_csv('${at}/mine.csv')`, undefined],
  ['reads another file', (at: string) => `SELECT * FROM read_csv('${at}/other.csv')`, /Permission/],
  [
    'reads another file by the way of its own folder',
    (at: string) => `SELECT * FROM read_csv('${at}/work/../other.csv')`,
    /Permission/,
  ],
  ['reads a file of the system', () => "SELECT * FROM read_text('/etc/passwd')", /Permission/],
  ['lists files', () => "SELECT * FROM glob('/etc/*')", /Permission/],
  ['writes beside', (at: string) => `COPY (SELECT 1) TO '${at}/new.csv'`, /Permission/],
  ['attaches a database', (at: string) => `ATTACH '${at}/new.db'`, /Permission/],
  ['asks the network', () => "SELECT * FROM read_csv('https://127.0.0.1:26000/x.csv')", /Permission|httpfs|disabled/],
  ['installs an extension', () => 'INSTALL httpfs', /Permission|disabled/],
  ['opens itself again', () => 'SET enable_external_access = true', /Cannot change|Invalid/],
  ['allows itself more', () => "SET allowed_directories = ['/']", /Cannot change|Invalid/],
])('a session %s', async (_, sql, refusal) => {
  const settings = { memoryMb: 128, threads: 1 };
  const files = { read: [join(folder, 'mine.csv')], write: [], workFolder: join(folder, 'work') };
  using session = await openSession(await openEngine(settings), settings, files, new AbortController().signal);
  const result = session.rows(sql(folder));
  if (refusal) await expect(result).rejects.toThrow(refusal);
  else expect(await result).toHaveLength(1);
});

test.each(["SET memory_limit = '1TB'", 'SET threads = 64', 'RESET memory_limit', "SET temp_directory = '/tmp'"])(
  'a session in which a person’s words become SQL does not take “%s”',
  async (sql) => {
    const settings = { memoryMb: 128, threads: 1 };
    const files = { read: [], write: [], workFolder: join(folder, 'work') };
    using session = await openSession(await openEngine(settings), settings, files, new AbortController().signal);
    await session.lock();
    await expect(session.run(sql)).rejects.toThrow(/configuration has been locked/);
    expect(await session.row('SELECT 1')).toEqual([1]);
  },
);

test('a recipe works with settings that are locked', async () => {
  const settings = { memoryMb: 128, threads: 1 };
  const parquet = join(folder, 'table.parquet');
  const files = { read: [parquet], write: [parquet], workFolder: join(folder, 'work') };
  using session = await openSession(await openEngine(settings), settings, files, new AbortController().signal);
  await session.run(`COPY (SELECT 1::BIGINT AS a) TO '${parquet}' (FORMAT parquet)`);
  await openTable(session, parquet);
  await openOthers(session);
  await expect(session.run("SET memory_limit = '1TB'")).rejects.toThrow(/configuration has been locked/);
});
