import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SqlType } from '../column-kinds.ts';
import { badData } from '../bad-data.ts';
import type { RejectedRows } from '../rejected-rows.ts';
import type { Session } from '../session.ts';
import { listNames, plural, showValue } from '../show-value.ts';
import { unpack } from '../unpack.ts';
import { type ArrayFile, numberReader, openIdx, openNpy, rowsOf, textReader } from './array-file.ts';
import { findShades, type ImageShape, imageShape, pixelsOf, type Shades } from './array-pixels.ts';
import { encodePng } from './encode-png.ts';
import type { PackedFile } from './archive.ts';
import { labelType } from './folder-images.ts';
import type { ImageColumns, ImageRows } from './image-rows.ts';
import { BrokenFile } from './measure-image.ts';

/** Images and their labels, both as arrays; several pairs are parts of one dataset: to learn from, to judge by. */
interface Pair {
  part: string | null;
  images: ArrayFile;
  labels: ArrayFile | undefined;
}

type Role = 'images' | 'labels';

const roles: Record<string, Role> = {
  ...Object.fromEntries(
    ['x', 'image', 'images', 'img', 'imgs', 'data', 'pixels', 'arr_0'].map((name) => [name, 'images']),
  ),
  ...Object.fromEntries(
    ['y', 'label', 'labels', 'target', 'targets', 'class', 'classes', 'arr_1'].map((name) => [name, 'labels']),
  ),
};
const parts: Record<string, string> = {
  train: 'train',
  training: 'train',
  test: 'test',
  t10k: 'test',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
};

/** “x_train.npy” is images of the part train, “t10k-labels-idx1-ubyte.gz” labels of the part test. */
export function roleOf(fileName: string): { role: Role | undefined; part: string | null } {
  const base = (fileName.split('/').at(-1) ?? '').toLowerCase().replace(/\.(npy|gz)/g, '');
  const words = base.split(/[-_. ]+/).filter((word) => word !== '' && !/^(idx\d?|ubyte)$/.test(word));
  const part = words.find((word) => parts[word] !== undefined);
  const rest = words.filter((word) => word !== part).join('_');
  return { role: roles[rest], part: part === undefined ? null : (parts[part] ?? null) };
}

/** Arrays of NumPy: an .npz is an archive of them. */
export async function npzImages(
  session: Session,
  files: readonly PackedFile[],
  rows: ImageRows,
  rejected: RejectedRows,
): Promise<ImageColumns & { remarks: string[] }> {
  const found: { role: Role; part: string | null; array: ArrayFile }[] = [];
  const spare: string[] = [];
  for (const [n, file] of files.entries()) {
    const { role, part } = roleOf(file.name);
    if (!role) {
      spare.push(file.name.replace(/\.npy$/, ''));
      continue;
    }
    const path = join(session.workFolder, `array-${n}`);
    await file.copyTo(path);
    found.push({ role, part, array: await openNpy(file.name.replace(/\.npy$/, ''), path) });
  }
  const left = spare.length > 0 ? [`Other arrays were left out: ${listNames(spare)}.`] : [];
  if (!found.some(({ role }) => role === 'images')) {
    throw badData(
      `The archive has no array of images; it has ${listNames(files.map(({ name }) => name.replace(/\.npy$/, '')))}.`,
      'Call the images x and the labels y: np.savez_compressed("images.npz", x=images, y=labels).',
    );
  }
  return writePairs(session, { pairs: pairsOf(found), rows, rejected, remarks: left });
}

/** MNIST's own format: a file of images and a file of labels, each perhaps packed with gzip. */
export async function idxImages(
  session: Session,
  files: readonly PackedFile[],
  rows: ImageRows,
  rejected: RejectedRows,
  limit: number,
): Promise<ImageColumns & { remarks: string[] }> {
  const found: { role: Role; part: string | null; array: ArrayFile }[] = [];
  let left = limit;
  for (const [n, file] of files.entries()) {
    const path = await unpackedFile(session, file, join(session.workFolder, `array-${n}`), left);
    // All of them together are no more than an upload may have: each could be packed once more.
    left = Math.max(1, left - (await stat(path)).size);
    const array = await openIdx(file.name, path);
    const role = array.shape.length === 1 ? ('labels' as const) : ('images' as const);
    found.push({ role, part: roleOf(file.name).part, array });
  }
  if (!found.some(({ role }) => role === 'images')) {
    throw badData(
      `The archive has labels (${listNames(files.map(({ name }) => name))}), but no images.`,
      'Put the file of images into the same zip, and upload that.',
    );
  }
  const pairs = pairsOf(found);
  // Alone in a zip, two files belong together, whatever they are called.
  const [only, other] = pairs;
  const lonely = found.filter(({ role }) => role === 'labels');
  if (only && !other && !only.labels && lonely.length === 1) only.labels = lonely[0]?.array;
  return writePairs(session, { pairs, rows, rejected, remarks: [] });
}

async function unpackedFile(session: Session, file: PackedFile, path: string, limit: number): Promise<string> {
  await file.copyTo(path);
  const head = await file.head();
  if (head[0] !== 0x1f || head[1] !== 0x8b) return path;
  await unpack(path, `${path}.plain`, 'gzip', limit, session.signal);
  await rm(path);
  return `${path}.plain`;
}

function pairsOf(found: readonly { role: Role; part: string | null; array: ArrayFile }[]): Pair[] {
  const names = [...new Set(found.map(({ part }) => part))].sort((a, b) => orderOf(a) - orderOf(b));
  return names.flatMap((part) => {
    const of = (wanted: Role) => found.filter((each) => each.role === wanted && each.part === part);
    // Where the same images are there twice, those that say how high and wide they are.
    const [images] = of('images').toSorted((a, b) => b.array.shape.length - a.array.shape.length);
    return images ? [{ part, images: images.array, labels: of('labels')[0]?.array }] : [];
  });
}

function orderOf(part: string | null): number {
  return ['train', 'validation', 'test', null].indexOf(part);
}

interface Given {
  pairs: readonly Pair[];
  rows: ImageRows;
  rejected: RejectedRows;
  remarks: string[];
}

async function writePairs(session: Session, { pairs, rows, rejected, remarks }: Given) {
  const shades = await findShades(
    pairs.map(({ images }) => images),
    session.signal,
  );
  const types = new Set<SqlType>();
  let number = 0;
  for (const pair of pairs) {
    const shape = imageShape(pair.images);
    const labels = pair.labels && (await labelsOf(pair.images, pair.labels, session.signal));
    if (labels) types.add(labels.type);
    let at = 0;
    for await (const row of rowsOf(pair.images, session.signal)) {
      number++;
      const label = labels?.values[at++] ?? null;
      try {
        const image = drawn(pair.images, row, shape, shades);
        await rows.add({ image, label, file: null, width: shape.width, height: shape.height, part: pair.part });
      } catch (error) {
        if (!(error instanceof BrokenFile)) throw error;
        const where = `Image ${labels ? at : number} of ${showValue(pair.images.name)}`;
        rejected.add({
          record: number,
          line: number,
          where,
          reason: `${error.message}.`,
          hint: error.hint,
          text: where,
        });
      }
    }
  }
  rejected.requireSome(rows.count);
  if (rows.count === 0) throw badData('The arrays hold no image.', 'Look whether they were saved whole.');
  const without = pairs.filter(({ labels }) => !labels).map(({ images }) => images.name);
  if (without.length > 0)
    remarks.push(`No labels belong to ${listNames(without)}; an array of them is called y or labels.`);
  if (shades.remark) remarks.push(shades.remark);
  const made = pairs.map(({ images }) => `${plural(images.shape[0] ?? 0, 'image')} of ${showValue(images.name)}`);
  remarks.push(`${made.join(' and ')} ${made.length > 1 || rows.count !== 1 ? 'were' : 'was'} written as PNG.`);
  return { label: oneType(types), file: false, part: pairs.some(({ part }) => part !== null), remarks };
}

function oneType(types: ReadonlySet<SqlType>): SqlType | null {
  const [one = null, ...others] = types;
  if (others.length === 0) return one;
  return types.has('VARCHAR') ? 'VARCHAR' : 'DOUBLE';
}

function drawn(array: ArrayFile, row: DataView, shape: ImageShape, shades: Shades): Buffer {
  return encodePng(pixelsOf(numberReader(array), row, shape, shades), shape.width, shape.height, shape.channels);
}

/** As many as there are images, one value each. */
async function labelsOf(images: ArrayFile, labels: ArrayFile, signal: AbortSignal) {
  const [count = 0, ...rest] = labels.shape;
  if (rest.some((length) => length !== 1)) {
    throw badData(
      `${showValue(labels.name)} has the shape (${labels.shape.join(', ')}): one label for each image is needed.`,
      'Where each class has a column, save the number of the class: labels.argmax(axis=1).',
    );
  }
  if (count !== images.shape[0]) {
    throw badData(
      `${showValue(images.name)} has ${plural(images.shape[0] ?? 0, 'image')}, but ${showValue(labels.name)} has ${plural(count, 'label')}.`,
      'Save both again with the same rows.',
    );
  }
  const isText = labels.kind === 'letters' || labels.kind === 'bytes';
  const text = textReader(labels);
  const read = numberReader(labels);
  const values: (string | null)[] = [];
  for await (const row of rowsOf(labels, signal)) values.push(isText ? text(row) || null : numberText(read(row, 0)));
  const there = values.filter((value) => value !== null);
  const number: SqlType =
    labels.kind === 'float' && !there.every((value) => /^-?\d+$/.test(value)) ? 'DOUBLE' : 'BIGINT';
  return { values, type: isText ? labelType(there) : number };
}

function numberText(value: number): string | null {
  return Number.isFinite(value) ? String(value) : null;
}
