import { SettingsError } from '../settings/settings.ts';
import { TrainyardError } from '../domain/failures.ts';

/** Something expected went wrong: one sentence of what, and what mends it. Never shown with a stack trace. */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/** The sentence for a person, when there is one; what has none is a bug, and its stack trace helps. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof Problem || error instanceof SettingsError) return error.message;
  if (error instanceof TrainyardError) return error.hint ? `${error.message} ${error.hint}` : error.message;
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  const where = path ? ` (${path})` : '';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return `The disk is full${where}. Make room, or name another folder with TRAINYARD_DATA_FOLDER or TRAINYARD_CACHE_FOLDER.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
      return `There is no right to write${where}: ${message}. Give it, or name another folder with TRAINYARD_DATA_FOLDER or TRAINYARD_CACHE_FOLDER.`;
    case 'EEXIST':
    case 'ENOTDIR':
      return `There is a file where a folder has to be${where}. Move it, or name another folder with TRAINYARD_DATA_FOLDER or TRAINYARD_CACHE_FOLDER.`;
    default:
      return undefined;
  }
}

/** Runs a command of ./x: what it returns is the exit code, and an expected problem is one sentence. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const sentence = sentenceOf(error);
    console.error(sentence ? `Trainyard: ${sentence}` : error);
    process.exitCode = 1;
  }
}
