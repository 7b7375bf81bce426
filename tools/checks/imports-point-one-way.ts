import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What each folder may import, beside itself. `types`: only with `import type`. What is not listed is free (test, bench). */
const arrows: Record<string, { values: readonly string[]; types?: readonly string[] }> = {
  domain: { values: [] },
  settings: { values: ['domain'] },
  infra: { values: ['domain'] },
  data: { values: ['domain'] },
  db: { values: ['domain'] },
  temporal: { values: ['domain'], types: ['workflows'] },
  workflows: { values: ['domain'], types: ['activities'] },
  activities: { values: ['infra', 'data', 'temporal', 'db', 'domain'], types: ['workflows'] },
  workers: { values: ['activities', 'infra', 'data', 'temporal', 'db', 'domain'], types: ['workflows'] },
  web: { values: ['activities', 'infra', 'data', 'temporal', 'db', 'domain'], types: ['workflows'] },
  // A client of the JSON API: it sees what the API answers, and nothing that answers.
  cli: { values: ['domain'], types: ['web'] },
  tools: { values: ['workers', 'infra', 'temporal', 'db', 'domain', 'settings'], types: ['workflows'] },
};

/** Further arrows of single files: composition roots, where settings become plain values and parts are put together. */
const exceptions: { from: RegExp; to: RegExp }[] = [
  { from: /^workers\//, to: /^settings\// },
  { from: /^web\/server\.ts$/, to: /^(settings|workers)\// },
  { from: /^cli\//, to: /^settings\// },
  { from: /^web\//, to: /^workflows\/messages\.ts$/ },
  // One check of Host and Origin before every port.
  { from: /^tools\/temporal-server\/ui-proxy\.ts$/, to: /^web\/middleware\/known-host\.ts$/ },
  { from: /^(temporal|activities|workers)\//, to: /^workflows\/messages\.ts$/ },
];

/** Packages that belong to one folder each. */
const packages: { name: RegExp; only: RegExp; why: string }[] = [
  { name: /^knex$/, only: /^db\//, why: 'only db/ knows knex' },
  { name: /^express$/, only: /^web\//, why: 'only web/ knows Express' },
  { name: /^(?!zod$|\.)/, only: /^(?!domain\/)/, why: 'domain/ is pure: zod and nothing else' },
  { name: /^(node:|@temporalio\/(?!workflow$|common$))/, only: /^(?!workflows\/)/, why: 'workflows run in a sandbox' },
];

/** DESIGN.md: which cloud it is, only the clouds know. */
const cloudBranch = /\bif\s*\([^)]*\bcloud(?:\.name)?\s*[!=]==?\s*['"](?:local|gcp|aws)['"]/i;

export interface Source {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
}

interface Import {
  specifier: string;
  typeOnly: boolean;
}

/** Each breach as one line: `path: what`. */
export function breachesIn({ path, text }: Source): string[] {
  const [folder = ''] = path.split('/');
  const found: string[] = [];
  for (const { specifier, typeOnly } of importsOf(text)) {
    const breach = specifier.startsWith('.')
      ? breachOfArrow(path, folder, normalize(join(dirname(path), specifier)), typeOnly)
      : breachOfPackage(path, specifier, typeOnly);
    if (breach) found.push(`${path}: ${breach}`);
  }
  if (folder in arrows && folder !== 'infra' && cloudBranch.test(text)) {
    found.push(`${path}: asks which cloud it is; only infra/ may`);
  }
  return found;
}

function breachOfArrow(path: string, folder: string, target: string, typeOnly: boolean): string | undefined {
  const [to = ''] = target.split('/');
  const allowed = arrows[folder];
  if (!allowed || to === folder || !(to in arrows)) return undefined;
  if (allowed.values.includes(to) || (typeOnly && allowed.types?.includes(to))) return undefined;
  if (exceptions.some((exception) => exception.from.test(path) && exception.to.test(target))) return undefined;
  return allowed.types?.includes(to)
    ? `imports more than types from ${target}`
    : `imports ${target}, and ${folder} must not know ${to}`;
}

function breachOfPackage(path: string, specifier: string, typeOnly: boolean): string | undefined {
  if (typeOnly) return undefined;
  const broken = packages.find(({ name, only }) => name.test(specifier) && !only.test(path));
  return broken && Object.hasOwn(arrows, path.split('/')[0] ?? '') ? `imports ${specifier}: ${broken.why}` : undefined;
}

export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const statements = /^\s*(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*['"]([^'"]+)['"]/gm;
  for (const [, type, names = '', specifier = ''] of text.matchAll(statements)) {
    const inBraces = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
    const each = inBraces
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const typeOnly = type !== undefined || (each !== undefined && each.every((name) => name.startsWith('type ')));
    found.push({ specifier, typeOnly });
  }
  for (const [, bare, dynamic] of text.matchAll(/^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm)) {
    found.push({ specifier: bare ?? dynamic ?? '', typeOnly: false });
  }
  return found;
}

/** Every source of the product. */
export function sourcesOf(root: string): Source[] {
  return Object.keys(arrows)
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
    )
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.main) {
  const breaches = sourcesOf(join(import.meta.dirname, '../..')).flatMap(breachesIn);
  for (const breach of breaches) console.log(breach);
  if (breaches.length === 0) console.log('Imports point one way.');
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
