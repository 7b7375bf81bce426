import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../settings/settings.ts';
import type { ReplayReport } from '../../workers/replay-open-histories.ts';
import { hashOfWorkflowSources } from '../../workers/workflow-sources.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';

/**
 * Replays what is under way with this code before anything switches to it. Code that has been through it once for this
 * data folder is not checked again: it can only have made histories that it can replay.
 */
export async function checkOpenHistories(
  settings: Settings,
  progress: Progress,
  force: boolean,
  temporalUp: Promise<void>,
): Promise<void> {
  const stamp = join(settings.dataFolder, 'checked-workflows');
  const hash = await hashOfWorkflowSources();
  const checked = await readFile(stamp, 'utf8').catch(() => '');
  if (checked === hash) return;
  await temporalUp;
  const step = progress.step('Replaying open jobs with this code', 'once for each version, a few seconds');
  const report = await replay().catch((error: unknown) => {
    step.failed();
    throw error;
  });
  step.done(report.checked === 1 ? '1 history' : `${report.checked} histories`);
  if (report.problems.length > 0) refuseUnlessForced(report, force, progress);
  await mkdir(settings.dataFolder, { recursive: true });
  await writeFile(`${stamp}.part`, hash);
  await rename(`${stamp}.part`, stamp);
}

async function replay(): Promise<ReplayReport> {
  const script = join(import.meta.dirname, 'replay.ts');
  const { code, output } = await runProgram(process.execPath, [script], { cwd: join(import.meta.dirname, '../..') });
  const answer = lastLines(output, 1);
  if (code !== 0 || !answer.startsWith('{'))
    throw new Error(`Open jobs could not be replayed:\n${lastLines(output, 20)}`);
  return JSON.parse(answer) as ReplayReport;
}

function refuseUnlessForced({ problems }: ReplayReport, force: boolean, progress: Progress): void {
  const names = problems.slice(0, 10).map(({ workflowId }) => workflowId);
  const more = problems.length > names.length ? ` and ${problems.length - names.length} more` : '';
  const what = `${problems.length === 1 ? 'One open job decides' : `${problems.length} open jobs decide`} differently with this version of the code: ${names.join(', ')}${more}.`;
  if (force) {
    progress.line(
      `${what} Going on, as --force says: they stand still until they are terminated or the old code is back.`,
    );
    return;
  }
  throw new Problem(
    `${what} (${problems[0]?.message.split('\n')[0]}) Nothing was changed. Run the version that started them until they ` +
      'are done, or switch nevertheless with ./x up --force.',
  );
}
