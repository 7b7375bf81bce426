import type { Step } from '../../../domain/recipe/recipe.ts';
import type { DataFixture } from '../data-fixture.ts';

export function step(id: string, kind: string, settings: Step['settings'], more: Partial<Step> = {}): Step {
  return { id, kind, settings, on: true, onFailure: 'empty', ...more };
}

/** A table of people: gaps in age, plans in several spellings, some dates that are none. */
export function peopleCsv(rows: number): string {
  const plans = ['Basic', ' basic', 'PREMIUM ', 'premium'];
  const lines = Array.from({ length: rows }, (_, n) => {
    const age = n % 5 === 0 ? '' : 20 + (n % 50);
    const day = n % 40 === 7 ? 'unknown' : `2024-01-${String(1 + (n % 28)).padStart(2, '0')}`;
    return `${n},${age},${plans[n % 4]},${day},${n % 7 === 0 ? '' : `town ${n % 90}`},${(n * 7919) % 10007},${n % 4 === 0 ? 'yes' : 'no'}\n`;
  });
  return `id,age,plan,signup,city,score,churned\n${lines.join('')}`;
}

export const fillAge = step('a', 'fill-missing', { columns: ['age'], with: 'median' });
export const trimPlan = step('b', 'trim-text', { columns: ['plan'], letters: 'lower' });
export const dropNoCity = step('c', 'drop-missing', { columns: ['city'] });
export const signupAsDate = step('d', 'change-type', { columns: ['signup'], to: 'date' });
export const sortByScore = step('e', 'sort-rows', { columns: ['score'], order: 'down' });
export const onePerPlan = step('f', 'drop-duplicates', { columns: ['plan', 'city'] });
export const encodeCity = step('g', 'target-encode', { columns: ['city'], label: 'churned', chosen: 'yes' });
export const perPlan = step('h', 'aggregate-by-group', {
  groups: ['plan'],
  measures: [{ from: 'score', to: 'mean' }],
});

/** The rows of a result as they are shown, with the names of its columns. */
export async function tableOf(fixture: DataFixture, parquet: string) {
  const { columns, rows } = await fixture.worker.rows({ parquet, limit: 1_000_000 });
  return { names: columns.map(({ name }) => name), rows };
}
