/**
 * The furthest that training goes beyond its time limit, over random settings of sklearn and autogluon.
 *
 * Settings are drawn by a seed from what the engines themselves declare, so that the same ones can be tried again; limits
 * are 8 to 15 seconds. What counts is when fitting is over: the report that follows has a time of its own, which is
 * printed. Allowed are 10 % or 15 seconds, whichever is more; the ratio is of the worst overrun to what it was allowed.
 */
import { parseArgs } from 'node:util';
import type { Engine, EngineSetting } from '../domain/engine.ts';
import { describeEngines } from '../infra/engines.ts';
import { enginesOptions, linesOf } from './engine-python.ts';
import { numbersFrom } from './numbers-from.ts';
import { conclude, median, say } from './report.ts';

interface Order {
  settings: Record<string, EngineSetting['default']>;
  seconds: number;
  task: Engine['tasks'][number];
}

interface Tried extends Order {
  engine: string;
  fitted: number;
  ended: number;
  models: number;
  code: number;
  refused: boolean;
  problem: string | null;
}

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: ['sklearn', 'autogluon'] },
    tries: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const allowedOf = ({ seconds }: Order) => Math.max(15, seconds * 0.1);
const overrunOf = ({ fitted, seconds }: Tried) => Math.max(0, fitted - seconds);
/** 0 done, 65 nothing came of these settings in this time: both keep to it. */
const fineCodes = [0, 65];

/** What measure_limits.py makes tables of. */
const tasksOfTables: ReadonlySet<string> = new Set(['binary', 'multiclass', 'regression']);

const random = numbersFrom(Number(values.seed));
const described = await describeEngines(enginesOptions);
const all: Tried[] = [];
for (const [index, name] of values.engine.entries()) {
  const engine = described.find((each) => each.name === name);
  if (!engine) throw new Error(`There is no engine “${name}”.`);
  const share = Math.floor((Number(values.tries) + index) / values.engine.length);
  const orders = Array.from({ length: share }, () => drawn(engine));
  all.push(
    ...(await linesOf<Tried>(name, 'measure_limits.py', [name, JSON.stringify(orders)], (one) => say(told(one)))),
  );
}
const counted = all.filter(({ refused }) => !refused);
const used = counted.map((one) => overrunOf(one) / allowedOf(one));
const broken = all.filter(({ code }) => !fineCodes.includes(code));
say(
  `after fitting until the very end: ${median(counted.map(({ ended, fitted }) => ended - fitted)).toFixed(1)} s (median)`,
);
say(`${all.length - counted.length} of ${all.length} were refused: settings that do not go together`);
const ratio = Number(Math.max(...used).toFixed(3));
conclude({ bench: 'limits', ratio, limit: 1, ok: ratio <= 1 && broken.length === 0 });

function drawn(engine: Engine): Order {
  const task = pick(engine.tasks.filter((one) => tasksOfTables.has(one)));
  // Two or three at once; text is free, and most of what could be drawn for it would be refused.
  const known = engine.settings.filter((setting) => setting.tasks.includes(task) && setting.type !== 'text');
  const chosen = new Set(Array.from({ length: 3 }, () => pick(known)));
  const settings = Object.fromEntries([...chosen].map((setting) => [setting.name, valueFor(setting)]));
  return { settings, seconds: 8 + Math.floor(random() * 8), task };
}

function valueFor(setting: EngineSetting): EngineSetting['default'] {
  const options = setting.choices.map(({ value }) => value);
  if (setting.type === 'boolean') return random() < 0.5;
  if (setting.type === 'choice') return pick(options);
  if (setting.type === 'choices') return options.filter(() => random() < 0.4);
  const [least, most] = [setting.min ?? 0, Math.min(setting.max ?? 100, 2000)];
  const value = least + random() * (most - least);
  return setting.type === 'integer' ? Math.round(value) : value;
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function told(one: Tried): string {
  const { engine, seconds, fitted, ended, models, settings, task, problem } = one;
  const times = `limit ${seconds} s, fitted after ${fitted.toFixed(1)}, all done after ${ended.toFixed(1)}`;
  return `${engine} ${task} ${JSON.stringify(settings)}: ${times}; ${problem ?? `${models} models`}`;
}
