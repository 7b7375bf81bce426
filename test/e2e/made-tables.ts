/** Tables as people have them: missing values, few and many categories, dates, notes. The same numbers every time. */

/** Numbers between 0 and 1 that look random and are the same in every run (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const csv = (rows: readonly (readonly (string | number)[])[]) =>
  `${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`;

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const daysAfter = (start: string, days: number) =>
  new Date(Date.parse(start) + days * 86_400_000).toISOString().slice(0, 10);

const complaints = ['too slow in the evening', 'invoice was wrong again', 'moved to another town', 'wants to leave'];
const praises = ['all is well', 'asked for a second line', 'thanked for the quick help', 'renewed by telephone'];

/** Who left a telephone company, and why one can know; `leaves` is the last column. */
export function customers(rows: number, { seed = 1, first = 1, withLabel = true } = {}): string {
  const random = numbersFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const head = ['customer', 'joined', 'plan', 'region', 'monthly fee', 'calls to support', 'last note'];
  const lines = Array.from({ length: rows }, (_, index) => {
    const [plan, price] = pick([
      ['basic', 9],
      ['basic', 9],
      ['family', 19],
      ['business', 39],
    ] as const);
    const calls = Math.floor(random() * random() * 9);
    const months = Math.floor(random() * 60);
    const fee = price + Math.round(random() * 400) / 100;
    const pull = calls * 0.9 - months * 0.05 + (plan === 'basic' ? 1 : -0.5) + (random() - 0.5) * 2;
    const leaves = pull > 0.8;
    const note = random() < 0.7 ? pick(leaves ? complaints : praises) : pick([...complaints, ...praises]);
    return [
      `C-${String(first + index).padStart(5, '0')}`,
      daysAfter('2021-01-04', (60 - months) * 30 + Math.floor(random() * 28)),
      plan,
      random() < 0.08 ? '' : pick(['north', 'south', 'east', 'west']),
      random() < 0.1 ? '' : fee.toFixed(2),
      random() < 0.05 ? '' : calls,
      random() < 0.15 ? '' : `${note}, ${pick(['by mail', 'by telephone', 'in the shop'])}`,
      ...(withLabel ? [leaves ? 'yes' : 'no'] : []),
    ];
  });
  return csv([withLabel ? [...head, 'leaves'] : head, ...lines]);
}

/** How many minutes a delivery took; `minutes` is the last column. */
export function deliveries(rows: number, { seed = 2, first = 1, withLabel = true } = {}): string {
  const random = numbersFrom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const head = ['parcel', 'ordered', 'vehicle', 'weather', 'distance km', 'weight kg'];
  const lines = Array.from({ length: rows }, (_, index) => {
    const [vehicle, pace] = pick([
      ['bicycle', 4],
      ['van', 2.4],
      ['scooter', 2.8],
    ] as const);
    const [weather, delay] = pick([
      ['dry', 1],
      ['dry', 1],
      ['rain', 1.25],
      ['snow', 1.7],
    ] as const);
    const distance = 0.5 + random() * 18;
    const minutes = 6 + distance * pace * delay + (random() - 0.5) * 8;
    const hour = String(8 + Math.floor(random() * 12)).padStart(2, '0');
    return [
      `P-${String(first + index).padStart(5, '0')}`,
      `${daysAfter('2025-01-06', Math.floor(random() * 365))} ${hour}:${pick(['00', '15', '30', '45'])}:00`,
      vehicle,
      random() < 0.1 ? '' : weather,
      distance.toFixed(1),
      random() < 0.12 ? '' : (random() * 12).toFixed(2),
      ...(withLabel ? [minutes.toFixed(1)] : []),
    ];
  });
  return csv([withLabel ? [...head, 'minutes'] : head, ...lines]);
}

/** The cells of one column of a CSV without quotes in that column and those before it. */
export function columnOf(text: string, name: string): string[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const index = head.split(',').indexOf(name);
  return lines.map((line) => line.split(',')[index] ?? '');
}
