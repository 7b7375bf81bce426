import type { StepKind } from '../../../domain/recipe/step-kind.ts';

/** What people who know other tools call a step; its own words find it anyway. */
export const alsoCalled: Record<string, string> = {
  'aggregate-by-group': 'group by pivot summarise summarize sum count mean',
  'change-type': 'cast convert parse string integer float boolean',
  'clip-outliers': 'winsorise winsorize extreme',
  'combine-text': 'concat concatenate join merge',
  'drop-duplicates': 'dedupe distinct unique remove',
  'drop-missing': 'na nan null empty remove delete',
  'fill-missing': 'impute na nan null empty average',
  'filter-rows': 'where condition remove delete',
  'forward-fill': 'ffill last observation',
  join: 'merge vlookup left',
  'log-power': 'log sqrt square transform',
  'make-column': 'formula calculate compute expression derive',
  'one-hot': 'dummy dummies indicator',
  'ordinal-encode': 'label encode integer',
  'replace-values': 'map recode substitute',
  'sample-rows': 'random subset',
  scale: 'normalise normalize standardise standardize z-score min-max',
  'select-columns': 'drop remove delete keep',
  'sort-rows': 'order',
  'target-encode': 'mean encode',
  'trim-text': 'lower upper lowercase uppercase strip whitespace',
};

/** All that finds a step in the list of those that can be added. */
export function searchWordsOf(kind: StepKind<unknown>, group: string): string {
  const choices = kind.fields.flatMap(({ choices: each }) => each?.map(({ title }) => title) ?? []);
  return [kind.title, group, kind.help, kind.name, ...choices, alsoCalled[kind.name] ?? ''].join(' ').toLowerCase();
}
