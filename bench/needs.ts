/**
 * What engines really need for made tables, against what they declare: `./x bench needs --engine sklearn`.
 *
 * The pre-flight of a job is counted from what an engine declares (docs/preflight.md). It may be too high, which costs a
 * warning too many; where it is too low, a job dies on its machine.
 */
import { parseArgs } from 'node:util';
import type { Engine } from '../domain/engine.ts';
import { estimateNeeds } from '../domain/preflight.ts';
import { describeEngines } from '../infra/engines.ts';
import { enginesOptions, linesOf } from './engine-python.ts';
import { conclude, say } from './report.ts';

interface Measured {
  cells: number;
  megabytes: number;
  firstModelSeconds: number | null;
  models: number;
}

/** Measured over estimated: a little more than was estimated is within what machines have to spare. */
const limit = 1.2;
const bytesPerCellOfData = 8;

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: ['sklearn'] },
    seconds: { type: 'string', default: '45' },
    size: { type: 'string', multiple: true, default: ['10000x20', '100000x20', '400000x20'] },
  },
});

let worst = 0;
for (const engine of await described(values.engine)) {
  const { needs } = engine;
  if (!needs) continue;
  await linesOf<Measured>(engine.name, 'measure_needs.py', [engine.name, values.seconds, ...values.size], (line) => {
    const { cells, megabytes, firstModelSeconds, models } = line;
    const estimate = estimateNeeds(needs, {
      ...{ rows: 0, columns: 0, cells, bytes: cells * bytesPerCellOfData, pixels: 0 },
    });
    const estimated = estimate.memoryBytes / 1024 ** 2;
    worst = Math.max(worst, megabytes / estimated);
    const first = firstModelSeconds === null ? 'none' : `after ${firstModelSeconds.toFixed(1)} s`;
    say(
      `${engine.name}, ${(cells / 1e6).toFixed(1)} million cells: ${megabytes} MB of ${estimated.toFixed(0)} estimated; first model ${first} of work, estimated ${estimate.firstModelSeconds.toFixed(1)} s; ${models} in all`,
    );
  });
}
conclude({ bench: 'needs', ratio: Number(worst.toFixed(3)), limit, ok: worst > 0 && worst <= limit });

async function described(names: readonly string[]): Promise<Engine[]> {
  const all = await describeEngines(enginesOptions);
  return names.map((name) => {
    const engine = all.find((each) => each.name === name);
    if (!engine) throw new Error(`There is no engine “${name}”.`);
    return engine;
  });
}
