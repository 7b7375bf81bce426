import type { ImagesProfile } from '../../domain/dataset.ts';
import { cellText, type Session } from '../session.ts';
import { isPng } from '../shown-cell.ts';
import { quoteName } from '../sql-text.ts';
import { measureHead } from './measure-image.ts';

const MOST_SIZES = 20;
/** The size of a JPEG stands behind what cameras write before it. */
const HEAD_BYTES = 64 << 10;
const ROWS_AT_ONCE = 500;

/** What a column of images is made of. A PNG has its size at a fixed place; JPEG files are read into. */
export async function lookAtImages(
  session: Session,
  source: string,
  name: string,
): Promise<{ count: number; distinct: number; images: ImagesProfile | undefined }> {
  const column = quoteName(name);
  const [count, distinct, png, least, mean, most] = (
    await session.row(
      `SELECT count(${column}), count(DISTINCT md5(${column})), count(*) FILTER (${isPng(column)}),
         min(octet_length(${column})), avg(octet_length(${column})), max(octet_length(${column})) FROM ${source}`,
    )
  ).map(Number) as [number, number, number, number, number, number];
  if (count === 0) return { count, distinct: 0, images: undefined };
  const found = await session.rows(
    `SELECT hex(${column}[17:24]), count(*) FROM ${source} WHERE ${isPng(column)} GROUP BY 1`,
  );
  const sizes = new Map(found.map(([size, n]) => [pngSize(cellText(size)), Number(n)]));
  if (count > png) await addJpegs(session, source, column, sizes);
  const sorted = [...sizes].toSorted((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const types = [
    { type: 'png', count: png },
    { type: 'jpeg', count: count - png },
  ];
  return {
    count,
    distinct,
    images: {
      bytes: { min: least, mean, max: most },
      types: types.filter((each) => each.count > 0),
      sizes: sorted.slice(0, MOST_SIZES).map(([size, n]) => ({ ...sidesOf(size), count: n })),
      sizeCount: sorted.length,
    },
  };
}

/** Two numbers of four bytes each. */
function pngSize(hex: string): string {
  return `${Number.parseInt(hex.slice(0, 8), 16)} ${Number.parseInt(hex.slice(8, 16), 16)}`;
}

function sidesOf(size: string): { width: number; height: number } {
  const [width = 0, height = 0] = size.split(' ').map(Number);
  return { width, height };
}

async function addJpegs(session: Session, source: string, column: string, sizes: Map<string, number>): Promise<void> {
  const jpegs = `FROM ${source} WHERE ${column} IS NOT NULL AND NOT ${isPng(column)}`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE jpeg_heads AS SELECT row_number() OVER () AS n, ${column}[1:${HEAD_BYTES}] AS head ${jpegs}`,
  );
  for (let from = 0; ; from += ROWS_AT_ONCE) {
    const rows = await session.rows(
      `SELECT to_base64(head) FROM jpeg_heads WHERE n > ${from} AND n <= ${from + ROWS_AT_ONCE}`,
    );
    for (const [head] of rows) {
      const size = measureHead(Buffer.from(cellText(head), 'base64'));
      const key = size ? `${size.width} ${size.height}` : '0 0';
      sizes.set(key, (sizes.get(key) ?? 0) + 1);
    }
    if (rows.length === 0) break;
  }
  await session.run('DROP TABLE jpeg_heads');
}
