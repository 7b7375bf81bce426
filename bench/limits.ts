/**
 * The furthest that training goes beyond its time limit, over random settings of each engine.
 *
 * Settings are drawn by a seed from what the engines themselves declare, so that the same ones can be tried again, those of
 * text among them; what is refused is drawn again, until as many have trained as were asked for. Limits are 6 to 13 seconds
 * and what an engine needs to begin. What counts is when fitting is over: the report that follows has a time of its own,
 * which is printed. Allowed are 10 % or 15 seconds, whichever is more; the ratio is of the worst overrun to what it was allowed.
 */
import { parseArgs } from 'node:util';
import type { Engine, EngineSetting } from '../domain/engine.ts';
import { describeEngines } from '../infra/engines.ts';
import { canBeDrawn, drawSettings, pick } from './draw-settings.ts';
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
    /** Separated by commas; all that there are unless told. */
    engines: { type: 'string' },
    /** How many are to train, of each engine. */
    draws: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

const allowedOf = ({ seconds }: Order) => Math.max(15, seconds * 0.1);
const overrunOf = ({ fitted, seconds }: Tried) => Math.max(0, fitted - seconds);
/** 0 done, 65 nothing came of these settings in this time: both keep to it. */
const fineCodes = [0, 65];
/** Refused ones for each that trains: more, and what is declared says little of what can be. */
const mostRefused = 5;

/** What measure_limits.py makes tables of. */
const tasksOfTables: ReadonlySet<string> = new Set(['binary', 'multiclass', 'regression']);

const described = await describeEngines(enginesOptions);
const asked = values.engines?.split(',') ?? described.map(({ name }) => name);
const draws = Number(values.draws);
const all: Tried[] = [];
const lines: string[] = [];
for (const name of asked) {
  const engine = described.find((each) => each.name === name);
  if (!engine) throw new Error(`There is no engine “${name}”.`);
  const tried = await triedOf(engine);
  all.push(...tried);
  lines.push(summary(engine, tried));
}
for (const line of lines) say(line);
const trained = all.filter(({ refused }) => !refused);
const broken = all.filter(({ code }) => !fineCodes.includes(code));
for (const one of broken) say(`BROKEN, ended with ${one.code}: ${told(one)}`);
const short = asked.filter((name) => trained.filter(({ engine }) => engine === name).length < draws);
if (short.length > 0) say(`too few trained: ${short.join(', ')}`);
const ratio = Number(Math.max(...trained.map((one) => overrunOf(one) / allowedOf(one))).toFixed(3));
conclude({ bench: 'limits', ratio, limit: 1, ok: ratio <= 1 && broken.length === 0 && short.length === 0 });

/** By a seed of its own, so that an engine's draws do not depend on which others are asked for. */
async function triedOf(engine: Engine): Promise<Tried[]> {
  const random = numbersFrom(Number(values.seed));
  const left = engine.settings.filter((setting) => !canBeDrawn(engine, setting)).map(({ name }) => name);
  if (left.length > 0) say(`${engine.name}: not drawn, since it is free text: ${left.join(', ')}`);
  const tried: Tried[] = [];
  const missing = () => draws - tried.filter(({ refused }) => !refused).length;
  while (missing() > 0 && tried.length < draws * (1 + mostRefused)) {
    const orders = Array.from({ length: missing() }, () => drawn(engine, random));
    const args = [engine.name, JSON.stringify(orders)];
    tried.push(...(await linesOf<Tried>(engine.name, 'measure_limits.py', args, (one) => say(told(one)))));
  }
  return tried;
}

function drawn(engine: Engine, random: () => number): Order {
  const task = pick(
    engine.tasks.filter((one) => tasksOfTables.has(one)),
    random,
  );
  // Long enough for a first model where the machine is idle, by what the engine says itself, and not for all of them.
  const seconds = Math.ceil((engine.needs?.baseSeconds ?? 0) * 1.5) + 6 + Math.floor(random() * 8);
  return { settings: drawSettings(engine, task, random), seconds, task };
}

function summary({ name }: Engine, tried: readonly Tried[]): string {
  const fitted = tried.filter(({ refused }) => !refused);
  const overruns = fitted.map(overrunOf);
  const after = fitted.map((one) => one.ended - one.fitted);
  return (
    `${name}: ${fitted.length} trained, ${tried.length - fitted.length} refused and drawn again; beyond the limit ` +
    `${median(overruns).toFixed(1)} s (median), ${Math.max(...overruns).toFixed(1)} s (most); ` +
    `then until the very end ${median(after).toFixed(1)} s (median)`
  );
}

function told(one: Tried): string {
  const { engine, seconds, fitted, ended, models, settings, task, problem } = one;
  const times = `limit ${seconds} s, fitted after ${fitted.toFixed(1)}, all done after ${ended.toFixed(1)}`;
  return `${engine} ${task} ${JSON.stringify(settings)}: ${times}; ${problem ?? `${models} models`}`;
}
