import type { SqlType } from '../column-kinds.ts';
import type { RejectedRows } from '../rejected-rows.ts';
import type { Session } from '../session.ts';
import { plural } from '../show-value.ts';
import type { Archive, PackedFile } from './archive.ts';
import type { ImageColumns, ImageRows } from './image-rows.ts';
import { readLabels } from './labels-file.ts';
import { BrokenFile, measureImage } from './measure-image.ts';

/** Larger ones are no examples to learn from, and each is held in memory. */
const MOST_FILE_BYTES = 32 << 20;

/** Images as files: the label is the name of the folder that a file is in, or what labels.csv says of it. */
export async function folderImages(
  session: Session,
  archive: Archive,
  rows: ImageRows,
  rejected: RejectedRows,
): Promise<ImageColumns & { remarks: string[] }> {
  const listed = archive.files.find(({ name }) => /(^|\/)labels\.csv$/i.test(name));
  const labels = listed && (await readLabels(session, listed, archive));
  const values = new Set<string>();
  let unlabelled = 0;
  for (const [index, file] of archive.files.entries()) {
    if (file === listed) continue;
    session.signal.throwIfAborted();
    try {
      requireName(file.name);
      const image = await file.read(MOST_FILE_BYTES);
      const { width, height } = measureImage(image);
      const label = labels ? labels.of(file.name) : folderOf(file.name);
      if (label === null) unlabelled++;
      else values.add(label);
      await rows.add({ image, label, file: file.name, width, height, part: null });
    } catch (error) {
      if (!(error instanceof BrokenFile)) throw error;
      setAside(rejected, index + 1, file, error);
    }
  }
  for (const [row, name] of labels?.unused() ?? []) {
    const missing = new BrokenFile('labels.csv names it, but it is not in the archive', 'Add it, or take its row out.');
    setAside(rejected, archive.files.length + row, { name }, missing);
  }
  rejected.requireSome(rows.count);
  // One folder around all of them says nothing.
  const hasLabel = labels ? values.size > 0 : values.size > 1;
  return {
    label: hasLabel ? labelType(values) : null,
    file: true,
    part: false,
    remarks: [...(labels?.remarks ?? []), ...labelRemarks(hasLabel, labels !== undefined, unlabelled)],
  };
}

function setAside(
  rejected: RejectedRows,
  number: number,
  { name }: Pick<PackedFile, 'name'>,
  broken: BrokenFile,
): void {
  const text = name.toWellFormed().replaceAll('\0', '␀');
  rejected.add({
    record: number,
    line: number,
    where: `“${text.length > 200 ? `${text.slice(0, 200)}…` : text}”`,
    reason: `${broken.message}.`,
    hint: `${broken.hint} Files that cannot be read can also be set aside: choose so in the import options.`,
    text,
  });
}

/** Nothing is ever written under these names, but whoever unpacks them later may be less careful. */
function requireName(name: string): void {
  const isOut = /^([\\/]|[A-Za-z]:)/.test(name) || name.split(/[\\/]/).includes('..');
  if (isOut) throw new BrokenFile('its path leads out of the archive', 'Pack the folder itself.');
  if (name.includes('\0') || !name.isWellFormed()) throw new BrokenFile('its name cannot be read', 'Rename it.');
}

function folderOf(name: string): string | null {
  return (
    name
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .at(-2) ?? null
  );
}

/** As in any table: “7” is a number and “07” a name. */
export function labelType(values: Iterable<string>): SqlType {
  for (const value of values) if (!/^(0|-?[1-9]\d{0,17})$/.test(value)) return 'VARCHAR';
  return 'BIGINT';
}

function labelRemarks(hasLabel: boolean, isListed: boolean, unlabelled: number): string[] {
  if (!hasLabel) {
    return [
      'The images have no labels. To learn from them, pack them in one folder for each label, or add a file labels.csv with the columns file and label.',
    ];
  }
  const where = isListed ? 'in labels.csv' : 'because they are in no folder';
  const without = unlabelled === 1 ? '1 image has' : `${plural(unlabelled, 'image')} have`;
  return [
    `The label of an image is ${isListed ? 'what labels.csv says' : 'the name of the folder that it is in'}.`,
    ...(unlabelled > 0 ? [`${without} no label${isListed ? '' : ','} ${where}.`] : []),
  ];
}
