import { loadSettings } from '../settings/settings.ts';
import { Needs } from './checks/needs.ts';
import { runCommand } from './problem.ts';
import { openProgress } from './progress.ts';
import { root, runScript } from './run-script.ts';

await runCommand(async () => {
  const needs = new Needs(loadSettings(process.env, root), openProgress());
  for (const need of ['temporal', 'sklearn'] as const) await needs.bring(need);
  return runScript('test/chaos/run.ts', process.argv.slice(2));
});
