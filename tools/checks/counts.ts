/** What a step of a suite came to. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  /** For each failure, what a person needs to see. */
  failures: string[];
}

export const nothing: Counts = { passed: 0, failed: 0, skipped: [], failures: [] };

export function add(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: [...a.skipped, ...b.skipped],
    failures: [...a.failures, ...b.failures],
  };
}

interface JestReport {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

/** From `jest --json`. A file that cannot even be loaded has no tests in it, and counts as one failure. */
export function jestCounts(report: JestReport, exitCode: number | null, root: string): Counts {
  const counts: Counts = { ...nothing, skipped: [], failures: [] };
  for (const file of report.testResults) {
    const path = file.name.startsWith(`${root}/`) ? file.name.slice(root.length + 1) : file.name;
    for (const { fullName, status, failureMessages } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1;
      else if (status === 'failed') {
        counts.failed += 1;
        counts.failures.push(`${path} › ${fullName}\n${(failureMessages ?? []).join('\n')}`);
      } else {
        // Why it does not run stands in the brackets at the end of its name.
        counts.skipped.push({
          name: `${path} › ${fullName}`,
          reason: /\(([^()]*)\)$/.exec(fullName)?.[1] ?? 'no reason given',
        });
      }
    }
    const failedAlone = file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
    if (failedAlone) {
      counts.failed += 1;
      counts.failures.push(`${path}\n${file.message}`);
    }
  }
  return unlessSilent(counts, exitCode, 'Jest');
}

/** From the XML that `pytest --junitxml` writes. */
export function pytestCounts(xml: string, exitCode: number | null): Counts {
  const counts: Counts = { ...nothing, skipped: [], failures: [] };
  for (const [, attributes = '', , body = ''] of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const name = `${attribute(attributes, 'classname')} › ${attribute(attributes, 'name')}`;
    const trouble = /<(?:failure|error)\b([^>]*)>([\s\S]*?)<\/(?:failure|error)>/.exec(body);
    const skip = /<skipped\b([^>]*?)\/?>/.exec(body);
    if (trouble) {
      counts.failed += 1;
      counts.failures.push(`${name}\n${unescaped(trouble[2] ?? '')}`);
    } else if (skip) {
      counts.skipped.push({ name, reason: attribute(skip[1] ?? '', 'message') || 'no reason given' });
    } else counts.passed += 1;
  }
  return unlessSilent(counts, exitCode, 'pytest');
}

/** A runner that fails, or runs nothing, without naming a test must not pass for success. */
function unlessSilent(counts: Counts, exitCode: number | null, runner: string): Counts {
  const ran = counts.passed + counts.failed + counts.skipped.length;
  if (counts.failed > 0 || (exitCode === 0 && ran > 0)) return counts;
  const why =
    ran === 0 ? `${runner} found no tests` : `${runner} ended with exit code ${exitCode} though no test failed`;
  return { ...counts, failed: 1, failures: [why] };
}

function attribute(attributes: string, name: string): string {
  return unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', '#10': '\n' };

function unescaped(text: string): string {
  return text.replaceAll(/&([a-z]+|#10);/g, (whole, name: string) => entities[name] ?? whole);
}
