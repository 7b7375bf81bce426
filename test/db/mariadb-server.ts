import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';

const START_WITHIN_MS = 25_000;
// System daemons are often not on the PATH of a person.
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

function findProgram(...names: string[]): string | undefined {
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

const server = findProgram('mariadbd', 'mysqld');

/** Why there is none, for whoever reads the test's output; undefined when one can be started. */
export const noMariadb = server ? undefined : 'neither mariadbd nor mysqld is installed (Debian: mariadb-server)';

export interface MariadbServer {
  version: string;
  /** An empty schema and the address to open it by. */
  newSchema(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * A private server in a temporary folder, reached by a socket there. It ends with this process, however that ends: a
 * shell holds it and lets go of it when the pipe to us closes.
 */
export async function startMariadb(): Promise<MariadbServer> {
  if (!server) throw new Error(noMariadb);
  const folder = await mkdtemp(join(tmpdir(), 'ty-mariadb-'));
  const version = execFileSync(server, ['--version'], { encoding: 'utf8' }).trim();
  const socket = join(folder, 'socket');
  const data = join(folder, 'data');
  const user = userInfo().username;
  installInto(data, user, version.includes('MariaDB'));
  const child = hold(server, [
    '--no-defaults',
    `--user=${user}`,
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--log-error=${join(folder, 'log')}`,
    '--skip-networking',
    // Nothing here outlives the test.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=64M',
  ]);
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(socket, child);
  } catch (error) {
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`${server} did not start:\n${log.slice(-2000)}`, { cause: error });
  }
  let schemas = 0;
  return {
    version,
    stop,
    async newSchema() {
      schemas += 1;
      const connection = await mysql.createConnection({ socketPath: socket, user: 'root' });
      await connection.query(`create database trainyard_${schemas}`);
      await connection.end();
      return `mysql://root@localhost/trainyard_${schemas}?socket=${encodeURIComponent(socket)}`;
    },
  };
}

function installInto(data: string, user: string, isMariadb: boolean): void {
  const shared = ['--no-defaults', `--user=${user}`, `--datadir=${data}`];
  if (!isMariadb) {
    execFileSync(server as string, [...shared, '--initialize-insecure'], { stdio: 'pipe' });
    return;
  }
  const install = findProgram('mariadb-install-db', 'mysql_install_db');
  if (!install) throw new Error(`${server} is installed, but not mariadb-install-db, which makes its first tables`);
  execFileSync(install, [...shared, '--auth-root-authentication-method=normal', '--skip-test-db'], { stdio: 'pipe' });
}

function hold(program: string, given: string[]): ChildProcess {
  const script = '"$@" & pid=$!; cat > /dev/null; kill -9 $pid; wait $pid 2> /dev/null';
  return spawn('sh', ['-c', script, 'sh', program, ...given], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function answers(socketPath: string, child: ChildProcess): Promise<void> {
  for (const until = Date.now() + START_WITHIN_MS; ; await sleep(50)) {
    try {
      const connection = await mysql.createConnection({ socketPath, user: 'root' });
      return await connection.end();
    } catch (error) {
      if (Date.now() > until || child.exitCode !== null) throw error;
    }
  }
}
