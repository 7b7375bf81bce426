const beside = /^(train|validation|valid|val|test)_(.+)$/;
const order = ['train', 'validation', 'valid', 'val', 'test'];

/** “loss” with `train_loss` and `validation_loss`: what only says something side by side, in the order of their names' beginnings. */
export function metricPairs<Line extends { name: string; chart: object | null }>(
  lines: readonly Line[],
): { title: string; lines: Line[] }[] {
  const drawn = lines.filter(({ name, chart }) => chart !== null && beside.test(name));
  const partOf = ({ name }: Line, part: 1 | 2) => beside.exec(name)?.[part] ?? '';
  return [...Map.groupBy(drawn, (line) => partOf(line, 2))]
    .filter(([, together]) => together.length > 1)
    .map(([title, together]) => ({
      title: title.replaceAll('_', ' '),
      lines: together.toSorted((a, b) => order.indexOf(partOf(a, 1)) - order.indexOf(partOf(b, 1))),
    }));
}
