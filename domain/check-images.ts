import type { TrainingProblem } from './check-training.ts';
import type { ColumnProfile, ImagesProfile } from './dataset.ts';
import type { Engine } from './engine.ts';

/** A column as far as it is known; of one that a recipe made or left rows of, only its type is. */
export type KnownColumn = Pick<ColumnProfile, 'name' | 'sqlType'> & {
  missing?: number;
  images?: ImagesProfile | undefined;
};

/** What stands against learning from these columns with this engine, where some of them hold images. */
export function checkImages(job: {
  columns: readonly KnownColumn[];
  engine: Engine;
  engines: readonly Engine[];
  labels: readonly string[];
  ignoredColumns: readonly string[];
}): TrainingProblem[] {
  const { columns, engine, labels, ignoredColumns } = job;
  const images = columns.filter(({ sqlType, name }) => sqlType === 'BLOB' && !ignoredColumns.includes(name));
  const label = images.find(({ name }) => labels.includes(name));
  if (label) {
    const message = `“${label.name}” holds images, which cannot be predicted. Choose another column.`;
    return [{ field: 'task.labels', message }];
  }
  const [first, second] = images;
  if (!first) return [];
  if (!engine.takes.includes('image')) {
    const able = job.engines
      .filter(({ takes }) => takes.includes('image'))
      .map(({ title, name }) => `${title} (${name})`);
    const instead = able.length > 0 ? `Choose ${able.join(' or ')}, or ignore the column.` : 'Ignore the column.';
    const message = `${engine.title} cannot learn from images, and “${first.name}” holds some. ${instead}`;
    return [{ field: 'engine.name', message }];
  }
  if (second) {
    const message = `“${first.name}” and “${second.name}” hold images, and a model learns from one such column. Ignore the other.`;
    return [{ field: 'ignoredColumns', message }];
  }
  return imageProblems(first).map((message) => ({ field: 'ignoredColumns', message }));
}

function imageProblems({ name, missing = 0, images }: KnownColumn): string[] {
  if (!images) return [];
  const problems: string[] = [];
  if (missing > 0) {
    const rows = missing === 1 ? '1 row has' : `${missing.toLocaleString('en-US')} rows have`;
    problems.push(`${rows} no image in “${name}”. Leave them out by a recipe (drop missing).`);
  }
  if (images.sizeCount > 1) {
    const some = images.sizes.slice(0, 3).map(({ width, height }) => `${width} × ${height}`);
    const more = images.sizeCount > some.length ? ' …' : '';
    problems.push(
      `The images in “${name}” have ${images.sizeCount.toLocaleString('en-US')} different sizes (${some.join(', ')}${more}), and all must have the same. Make them the same size and upload them again, or keep one size by a recipe that filters by width and height.`,
    );
  }
  return problems;
}

/** Columns that lie beside images and say nothing of what is to be seen on them: where a file came from, its size. */
export function besideImages(columns: readonly Pick<ColumnProfile, 'name' | 'sqlType'>[]): string[] {
  if (!columns.some(({ sqlType }) => sqlType === 'BLOB')) return [];
  return columns.map(({ name }) => name).filter((name) => ['file', 'width', 'height', 'part'].includes(name));
}
