import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { nearMatch } from '../settings/near-match.ts';
import { loadSettings } from '../settings/settings.ts';
import { Needs } from './checks/needs.ts';
import { runSuite } from './checks/run-suite.ts';
import { runAll } from './checks/run-suites.ts';
import { type Suite, suites } from './checks/suites.ts';
import { failuresOf, skippedLines, suiteLine, type SuiteResult, totalLine } from './checks/summary.ts';
import { Problem, runCommand } from './problem.ts';
import { openProgress } from './progress.ts';

const root = join(import.meta.dirname, '..');
const logFolder = join(root, '.trainyard/test');
const shownCharacters = 6000;

await runCommand(async () => {
  const chosen = choose(process.argv.slice(2));
  const progress = openProgress();
  const needs = new Needs(loadSettings(process.env, root), progress);
  const results: SuiteResult[] = [];
  // All at once and before anything is timed: downloads and builds would slow down what is measured beside them.
  await Promise.allSettled([...new Set(chosen.flatMap((suite) => suite.needs))].map((need) => needs.bring(need)));
  const startedMs = performance.now();
  await runAll(chosen, Math.min(2, availableParallelism()), async (suite) => {
    const result = await runSuite(suite, { root, logFolder, needs });
    results.push(result);
    progress.line(suiteLine(result));
    for (const failure of result.failures) progress.line(indented(failure));
    if (result.failures.length > 0) progress.line(`  All of its output: ${join(logFolder, `${suite.name}.log`)}`);
  });
  for (const line of skippedLines(results)) progress.line(line);
  const budget = chosen.reduce((total, { budgetSeconds }) => total + budgetSeconds, 0);
  progress.line(
    `${Math.round((performance.now() - startedMs) / 1000)} s; the budgets of its suites sum up to ${budget} s.`,
  );
  progress.line(totalLine(results));
  return results.some((result) => failuresOf(result) > 0) ? 1 : 0;
});
process.exit();

function choose(words: readonly string[]): readonly Suite[] {
  if (words.length === 0) return suites;
  const names = suites.map(({ name }) => name);
  for (const word of words) {
    if (word === 'fast' || names.includes(word)) continue;
    const meant = nearMatch(word, ['fast', ...names]);
    throw new Problem(
      `There is no suite "${word}". ${meant ? `Did you mean ${meant}? ` : ''}There are: fast, ${names.join(', ')}.`,
    );
  }
  return suites.filter(({ name, fast }) => words.includes(name) || (fast && words.includes('fast')));
}

function indented(text: string): string {
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}\n…` : text;
  return shown.replaceAll(/^/gm, '  ');
}
