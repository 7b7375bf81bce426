import { TrainyardError } from '../../domain/failures.ts';
import type { ImageCell, ImageCellInput } from '../data-calls.ts';
import { describe } from '../read-rows.ts';
import type { Session } from '../session.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import { imageTypeOf } from './measure-image.ts';

/** One image of a table. Only of columns of images, and only what is an image by its bytes: it goes to a browser. */
export async function imageCell(session: Session, { parquet, column, row }: ImageCellInput): Promise<ImageCell> {
  const { columns, total } = await describe(session, parquet);
  const there = columns.find(({ name, type }) => name === column && type === 'BLOB');
  if (!there || row < 1 || row > total) throw notThere();
  const cell = `to_base64(${quoteName(column)})`;
  const source = quoteText(parquet);
  // A column of the user's may have the name of the engine's own column of row numbers.
  const taken = columns.some(({ name }) => name.toLowerCase() === 'file_row_number');
  const [found] = await session.rows(
    taken
      ? `SELECT ${cell} FROM read_parquet(${source}) LIMIT 1 OFFSET ${row - 1}`
      : `SELECT ${cell} FROM read_parquet(${source}, file_row_number = true) WHERE file_row_number = ${row - 1}`,
  );
  const bytes = found?.[0];
  const type = typeof bytes === 'string' ? imageTypeOf(Buffer.from(bytes.slice(0, 64), 'base64')) : undefined;
  if (typeof bytes !== 'string' || !type) throw notThere();
  return { type, bytes };
}

function notThere(): TrainyardError {
  return new TrainyardError('NotFound', 'There is no image in this place of the data.');
}
