import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formulaFunctions } from '../../../domain/recipe/formula/compile-formula.ts';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import type { StepKind } from '../../../domain/recipe/step-kind.ts';

/** The tables of docs/recipes.md. `node test/domain/recipe/recipe-tables.ts` writes them; docs.test.ts compares. */
export const recipesPage = join(import.meta.dirname, '../../../docs/recipes.md');

export const tables: Readonly<Record<string, string>> = { kinds: kindsTable(), functions: functionsTable() };

/** The page with its tables as they should be, each between its own marks. */
export function withTables(page: string): string {
  return Object.entries(tables).reduce((text, [name, made]) => {
    const parts = text.split(new RegExp(`(<!-- ${name}[^>]*-->\\n)[^]*?(<!-- end of ${name} -->)`));
    if (parts.length !== 4) throw new Error(`docs/recipes.md has no place for the table of ${name}, or several.`);
    return [parts[0], parts[1], `\n${made}\n\n`, parts[2], parts[3]].join('');
  }, page);
}

function kindsTable(): string {
  const rows = stepKinds
    .toSorted((a, b) => a.group.localeCompare(b.group) || a.title.localeCompare(b.title))
    .map((kind) => [kind.group, kind.title, `\`${kind.name}\``, kind.reach, atPrediction(kind), kind.help]);
  return table(['group', 'step', 'kind in YAML', 'reach', 'when predicting', 'what it does'], rows);
}

function atPrediction(kind: StepKind<unknown>): string {
  switch (kind.reach) {
    case 'rowwise':
      return 'the same';
    case 'fitted':
      if (kind.lookup) return 'looks up in the table kept with the model';
      return `replays what it learned${kind.learnsFrom ? '; cross-fitted in training' : ''}`;
    case 'table':
      return kind.regroups ? 'its rows are what is predicted' : 'passed over';
  }
}

function functionsTable(): string {
  return table(
    ['function', 'gives'],
    formulaFunctions.map(({ usage, help }) => [`\`${usage}\``, help]),
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

if (import.meta.main) writeFileSync(recipesPage, withTables(readFileSync(recipesPage, 'utf8')));
