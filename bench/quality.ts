/**
 * The score of a model that Trainyard's trainer made, over that of the library called directly in the same time.
 *
 * On scikit-learn's own sets (for H2O, which has no scikit-learn beside it, those of them that are brought as samples), in
 * the same run, environment and time, on the same rows to learn from and to be judged by: those that the trainer holds
 * out for its report. The difference of the scores comes with an interval by bootstrap over the judged rows: worse is
 * only what is worse in all of it. The seconds that the trainer takes more are printed: they are the report, the archive,
 * and the watch over the time.
 */
import { parseArgs } from 'node:util';
import { linesOf } from './engine-python.ts';
import { conclude, median, say } from './report.ts';

interface Compared {
  engine: string;
  set: string;
  metric: string;
  ours: number;
  direct: number;
  /** Ours less the direct one's, so that more is better, and its interval. */
  better: number;
  low: number;
  high: number;
  ourSeconds: number;
  directSeconds: number;
}

/** Java alone takes ten to begin. */
const secondsOf: Record<string, number> = { sklearn: 8, autogluon: 15, torch: 15, h2o: 45 };
/** Every comparison must be within noise, or better. */
const limit = 1;

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: Object.keys(secondsOf) },
    set: { type: 'string', multiple: true, default: [] },
  },
});

const all: Compared[] = [];
for (const engine of values.engine) {
  const args = [engine, String(secondsOf[engine] ?? 15), ...values.set];
  const compared = await linesOf<Compared>(engine, 'measure_quality.py', args, (one) => say(told(one)));
  all.push(...compared);
  const extra = compared.map(({ ourSeconds, directSeconds }) => ourSeconds - directSeconds);
  say(
    `${engine}: ${median(extra).toFixed(1)} s more than the direct call (median), most ${Math.max(...extra).toFixed(1)} s`,
  );
}
const good = all.filter(isGood).length;
conclude({ bench: 'quality', ratio: Number((good / all.length).toFixed(3)), limit, ok: good === all.length });

function isGood({ high }: Compared): boolean {
  return high >= 0;
}

function told(one: Compared): string {
  const { engine, set, metric, ours, direct, better, low, high, ourSeconds, directSeconds } = one;
  const word = low > 0 ? 'better' : isGood(one) ? 'within noise' : 'WORSE';
  const scores = `${metric} ${ours.toFixed(4)}, direct ${direct.toFixed(4)}`;
  const interval = `${signed(better)} (${signed(low)} to ${signed(high)})`;
  return `${engine} on ${set}: ${scores}; ${word} by ${interval}; ${ourSeconds.toFixed(1)} s, direct ${directSeconds.toFixed(1)} s`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}
