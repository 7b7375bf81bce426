import type { Engine, EngineSetting } from '../domain/engine.ts';

type Settings = Record<string, EngineSetting['default']>;
type Random = () => number;

/** Larger values than this only make a try longer than its limit is. */
const largest = 2000;

/** Two or three settings at once, each with a value that its declaration allows, and what goes along with these. */
export function drawSettings(engine: Engine, task: Engine['tasks'][number], random: Random): Settings {
  const known = engine.settings.filter((setting) => setting.tasks.includes(task) && canBeDrawn(engine, setting));
  const chosen = new Set(Array.from({ length: 3 }, () => pick(known, random)));
  const settings: Settings = {};
  // Texts last: what goes along with one must not be drawn over by another.
  for (const setting of [...chosen].toSorted((a, b) => Number(a.type === 'text') - Number(b.type === 'text'))) {
    const text = texts[`${engine.name}.${setting.name}`];
    Object.assign(settings, text ? text(random) : { [setting.name]: valueFor(setting, random) });
  }
  return settings;
}

/** Text is free: of what could be drawn for one that is not known here, all would be refused. */
export function canBeDrawn(engine: Engine, setting: EngineSetting): boolean {
  return setting.type !== 'text' || texts[`${engine.name}.${setting.name}`] !== undefined;
}

export function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T;
}

function valueFor(setting: EngineSetting, random: Random): EngineSetting['default'] {
  const options = setting.choices.map(({ value }) => value);
  if (setting.type === 'boolean') return random() < 0.5;
  if (setting.type === 'choice') return pick(options, random);
  if (setting.type === 'choices') return options.filter(() => random() < 0.4);
  const [least, most] = [setting.min ?? 0, Math.min(setting.max ?? 100, largest)];
  // What spans powers of ten (a learning rate, layers, rows) is drawn by its logarithm: evenly, all would be large.
  const [low, high] = [Math.max(least, least > 0 ? least : 0.001), most];
  const value = high / low > 100 ? low * (high / low) ** random() : least + random() * (most - least);
  return setting.type === 'integer' ? Math.max(least, Math.round(value)) : value;
}

/** What people write into settings of text, with the settings without which it would be refused. */
const texts: Record<string, (random: Random) => Settings> = {
  'sklearn.hidden_layers': (random) => ({
    algorithm: 'mlp',
    hidden_layers: Array.from({ length: whole(1, 4, random) }, () => whole(4, 400, random)).join(', '),
  }),
  'sklearn.hyperparameters': (random) => {
    const [algorithm, further] = pick(
      [
        ['hist_gradient_boosting', { max_leaf_nodes: whole(4, 255, random), max_bins: whole(16, 255, random) }],
        ['random_forest', { min_samples_split: whole(2, 50, random), bootstrap: random() < 0.5 }],
        ['mlp', { max_iter: whole(10, 5000, random), tol: 10 ** -whole(2, 9, random), n_iter_no_change: 1000 }],
        ['svm', { tol: 10 ** -whole(1, 6, random), cache_size: whole(10, 500, random) }],
      ] as const,
      random,
    );
    return { algorithm, hyperparameters: JSON.stringify(further) };
  },
  'autogluon.ranges': (random) => {
    const ranges = {
      GBM: { learning_rate: [0.005, 0.3, 'log'], num_leaves: [8, whole(16, 400, random)] },
      XGB: { max_depth: [2, whole(3, 14, random)] },
      RF: { n_estimators: [50, whole(60, 1500, random)] },
      CAT: { depth: [3, whole(4, 10, random)] },
    };
    const families = Object.keys(ranges).filter(() => random() < 0.5);
    const chosen = families.length > 0 ? families : ['GBM'];
    const kept = Object.fromEntries(Object.entries(ranges).filter(([family]) => chosen.includes(family)));
    return { tuning: 'random', include: chosen, exclude: [], ranges: JSON.stringify(kept) };
  },
};

function whole(least: number, most: number, random: Random): number {
  return least + Math.floor(random() * (most - least + 1));
}
