import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { Usage } from './exit-codes.ts';

/** More than any sensible header, and read in a moment. */
const headBytes = 1 << 20;

/**
 * Finds out without a server what would be refused after minutes of uploading: no such file, and a label whose name is
 * nowhere at the beginning of it, where one is told. Only what is surely wrong is said here; all else is for the server, which reads the
 * file by its own rules.
 */
export async function lookBeforeUpload(path: string, labels: readonly string[]): Promise<void> {
  const head = await headOf(path);
  if (head.length === 0) throw new Usage(`${path} is empty.`);
  // Other forms and encodings, and names that have to be quoted, the server reads better.
  if (!['.csv', '.tsv', '.txt'].includes(extname(path).toLowerCase()) || head.includes(0)) return;
  const isPlain = (label: string) => /^[\x20-\x7e]+$/.test(label) && !label.includes('"');
  const missing = labels.find((label) => isPlain(label) && !head.includes(label));
  if (missing !== undefined) throw new Usage(`${path} has no column “${missing}”. It was not uploaded.`);
}

async function headOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'There is no file', EISDIR: 'This is a folder:', EACCES: 'You may not read' }[code ?? ''];
    throw new Usage(why === undefined ? `${path} cannot be read: ${(error as Error).message}` : `${why} ${path}.`);
  }
}
