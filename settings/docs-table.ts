import { type Declaration, declarations, environmentName, settingNames } from './declarations.ts';

/** The table of docs/settings.md. `node settings/docs-table.ts` prints it. */
export function docsTable(): string {
  const rows = settingNames.map((name) => {
    const declaration = declarations[name] as Declaration<unknown>;
    return `| \`${environmentName(name)}\` | \`${name}\` | ${defaultOf(declaration)} | ${declaration.meaning} |`;
  });
  return ['| environment | `trainyard.yaml` | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function defaultOf(declaration: Declaration<unknown>): string {
  if (declaration.defaultInWords !== undefined) return declaration.defaultInWords;
  if (declaration.default === '') return 'none';
  return `\`${String(declaration.default === false ? 'no' : declaration.default)}\``;
}

if (import.meta.main) console.log(docsTable());
