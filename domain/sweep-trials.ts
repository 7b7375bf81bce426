import { checkSettings, type Engine, type EngineSetting } from './engine.ts';
import { mostTrials, type Search, type SettingValue, type SweepRequest, type Trial } from './sweep.ts';

export interface SweepProblem {
  /** Dotted, as in the schema of a sweep. */
  field: string;
  message: string;
}

type Asked = Pick<SweepRequest, 'search' | 'seeds'> & { base: Pick<SweepRequest['base'], 'split' | 'engine'> };
type Settings = Record<string, SettingValue>;
type RandomSearch = Extract<Search, { kind: 'random' }>;
type NumberRange = Extract<RandomSearch['ranges'][string], { min: number }>;

/** How often a draw that came before is drawn again, before the ranges count as used up. */
const redraws = 50;

/** The trials in the order in which they are begun: the same for the same request, wherever and whenever. */
export function trialsOf({ search, seeds, base }: Asked, engine: Engine): Trial[] {
  const combinations = combinationsOf(search, engine);
  const each = search.kind === 'seeds' ? search.count : seeds;
  // Seed after seed of one combination: what is compared early is compared fairly.
  const trials = combinations.flatMap((settings, index) =>
    Array.from({ length: each }, (_, n) => ({ combination: index + 1, settings, seed: base.split.seed + n })),
  );
  return trials.map((trial, index) => ({ number: index + 1, ...trial }));
}

/** What stands against a sweep, in sentences, by what the engine declares; what stands against its base is not asked here. */
export function checkSweep(request: Asked, engine: Engine): SweepProblem[] {
  const problems = [...searchProblems(request.search, engine)];
  if (problems.length > 0) return problems;
  const count = sizeOf(request);
  if (count > mostTrials) {
    const message = `These are ${count} trials; a sweep has at most ${mostTrials}. Take fewer values or fewer seeds.`;
    return [{ field: 'search', message }];
  }
  if (count < 2) return [{ field: 'search', message: 'That is one trial only. Give a setting more than one value.' }];
  const varied = variedIn(request.search);
  const found = new Map<string, SweepProblem>();
  for (const { settings } of trialsOf(request, engine)) {
    for (const { setting, message } of checkSettings(engine, { ...request.base.engine.settings, ...settings })
      .problems) {
      if (varied.includes(setting))
        found.set(`${setting} ${message}`, { field: fieldOf(request.search, setting), message });
    }
  }
  return [...found.values()];
}

/** What an engine has against trials, `found` one for each: said once, with the first trial that it is about. */
export function refusedTrials(
  { search }: Asked,
  trials: readonly Trial[],
  found: readonly (SweepProblem | null)[] = [],
): SweepProblem[] {
  const varied = variedIn(search);
  const problems = new Map<string, { problem: SweepProblem; trials: Trial[] }>();
  for (const [index, problem] of found.entries()) {
    const trial = trials[index];
    if (!problem || !trial) continue;
    const key = JSON.stringify(problem);
    problems.set(key, { problem, trials: [...(problems.get(key)?.trials ?? []), trial] });
  }
  return [...problems.values()].map(({ problem: { field, message }, trials: refused }) => {
    const setting = field.startsWith('engine.settings.') ? field.slice('engine.settings.'.length) : undefined;
    const isVaried = setting !== undefined && varied.includes(setting);
    const place = isVaried ? fieldOf(search, setting) : field === '' ? '' : `base.${field}`;
    return { field: place, message: refused.length === trials.length ? message : `${message} ${whichOf(refused)}` };
  });
}

function whichOf([first, ...others]: readonly Trial[]): string {
  const settings = Object.entries(first?.settings ?? {}).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `So it is in trial ${first?.number} (${settings.join(', ')})${more}.`;
}

/** The settings in which trials differ. */
export function variedIn(search: Search): string[] {
  if (search.kind === 'grid') return Object.keys(search.values);
  return search.kind === 'random' ? Object.keys(search.ranges) : [];
}

function fieldOf(search: Search, setting: string): string {
  return `search.${search.kind === 'grid' ? 'values' : 'ranges'}.${setting}`;
}

/** Counted before they are made: a grid may be larger than any memory. */
function sizeOf({ search, seeds }: Pick<Asked, 'search' | 'seeds'>): number {
  if (search.kind === 'seeds') return search.count;
  if (search.kind === 'random') return search.count * seeds;
  return Object.values(search.values).reduce((product, values) => product * distinct(values).length, seeds);
}

function searchProblems(search: Search, engine: Engine): SweepProblem[] {
  if (search.kind === 'seeds') return [];
  if (variedIn(search).length === 0) return [{ field: 'search', message: 'Say which settings are to be tried.' }];
  const known = engine.settings.map(({ name }) => name).join(', ');
  return variedIn(search).flatMap((name) => {
    const field = fieldOf(search, name);
    const setting = engine.settings.find((each) => each.name === name);
    if (!setting) return [{ field, message: `${engine.title} has no setting “${name}”. It has: ${known}.` }];
    const range = search.kind === 'random' ? search.ranges[name] : undefined;
    const message = range && 'min' in range ? rangeProblem(setting, range) : undefined;
    return message === undefined ? [] : [{ field, message }];
  });
}

function rangeProblem(setting: EngineSetting, { min, max, scale }: NumberRange): string | undefined {
  const { title } = setting;
  if (setting.type !== 'number' && setting.type !== 'integer') {
    return `${title} is not a number; give the values that are to be tried.`;
  }
  if (min >= max) return `The range of ${title} must begin below its end.`;
  if (scale === 'log' && min <= 0) return `A logarithmic range of ${title} must begin above 0.`;
  if (setting.min !== null && min < setting.min) return `${title} is at least ${setting.min}.`;
  if (setting.max !== null && max > setting.max) return `${title} is at most ${setting.max}.`;
  if (setting.type === 'integer' && Math.floor(max) < Math.ceil(min)) {
    return `There is no whole number in the range of ${title}.`;
  }
  return undefined;
}

function combinationsOf(search: Search, engine: Engine): Settings[] {
  if (search.kind === 'seeds') return [{}];
  if (search.kind === 'random') return drawn(search, engine);
  return Object.entries(search.values).reduce<Settings[]>(
    (made, [name, values]) =>
      made.flatMap((settings) => distinct(values).map((value) => ({ ...settings, [name]: value }))),
    [{}],
  );
}

/** Without the same twice; fewer than asked for, where the ranges do not have as many. */
function drawn(search: RandomSearch, engine: Engine): Settings[] {
  const random = randomFrom(search.seed);
  const made = new Map<string, Settings>();
  for (let tries = 0; made.size < search.count && tries < search.count * redraws; tries += 1) {
    const settings: Settings = {};
    for (const [name, range] of Object.entries(search.ranges)) {
      const isWhole = engine.settings.find((setting) => setting.name === name)?.type === 'integer';
      settings[name] =
        'min' in range
          ? between(range, random(), isWhole)
          : (range.values[Math.floor(random() * range.values.length)] ?? null);
    }
    made.set(JSON.stringify(settings), settings);
  }
  return [...made.values()];
}

function between({ min, max, scale, integer }: NumberRange, at: number, isWhole: boolean): number {
  const whole = integer || isWhole;
  // Both ends of whole numbers are as likely as those between.
  const [from, to] = whole ? [Math.ceil(min), Math.floor(max) + 1] : [min, max];
  const value =
    scale === 'log' ? Math.exp(Math.log(from) + at * (Math.log(to) - Math.log(from))) : from + at * (to - from);
  if (whole) return Math.min(Math.floor(max), Math.floor(value));
  // Six digits are more than any setting needs, and can be read; rounding must not leave the range.
  return Math.min(max, Math.max(min, Number(value.toPrecision(6))));
}

function distinct(values: readonly SettingValue[]): SettingValue[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** mulberry32: small, known, and alike on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
