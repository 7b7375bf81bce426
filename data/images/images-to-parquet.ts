import { badData } from '../bad-data.ts';
import type { TypedColumn } from '../profile-columns.ts';
import type { RejectedRows } from '../rejected-rows.ts';
import type { Session } from '../session.ts';
import { gunzipHead, type Packing } from '../unpack.ts';
import { type Archive, openArchive, type PackedFile } from './archive.ts';
import { isIdx, isNpy } from './array-file.ts';
import { idxImages, npzImages } from './array-images.ts';
import { folderImages } from './folder-images.ts';
import { ImageRows } from './image-rows.ts';
import { imageTypeOf } from './measure-image.ts';

export interface ImageArchive extends AsyncDisposable {
  packed: Packing | null;
  toParquet(to: string, rejected: RejectedRows): Promise<{ columns: TypedColumn[]; remarks: string[] }>;
}

type Kind = 'files' | 'npz' | 'idx';

/** So many files are looked into until one says what the archive is. */
const LOOKED_INTO = 500;

/** An upload that is images, by what is in it; undefined for everything else. */
export async function openImages(session: Session, path: string, limit: number): Promise<ImageArchive | undefined> {
  const archive = await openArchive(path, session.workFolder, limit, session.signal);
  const kind = archive && (await kindOf(archive));
  if (!archive || !kind) {
    await archive?.[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    packed: archive.packing === 'zip' ? 'zip' : archive.packing === 'tar.gz' ? 'gzip' : null,
    toParquet: async (to, rejected) => {
      const rows = new ImageRows(session);
      const { remarks, ...columns } = await read(session, kind, archive, rows, rejected, limit);
      return { columns: await rows.finish(to, columns), remarks };
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

async function read(
  session: Session,
  kind: Kind,
  archive: Archive,
  rows: ImageRows,
  rejected: RejectedRows,
  limit: number,
) {
  if (kind === 'files') return folderImages(session, archive, rows, rejected);
  const wanted = kind === 'npz' ? isNpy : isPackedIdx;
  const arrays: PackedFile[] = [];
  for (const file of archive.files) if (wanted(await file.head())) arrays.push(file);
  if (arrays.length > MOST_ARRAYS) throw badData('The archive has too many arrays.', 'Upload images and labels alone.');
  return kind === 'npz'
    ? npzImages(session, arrays, rows, rejected)
    : idxImages(session, arrays, rows, rejected, limit);
}

const MOST_ARRAYS = 100;

async function kindOf({ files }: Archive): Promise<Kind | undefined> {
  for (const file of files.slice(0, LOOKED_INTO)) {
    const head = await file.head();
    if (imageTypeOf(head)) return 'files';
    if (isNpy(head)) return 'npz';
    if (isPackedIdx(head)) return 'idx';
  }
  // All of them may be broken; then each is told so by its name.
  const named = files.filter(({ name }) => /\.(png|jpe?g|gif|webp|bmp|tiff?)$/i.test(name));
  return named.length > files.length / 2 ? 'files' : undefined;
}

function isPackedIdx(head: Buffer): boolean {
  return isIdx(head) || (head[0] === 0x1f && head[1] === 0x8b && isIdx(gunzipHead(head, 20)));
}
