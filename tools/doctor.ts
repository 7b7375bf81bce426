import { loadSettings } from '../settings/settings.ts';
import { findings } from './doctor/findings.ts';
import { runCommand } from './problem.ts';
import { root } from './run-script.ts';

const marks = { good: 'ok   ', later: '–    ', bad: 'BAD  ' } as const;

await runCommand(async () => {
  const found = await findings(loadSettings(process.env, root));
  for (const { state, name, detail } of found) console.log(`${marks[state]}${name.padEnd(14)}${detail}`);
  const bad = found.filter(({ state }) => state === 'bad');
  console.log(
    bad.length === 0 ? '\n./x up can run.' : `\n./x up cannot run well: ${bad.map(({ name }) => name).join(', ')}.`,
  );
  return bad.length === 0 ? 0 : 1;
});
