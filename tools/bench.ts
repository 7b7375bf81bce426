import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearMatch } from '../settings/near-match.ts';
import { loadSettings } from '../settings/settings.ts';
import { type Need, Needs } from './checks/needs.ts';
import { Problem, runCommand } from './problem.ts';
import { openProgress } from './progress.ts';
import { root, runScript } from './run-script.ts';

/** A bench says what it is in the first comment of its file; what has none is a part of one. */
const firstComment = /^\/\*\*[\s*]*([\s\S]*?)\s*(?:\*\/|\n\s*\*\s*\n)/;

const always: readonly Need[] = ['temporal', 'sklearn'];
/** What a bench needs that needs less. */
const only: Record<string, readonly Need[]> = {
  data: [],
  large: [],
  upload: ['temporal'],
  needs: [],
  provision: ['temporal', 'google packages', 'cloud sim', 'google provider', 'terraform'],
  // These bring the environments of the engines that they are asked for.
  limits: [],
  quality: [],
  resume: [],
};
const more: Record<string, readonly Need[]> = { latency: ['chromium'], overhead: ['autogluon'] };

await runCommand(async () => {
  // From the first flag on it is for the bench itself: `./x bench data --mb 50`.
  const given = process.argv.slice(2);
  const flagged = given.findIndex((each) => each.startsWith('--'));
  const names = flagged < 0 ? given : given.slice(0, flagged);
  const flags = flagged < 0 ? [] : given.slice(flagged);
  const known = benches();
  if (names.length === 0) {
    for (const [name, about] of known) console.log(`${name.padEnd(12)} ${about}`);
    return 0;
  }
  for (const name of names) {
    if (known.has(name)) continue;
    const meant = nearMatch(name, [...known.keys()]);
    throw new Problem(
      `There is no bench "${name}". ${meant ? `Did you mean ${meant}? ` : ''}There are: ${[...known.keys()].join(', ')}.`,
    );
  }
  const needs = new Needs(loadSettings(process.env, root), openProgress());
  for (const need of names.flatMap((name) => only[name] ?? [...always, ...(more[name] ?? [])])) await needs.bring(need);
  let worst = 0;
  for (const name of names) worst = Math.max(worst, await runScript(`bench/${name}.ts`, flags));
  return worst;
});

function benches(): Map<string, string> {
  const folder = join(root, 'bench');
  if (!existsSync(folder)) return new Map();
  const found = new Map<string, string>();
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .toSorted()) {
    const about = firstComment.exec(readFileSync(join(folder, file), 'utf8'))?.[1];
    if (about) found.set(file.slice(0, -'.ts'.length), about.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim());
  }
  return found;
}
