import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { importOptionsSchema } from '../../domain/import-options.ts';
import { badData } from '../bad-data.ts';
import { openPlainFile } from '../plain-file.ts';
import { RejectedRows } from '../rejected-rows.ts';
import { cellText, type Session } from '../session.ts';
import { listNames } from '../show-value.ts';
import { quoteText } from '../sql-text.ts';
import { stageText } from '../stage-text.ts';
import { type Archive, MOST_FILES, type PackedFile } from './archive.ts';

export interface ListedLabels {
  of(file: string): string | null;
  /** Rows of the list, from 1, that name no image which was asked for. */
  unused(): [row: number, name: string][];
  remarks: string[];
}

const MOST_BYTES = 64 << 20;
const fileNames = ['file', 'filename', 'file_name', 'path', 'image', 'name'];
const labelNames = ['label', 'class', 'target', 'y'];

/** Which label an image has, by a table in the archive. */
export async function readLabels(session: Session, listed: PackedFile, archive: Archive): Promise<ListedLabels> {
  const path = join(session.workFolder, 'labels.csv');
  await listed.copyTo(path);
  if ((await stat(path)).size > MOST_BYTES) throw badData('labels.csv is too long.', 'Upload fewer images at once.');
  const options = importOptionsSchema.parse({ format: 'csv' });
  const plain = await openPlainFile({ path, name: 'labels.csv' }, session.workFolder, session.signal, options);
  const rejected = new RejectedRows('refuse', session.workFolder);
  const staged = await stageText(session, {
    plain,
    options,
    limit: MOST_BYTES,
    rejected,
    knownNames: ['file', 'label'],
  });
  if (staged.rows > 2 * MOST_FILES) throw badData('labels.csv has too many rows.', 'Upload fewer images at once.');
  const column = (wanted: readonly string[]) =>
    staged.names.findIndex((name) => wanted.includes(name.trim().toLowerCase()));
  const [file, label] = [column(fileNames), column(labelNames)];
  if (file < 0 || label < 0) {
    throw badData(
      `labels.csv has the columns ${listNames(staged.names)}; “file” and “label” are needed.`,
      'Give it a header with these two names: the file as it is called in the archive, and its label.',
    );
  }
  const found = await session.rows(
    `SELECT CAST(c${file} AS VARCHAR), nullif(trim(CAST(c${label} AS VARCHAR)), '') FROM read_parquet(${quoteText(staged.path)})`,
  );
  const rows = found.map(([name, value], n) => ({
    number: n + 1,
    name: name === null ? '' : cellText(name),
    label: value === null ? null : cellText(value),
  }));
  const spare = staged.names.filter((_, n) => n !== file && n !== label);
  const remarks = spare.length > 0 ? [`Of labels.csv only file and label were taken, not ${listNames(spare)}.`] : [];
  return { ...lookUp(rows, listed.name, archive), remarks };
}

interface Row {
  number: number;
  name: string;
  label: string | null;
}

/** By the whole path, by the path from where the list is, or by the bare name where only one file has it. */
function lookUp(rows: readonly Row[], listName: string, archive: Archive): Omit<ListedLabels, 'remarks'> {
  const folder = posix.dirname(listName);
  const byName = new Map<string, Row>();
  for (const row of rows) {
    const name = posix.normalize(row.name.trim().replaceAll('\\', '/'));
    const before = byName.get(name);
    if (before && before.label !== row.label) {
      throw badData(
        `labels.csv says two things of “${row.name}”: rows ${before.number} and ${row.number}.`,
        'Leave one row for each image.',
      );
    }
    byName.set(name, row);
  }
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of archive.files) {
    const base = posix.basename(name);
    if (seen.has(base)) repeated.add(base);
    seen.add(base);
  }
  const used = new Set<Row>();
  const of = (file: string) => {
    const base = posix.basename(file);
    const bare = repeated.has(base) ? undefined : byName.get(base);
    const row = byName.get(posix.normalize(file)) ?? byName.get(posix.relative(folder, file)) ?? bare;
    if (row) used.add(row);
    return row?.label ?? null;
  };
  return { of, unused: () => rows.filter((row) => !used.has(row)).map(({ number, name }) => [number, name]) };
}
