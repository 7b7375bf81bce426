import type { GcpFinding } from '../infra/gcp-checks.ts';
import { loadSettings, type Settings } from '../settings/settings.ts';
import { findings } from './doctor/findings.ts';
import { gcpFindings } from './doctor/gcp.ts';
import { Problem, runCommand } from './problem.ts';
import { root } from './run-script.ts';

const marks = { good: 'ok   ', later: '–    ', bad: 'BAD  ' } as const;
const gcpMarks = { good: '✓', later: '–', bad: '✗' } as const;

await runCommand(async () => {
  const [about, ...more] = process.argv.slice(2);
  if ((about !== undefined && about !== 'gcp') || more.length > 0) {
    throw new Problem(`./x doctor takes nothing, or gcp, not "${process.argv.slice(2).join(' ')}".`);
  }
  const settings = loadSettings(process.env, root);
  return about === 'gcp' ? ofGcp(settings) : ofThisMachine(settings);
});

async function ofThisMachine(settings: Settings): Promise<number> {
  const found = await findings(settings);
  for (const { state, name, detail } of found) console.log(`${marks[state]}${name.padEnd(14)}${detail}`);
  const bad = found.filter(({ state }) => state === 'bad');
  console.log(
    bad.length === 0 ? '\n./x up can run.' : `\n./x up cannot run well: ${bad.map(({ name }) => name).join(', ')}.`,
  );
  return bad.length === 0 ? 0 : 1;
}

async function ofGcp(settings: Settings): Promise<number> {
  console.log('Looking at Google Cloud: nothing is made, and nothing costs.');
  // The libraries warn of ways to sign in that this machine has not: a finding says it better.
  process.removeAllListeners('warning');
  const found = await gcpFindings(settings);
  for (const finding of found) console.log(linesOf(finding));
  const bad = found.filter(({ state }) => state === 'bad');
  console.log(
    bad.length === 0
      ? '\nA job could start on Google Cloud.'
      : `\nNo job could start on Google Cloud: ${bad.map(({ name }) => name).join(', ')}. docs/gcp.md goes through it from the start.`,
  );
  return bad.length === 0 ? 0 : 1;
}

/** What mends it stands on lines of its own, to be copied whole. */
function linesOf({ state, name, detail, mend }: GcpFinding): string {
  const commands = (mend ?? '').split('\n').filter((line) => line !== '');
  return [`${gcpMarks[state]} ${name.padEnd(14)}${detail}`, ...commands.map((line) => `      ${line}`)].join('\n');
}
