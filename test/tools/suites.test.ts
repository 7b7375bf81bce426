import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { add, jestCounts, nothing, pytestCounts } from '../../tools/checks/counts.ts';
import { runAll } from '../../tools/checks/run-suites.ts';
import { failuresOf, skippedLines, suiteLine, type SuiteResult, totalLine } from '../../tools/checks/summary.ts';
import { toolNeeds } from '../../tools/checks/needs.ts';
import { suites } from '../../tools/checks/suites.ts';

const root = join(import.meta.dirname, '../..');
const result = (given: Partial<SuiteResult>): SuiteResult => ({
  ...nothing,
  name: 'one',
  seconds: 1,
  budgetSeconds: 10,
  ...given,
});

describe('the suites', () => {
  it('run every test file, each once', () => {
    const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${name}`);
    const jests = suites.flatMap(({ name, steps }) =>
      steps.filter((step) => step.kind === 'jest').map((step) => ({ name, step })),
    );
    const runBy = (file: string) =>
      jests
        .filter(
          ({ step }) =>
            step.paths.some((path) => file.includes(path)) && !step.except?.some((path) => file.includes(path)),
        )
        .map(({ name }) => name);
    expect(files.length).toBeGreaterThan(10);
    expect(files.map((file) => ({ file, suites: runBy(file).length })).filter((one) => one.suites !== 1)).toEqual([]);
  });

  it('need only tools that can be brought, and engines that there are', () => {
    const engines = readdirSync(join(root, 'trainer-image/trainer/engines'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== '__pycache__')
      .map(({ name }) => name);
    const known = new Set<string>([...toolNeeds, ...engines]);
    const needed = suites.flatMap(({ needs, steps }) => [
      ...needs,
      ...steps.flatMap((step) => (step.kind === 'pytest' ? [step.engine] : [])),
    ]);
    expect(needed.filter((need) => !known.has(need))).toEqual([]);
    // Each engine has tests of its own, in its own environment.
    expect(engines.filter((engine) => !needed.includes(engine))).toEqual([]);
  });

  it('have names of their own, and the fast ones fit into a minute', () => {
    expect(new Set(suites.map(({ name }) => name)).size).toBe(suites.length);
    const fast = suites.filter((suite) => suite.fast);
    expect(fast.reduce((sum, { budgetSeconds, cores }) => sum + (budgetSeconds * cores) / 2, 0)).toBeLessThan(60);
  });

  it('fit into forty-six minutes on two cores', () => {
    expect(suites.reduce((sum, { budgetSeconds, cores }) => sum + (budgetSeconds * cores) / 2, 0)).toBeLessThanOrEqual(
      46 * 60,
    );
  });
});

describe('the last line', () => {
  it('adds up what the suites came to', () => {
    expect(totalLine([result({ passed: 3 }), result({ passed: 4, failed: 2 })])).toBe('7 passed, 2 failed');
  });

  it('tells of skipped tests only when there are any, with reasons above', () => {
    const results = [result({ passed: 1, skipped: [{ name: 'a › b', reason: 'no GPU' }] })];
    expect(totalLine(results)).toBe('1 passed, 0 failed, 1 skipped');
    expect(skippedLines(results)).toEqual(['skipped: one: a › b: no GPU']);
  });

  it('counts a suite that took three times its budget as a failure, and one that took twice as slow', () => {
    const [slow, intolerable] = [result({ passed: 1, seconds: 20 }), result({ passed: 1, seconds: 31 })];
    expect([slow, intolerable].map(failuresOf)).toEqual([0, 1]);
    expect(suiteLine(slow)).toMatch(/^SLOW .*20\.0 s of 10 s {2}OVER ITS BUDGET$/);
    expect(suiteLine(intolerable)).toMatch(/^FAILED .*MORE THAN 3 TIMES ITS BUDGET$/);
    expect(totalLine([slow, intolerable])).toBe('2 passed, 1 failed');
  });
});

describe('what Jest reports', () => {
  const test = (status: string, fullName = 'does it') => ({
    fullName,
    status,
    failureMessages: status === 'failed' ? ['because'] : [],
  });
  const report = (file: Partial<{ status: string; message: string }>, ...tests: ReturnType<typeof test>[]) => ({
    testResults: [{ name: '/r/test/a.test.ts', status: 'passed', message: '', assertionResults: tests, ...file }],
  });

  it('is counted, with the reason of what is skipped from its name', () => {
    const counts = jestCounts(
      report({ status: 'failed' }, test('passed'), test('failed'), test('pending', 'runs (no GPU)')),
      1,
      '/r',
    );
    expect(counts).toEqual({
      passed: 1,
      failed: 1,
      skipped: [{ name: 'test/a.test.ts › runs (no GPU)', reason: 'no GPU' }],
      failures: ['test/a.test.ts › does it\nbecause'],
    });
  });

  it('counts a file that cannot be loaded as a failure', () => {
    expect(jestCounts(report({ status: 'failed', message: 'cannot find it' }), 1, '/r')).toMatchObject({
      failed: 1,
      failures: ['test/a.test.ts\ncannot find it'],
    });
  });

  it('is no success when there are no tests, or when Jest ends badly without saying why', () => {
    expect(jestCounts({ testResults: [] }, 0, '/r')).toMatchObject({ failed: 1, failures: ['Jest found no tests'] });
    expect(jestCounts(report({}, test('passed')), 1, '/r')).toMatchObject({ passed: 1, failed: 1 });
  });
});

describe('what pytest reports', () => {
  const xml = `<testsuites><testsuite><testcase classname="test_a" name="ok" time="0.1" />
    <testcase classname="test_a" name="bad" time="0.1"><failure message="x">assert 1 &lt; 0</failure></testcase>
    <testcase classname="test_a" name="not_here"><skipped type="pytest.skip" message="needs &quot;java&quot;">x</skipped></testcase>
    <testcase classname="test_a" name="broken"><error message="y">fixture</error></testcase></testsuite></testsuites>`;

  it('is counted', () => {
    expect(pytestCounts(xml, 1)).toEqual({
      passed: 1,
      failed: 2,
      skipped: [{ name: 'test_a › not_here', reason: 'needs "java"' }],
      failures: ['test_a › bad\nassert 1 < 0', 'test_a › broken\nfixture'],
    });
  });

  it('is no success when nothing ran', () => {
    expect(pytestCounts('<testsuites></testsuites>', 5)).toMatchObject({
      failed: 1,
      failures: ['pytest found no tests'],
    });
  });

  it('is added to what came before', () => {
    expect(add(pytestCounts(xml, 1), { ...nothing, passed: 5 })).toMatchObject({ passed: 6, failed: 2 });
  });
});

describe('running suites side by side', () => {
  it('never has more cores busy than there are, and lets small ones past a large one', async () => {
    let busy = 0;
    let most = 0;
    const order: string[] = [];
    const run = async ({ name, cores }: { name: string; cores: number }) => {
      order.push(name);
      busy += cores;
      most = Math.max(most, busy);
      await new Promise((resolve) => setTimeout(resolve, 10));
      busy -= cores;
    };
    const items = [
      { name: 'small', cores: 1 },
      { name: 'large', cores: 2 },
      { name: 'other', cores: 1 },
    ];
    await runAll(items, 2, run);
    expect(most).toBe(2);
    expect(order).toEqual(['small', 'other', 'large']);
  });

  it('runs what wants more than there is, alone', async () => {
    const order: string[] = [];
    await runAll([{ name: 'large', cores: 2 }], 1, async ({ name }) => void order.push(name));
    expect(order).toEqual(['large']);
  });
});
