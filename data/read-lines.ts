import { pieces } from './text-encoding.ts';

export interface Line {
  number: number;
  /** Undefined when it is longer than `most` bytes; its beginning is in `start`. */
  text: string | undefined;
  start: string;
}

const SHOWN = 4000;

/** The lines of a UTF-8 file, blank ones too; what is held in memory is bounded, however long they are. */
export async function* readLines(path: string, most: number, signal: AbortSignal): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (): Line => {
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const isLong = length > most;
    const text = isLong ? undefined : withoutReturn(bytes.toString());
    const line = { number, text, start: isLong ? bytes.toString('utf8', 0, SHOWN) : (text ?? '') };
    number++;
    parts = [];
    length = 0;
    return line;
  };
  for await (const piece of pieces(path, signal)) {
    let at = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, at)) {
      parts.push(piece.subarray(at, end));
      length += end - at;
      at = end + 1;
      yield take();
    }
    const rest = piece.subarray(at);
    if (rest.length === 0) continue;
    // A copy: the memory of the piece is used again. Of what is too long, the beginning is enough.
    if (length <= most) parts.push(Buffer.from(rest));
    length += rest.length;
  }
  if (length > 0) yield take();
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
