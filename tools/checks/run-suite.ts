import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { sentenceOf } from '../problem.ts';
import { lastLines, type Ran, runProgram } from '../run-program.ts';
import { add, type Counts, jestCounts, nothing, pytestCounts } from './counts.ts';
import type { Needs } from './needs.ts';
import { type SuiteResult } from './summary.ts';
import type { Step, Suite } from './suites.ts';

const shownLines = 60;

interface Place {
  root: string;
  /** Where the full output of each suite is kept. */
  logFolder: string;
  needs: Needs;
}

/** Brings what the suite needs, then runs its steps one after another; only these count against its budget. */
export async function runSuite(suite: Suite, place: Place): Promise<SuiteResult> {
  mkdirSync(place.logFolder, { recursive: true });
  const log = join(place.logFolder, `${suite.name}.log`);
  rmSync(log, { force: true });
  const result = { name: suite.name, budgetSeconds: suite.budgetSeconds };
  try {
    for (const need of suite.needs) await place.needs.bring(need);
  } catch (error) {
    const why = sentenceOf(error) ?? String((error as Error).stack ?? error);
    return { ...result, ...nothing, failed: 1, failures: [`What it needs could not be brought: ${why}`], seconds: 0 };
  }
  const startedMs = performance.now();
  let counts = nothing;
  for (const [index, step] of suite.steps.entries()) {
    counts = add(
      counts,
      await runStep(step, { ...place, report: join(place.logFolder, `${suite.name}-${index}`), log, suite }),
    );
  }
  return { ...result, ...counts, seconds: (performance.now() - startedMs) / 1000 };
}

interface StepPlace extends Place {
  report: string;
  log: string;
  suite: Suite;
}

async function runStep(step: Step, place: StepPlace): Promise<Counts> {
  rmSync(place.report, { force: true });
  switch (step.kind) {
    case 'command':
      return runCommandStep(step, place);
    case 'jest':
      return runJest(step, place);
    case 'pytest':
      return runPytest(step, place);
  }
}

async function runCommandStep(step: Extract<Step, { kind: 'command' }>, place: StepPlace): Promise<Counts> {
  const [program = '', ...args] = step.command;
  const ran = await run(
    program,
    args,
    { ...place, root: join(place.root, step.folder ?? '.') },
    await environment(place),
  );
  if (ran.code === 0) return { ...nothing, passed: 1 };
  return { ...nothing, failed: 1, failures: [`${step.title}\n${lastLines(ran.output, shownLines)}`] };
}

async function runJest(step: Extract<Step, { kind: 'jest' }>, place: StepPlace): Promise<Counts> {
  const args = [
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${place.report}`,
    `--maxWorkers=${place.suite.cores}`,
  ];
  for (const path of step.except ?? []) args.push('--testPathIgnorePatterns', path);
  const ran = await run(process.execPath, [...args, '--testPathPatterns', ...step.paths], place, {
    ...(await environment(place)),
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  });
  if (!existsSync(place.report)) {
    return { ...nothing, failed: 1, failures: [`Jest wrote no report\n${lastLines(ran.output, shownLines)}`] };
  }
  return jestCounts(JSON.parse(readFileSync(place.report, 'utf8')), ran.code, place.root);
}

async function runPytest(step: Extract<Step, { kind: 'pytest' }>, place: StepPlace): Promise<Counts> {
  const python = place.needs.python(step.engine);
  const args = [
    '-m',
    'pytest',
    '-q',
    '-c',
    'trainer-image/pyproject.toml',
    '--rootdir',
    '.',
    `--junitxml=${place.report}`,
  ];
  // As many threads as the suite says that it keeps busy: more of them only wait for each other, and busily.
  const threads = { OMP_NUM_THREADS: String(place.suite.cores) };
  const ran = await run(python, [...args, ...step.args], place, { ...(await environment(place)), ...threads });
  if (!existsSync(place.report)) {
    return { ...nothing, failed: 1, failures: [`pytest wrote no report\n${lastLines(ran.output, shownLines)}`] };
  }
  return pytestCounts(readFileSync(place.report, 'utf8'), ran.code);
}

async function run(program: string, args: readonly string[], place: StepPlace, env: NodeJS.ProcessEnv): Promise<Ran> {
  const ran = await runProgram(program, args, { cwd: place.root, env });
  writeFileSync(place.log, `$ ${[program, ...args].join(' ')}\n${ran.output}\n`, { flag: 'a' });
  return ran;
}

/** The settings of whoever runs the tests must not decide them; where things are cached may. */
const kept = new Set(['TRAINYARD_CACHE_FOLDER', 'TRAINYARD_PYTHON_PATH', 'TRAINYARD_GCP_PROVIDER_MIRROR']);

async function environment({ needs, suite }: StepPlace): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TRAINYARD_') || kept.has(name));
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(own), NO_COLOR: '1' };
  // Some take any value of it, 0 too, for a wish.
  delete env['FORCE_COLOR'];
  if (!suite.needs.includes('python tools')) return env;
  const tools = await needs.pythonTools();
  const packages = join(
    tools,
    'lib',
    readdirSync(join(tools, 'lib')).find((name) => name.startsWith('python')) ?? '',
    'site-packages',
  );
  // The engine's own Python runs the tests; pytest is laid beside its packages, not into its locked environment.
  const python = suite.needs.includes('sklearn') ? [join(needs.python('sklearn'), '..')] : [];
  return {
    ...env,
    PATH: [...python, join(tools, 'bin'), env['PATH']].join(delimiter),
    PYTHONPATH: packages,
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
