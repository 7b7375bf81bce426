const flags: Record<string, string> = {
  name: '--name',
  'task.kind': '--task',
  'task.labels': '--label',
  'task.metric': '--metric',
  'task.positiveClass': '--positive',
  'engine.name': '--engine',
  ignoredColumns: '--ignore',
  weightColumn: '--weight',
  'split.holdoutFraction': '--holdout',
  'split.folds': '--folds',
  'split.seed': '--seed',
  'split.groupColumn': '--group',
  'split.timeColumn': '--by-time',
  'machine.cloud': '--machine',
  'machine.type': '--machine',
  'machine.spot': '--spot',
  'machine.ssh': '--ssh',
  continuesJobId: '--continue',
  recipeId: '--recipe',
  recipeVersion: '--recipe',
  'limits.trainingSeconds': '--time',
  'limits.totalSeconds': '--total-time',
  'limits.budgetMicros': '--budget',
  'search.count': '--count',
  seeds: '--seeds',
  parallel: '--parallel',
};
const prefixes: [field: string, flag: string][] = [
  ['engine.settings.', '--set '],
  ['search.values.', '--grid '],
  ['search.ranges.', '--random '],
];

/** A field of a request as a person gave it; one that no option is for keeps its name. */
export function flagOf(field: string): string {
  const plain = field.startsWith('base.') ? field.slice('base.'.length) : field;
  const [prefix, flag] = prefixes.find(([each]) => plain.startsWith(each)) ?? [];
  if (prefix !== undefined) return `${flag}${plain.slice(prefix.length)}`;
  return flags[plain] ?? field;
}
