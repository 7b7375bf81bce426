import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ownName } from '../../data/own-name.ts';
import type { DatasetRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import { withLocalCopy } from './local-copy.ts';
import { fileNameOf } from './model-service.ts';
import type { ServiceOptions } from './options.ts';
import { notFound } from './refused.ts';
import type { DatasetFormat, Download } from './services.ts';

const types: Record<DatasetFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  original: 'application/octet-stream',
};

/** A dataset as a file, part by part where that is asked for. */
export async function datasetDownload(
  options: Pick<ServiceOptions, 'store' | 'data' | 'tempFolder'>,
  row: DatasetRow,
  format: DatasetFormat,
): Promise<Download> {
  const { store } = options;
  const object = datasetFiles(row)[format];
  const ending = extname(row.name);
  const base = fileNameOf(ending === '' ? row.name : row.name.slice(0, -ending.length));
  const about = {
    fileName: format === 'original' ? `${base}${ending}` : `${base}.${format}`,
    contentType: types[format],
    etag: `${row.content_hash}-${row.table_name}-${format}`,
  };
  if (await store.exists(object)) {
    const path = store.path?.(object);
    const bytes = path === undefined ? null : (await stat(path)).size;
    return { ...about, bytes, open: (range) => store.openRead(object, range) };
  }
  if (format !== 'csv')
    throw notFound(`file “${about.fileName}”`, 'This dataset was made here, or its file was removed.');
  // Few ask for it, and it is the largest: it is written when it is asked for.
  const path = join(options.tempFolder, `${ownName('web')}${randomUUID()}.csv`);
  await withLocalCopy(options, datasetFiles(row).parquet, (parquet) => options.data.toCsv({ parquet, path }));
  const { size } = await stat(path);
  return {
    ...about,
    bytes: size,
    // Exclusive here, inclusive there.
    open: (range) => createReadStream(path, range ? { start: range.start, end: (range.end ?? size) - 1 } : {}),
    close: () => rm(path, { force: true }),
  };
}
