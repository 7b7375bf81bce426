import { readFileSync } from 'node:fs';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import { recipesPage, tables, withTables } from './recipe-tables.ts';

/** When red: node test/domain/recipe/recipe-tables.ts */
it('docs/recipes.md has every kind of step and every function as the code has them', () => {
  const page = readFileSync(recipesPage, 'utf8');
  expect(page).toBe(withTables(page));
  for (const { name } of stepKinds) expect(tables['kinds']).toContain(`| \`${name}\` |`);
});
