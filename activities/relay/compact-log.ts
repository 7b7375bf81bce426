import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Holder } from '../../domain/ids.ts';
import { logFolderOf } from '../../infra/object-names.ts';
import type { Dependencies } from '../dependencies.ts';

const pack = promisify(gzip);
const worthAChunkLines = 5000;

/**
 * Turns the tail of a log, once it is long enough, into a compressed file of the store. The file is written first and
 * named by its first line, so that whoever dies in between leaves a file that the next one writes again.
 */
export async function compactLog(
  { stores, store }: Pick<Dependencies, 'stores' | 'store'>,
  { kind, id }: Holder,
  { force }: { force: boolean },
): Promise<void> {
  const holder = { kind, id };
  for (;;) {
    const tail = await stores.log.compactable(holder, { minLines: worthAChunkLines, force });
    if (!tail) return;
    // How many lines it holds is in its name too: a relay that was overtaken and writes late, with fewer, writes elsewhere.
    const lines = `${String(tail.firstLine).padStart(12, '0')}-${tail.lineCount}`;
    const object = `${logFolderOf(holder)}${lines}.jsonl.gz`;
    const text = tail.lines.map((line) => JSON.stringify(line)).join('\n');
    await store.putText(object, await pack(`${text}\n`));
    const { firstLine, lineCount, bytes } = tail;
    await stores.log.replaceByChunk(holder, { firstLine, lineCount, bytes, object });
  }
}
