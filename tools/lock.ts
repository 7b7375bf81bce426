import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { Progress } from './progress.ts';

/** Held until released or until this process dies, however it dies. */
export interface Lock {
  release(): void;
}

/**
 * A lock of the operating system, by way of SQLite: Node has no file locks of its own, and a lock that is only a file
 * outlives its holder. Undefined when another process has it.
 */
export async function takeLock(path: string): Promise<Lock | undefined> {
  await mkdir(dirname(path), { recursive: true });
  // Long enough to outwait one who only looks (isHeld).
  const file = new Sqlite(path, { timeout: 100 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  writeFileSync(`${path}.holder`, String(process.pid));
  return { release: () => file.close() };
}

/** Looks without taking. */
export function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = new Sqlite(path, { timeout: 0, readonly: true });
  try {
    file.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    file.close();
  }
}

function isBusy(error: unknown): boolean {
  return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
}

/** The process that holds a lock, as far as it is known. */
export function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(`${path}.holder`, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

/** Waits for the lock, saying so once, and does the work under it. */
export async function withLock<Result>(path: string, progress: Progress, work: () => Promise<Result>): Promise<Result> {
  let lock = await takeLock(path);
  if (!lock) {
    progress.line(`Process ${holderOf(path) ?? 'unknown'} is setting up the same; waiting for it.`);
    while (!lock) {
      await wait(500);
      lock = await takeLock(path);
    }
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
