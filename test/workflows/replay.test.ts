import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { type Ending, endingRules, endings, type Outcome, outcomes, releaseEndings } from '../../domain/outcomes.ts';
import { createDataConverter } from '../../temporal/data-converter.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';

const folder = join(import.meta.dirname, '../histories');
const histories = readdirSync(folder).filter((name) => name.endsWith('.json'));
const scratch = mkdtempSync(join(tmpdir(), 'trainyard-replay-'));
let code = '';

beforeAll(async () => {
  const nothing = () => {};
  const logger = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
  Runtime.install({ shutdownSignals: [], logger });
  code = readFileSync((await workflowBundle(join(tmpdir(), 'trainyard-test-cache'))).codePath, 'utf8');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function replay(name: string, changed = code): Promise<void> {
  const codePath = join(scratch, 'bundle.js');
  writeFileSync(codePath, changed);
  const history = historyFromJSON(JSON.parse(readFileSync(join(folder, name), 'utf8')));
  await Worker.runReplayHistory(
    { workflowBundle: { codePath }, dataConverter: createDataConverter(), replayName: name },
    history,
    workflowIdIn(name),
  );
}

const workflowIdIn = (name: string) =>
  `${name.startsWith('sweep') ? 'sweep' : name.startsWith('prepare') ? 'preparation' : name.startsWith('predict') ? 'prediction' : 'job'}-replayed`;

/** Of the names of workflows, endings and outcomes, as a file has them. */
const kebab = (name: string) => name.replaceAll('_', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const index = readFileSync(join(import.meta.dirname, '../../workflows/index.ts'), 'utf8');
const workflows = [...index.matchAll(/export \{ (\w+) \}/g)].map(([, name]) => name as string);

const onlyInsideReleases = releaseEndings.filter((ending) => ending !== 'cancelled');
/** Where a workflow cannot go, and why. Every other way that the table of outcomes knows must have a history. */
const cannotBe: Record<string, (ending: Ending, outcome: Outcome) => boolean> = {
  trainJob: (ending) => onlyInsideReleases.some((one) => one === ending),
  predictBatch: (ending, outcome) =>
    onlyInsideReleases.some((one) => one === ending) ||
    // It has no budget, and there is no best so far of a prediction.
    ending === 'money_up' ||
    (outcome === 'succeeded' && ending !== 'finished'),
  // It has no machine, no time and no money to lose, and nothing of it is kept when it is stopped.
  prepareDataset: (ending, outcome) =>
    !['finished', 'cancelled', 'user_failure', 'attempts_used_up', 'bug'].includes(ending) ||
    (ending === 'finished' && outcome === 'failed'),
  // What fails, fails in its trials; those that ended well make it a success, whatever ended it.
  sweep: (ending) => !['finished', 'stopped', 'money_up', 'cancelled'].includes(ending),
  releaseHolder: (ending) => !releaseEndings.some((one) => one === ending),
  // It never ends.
  keepHouse: () => true,
};

const ways = workflows.flatMap((workflow) =>
  endings.flatMap((ending) => {
    const { withResult, withoutResult } = endingRules[ending];
    return [...new Set([withResult, withoutResult])]
      .filter((outcome) => !cannotBe[workflow]?.(ending, outcome))
      .map((outcome) => [workflow, ending, outcome] as const);
  }),
);

test('every workflow has histories, and no way is left out for all of them', () => {
  for (const workflow of workflows) {
    expect([workflow, histories.filter((name) => name.startsWith(`${kebab(workflow)}.`)).length]).not.toEqual([
      workflow,
      0,
    ]);
  }
  expect(new Set(ways.map(([, ending]) => ending))).toEqual(new Set(endings));
  expect(new Set(ways.map(([, , outcome]) => outcome))).toEqual(new Set(outcomes));
});

interface HistoryEvent {
  activityTaskScheduledEventAttributes?: { activityType: { name: string }; input: { payloads: { data: string }[] } };
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
  workflowExecutionCompletedEventAttributes?: { result?: { payloads: { data: string }[] } };
}

/** What the history itself says, whatever its file is called. */
function toldBy(name: string): { workflow: string | undefined; outcome: string | undefined } {
  const { events } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { events: HistoryEvent[] };
  const closing = events.find((event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'closeWork');
  // A preparation holds nothing, and is closed where its dataset is made: its result says how it ended.
  const result = events.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads[0]?.data;
  const data = closing?.activityTaskScheduledEventAttributes?.input.payloads[0]?.data ?? result;
  return {
    workflow: events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name,
    outcome: data && JSON.parse(Buffer.from(data, 'base64').toString()).outcome,
  };
}

test.each(ways)('there is a history of %s that ends as %s and is %s', (workflow, ending, outcome) => {
  const prefix = [workflow, ending, outcome].map(kebab).join('.');
  const recorded = histories.filter((name) => name.startsWith(`${prefix}.`));
  expect(recorded).not.toEqual([]);
  for (const name of recorded) expect(toldBy(name)).toEqual({ workflow, outcome });
});

test.each(histories)('%s tells nothing of the machine that it was recorded on', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text).not.toMatch(/"\/|file:|\.ts:\d|node_modules/);
  for (const [, identity] of text.matchAll(/"identity":\s*"([^"]*)"/g)) expect(identity).toBe('a worker');
});

test.each(histories)('%s is decided today as it was then', async (name) => {
  await replay(name);
});

/** Mistakes that are easily made in running code: each must be caught by every one of these stored histories. */
const mistakes: [string, string[], RegExp, string][] = [
  [
    'a step left out',
    ['train-job.finished.succeeded', 'train-job.cancelled.cancelled', 'train-job.bug.failed'],
    /await job\.on\.machines\.createSignals\(holder\);/,
    '',
  ],
  [
    'two steps swapped',
    ['train-job.finished.succeeded', 'train-job.money-up.over-budget'],
    /await job\.on\.engines\.prepareEngine\([^;]*;/,
    'await job.on.machines.createBucket(holder);',
  ],
  [
    'a step added',
    ['train-job.finished.failed', 'train-job.user-failure.failed'],
    /await job\.waitForPlace\(\);/,
    'await job.waitForPlace(); await job.on.machines.createBucket(holder);',
  ],
  [
    'a release left out',
    ['train-job.stopped.succeeded', 'train-job.time-up.failed', 'train-job.attempts-used-up.failed'],
    /undoWith\('signals', \(\)=>job\.on\.releases\.removeSignals\(job\.ours\)\);/,
    '',
  ],
  [
    'a lost machine not taken down before the next',
    ['train-job.finished.succeeded.second-attempt', 'predict-batch.finished.succeeded.second-attempt'],
    /const \{ livedSeconds \} = await work\.on\.releases\.removeMachine\(ours\);/,
    'const livedSeconds = 0;',
  ],
  [
    'a machine that is not waited for',
    ['train-job.finished.succeeded.waited', 'train-job.attempts-used-up.failed.no-machine'],
    /await [^;]*sleep\)\(wait\.seconds \* 1000\);/,
    '',
  ],
  [
    'a size up that is not asked for',
    ['train-job.finished.succeeded.size-up', 'train-job.attempts-used-up.failed.no-larger'],
    /await [\w.]*decideIfKnown\.largerMachine\(ref\)/,
    "{ type: null, sentence: '' }",
  ],
  [
    'a step left out',
    ['predict-batch.finished.succeeded', 'predict-batch.time-up.failed', 'predict-batch.stopped.cancelled'],
    /await work\.on\.data\.stagePrediction\(holder\);/,
    '',
  ],
  [
    'a release left out',
    ['release-holder.terminated.cancelled', 'release-holder.history-lost.succeeded'],
    /await releases\.removeSignals\(ours\);/,
    '',
  ],
  [
    'what was handed in not collected',
    ['release-holder.history-lost.succeeded', 'release-holder.workflow-failed.failed'],
    /await data\.collectLeftovers\([^;]*;/,
    'false;',
  ],
  [
    'a step left out',
    ['prepare-dataset.finished.succeeded', 'prepare-dataset.bug.failed'],
    /await [\w.]*decide\.planPreparation\(id\)/,
    "{ data: 'somewhere' }",
  ],
  [
    'an end that is not kept',
    ['prepare-dataset.cancelled.cancelled', 'prepare-dataset.user-failure.failed'],
    /decide\.closePreparation\(/,
    'decide.planPreparation(',
  ],
  [
    'a decision left out',
    ['sweep.finished.succeeded', 'sweep.stopped.cancelled'],
    /await [\w.]*decideIfKnown\.advanceSweep\([^;]*;/,
    '{ end: null };',
  ],
  [
    'a sweep that does not wait',
    ['sweep.cancelled.cancelled', 'sweep.stopped.succeeded'],
    /await [^;]*isWoken, askAgainAfter\);/,
    '',
  ],
  [
    'a history that goes on sooner',
    ['keep-house.goes-on'],
    /const eventsOfAHistory = 200;/,
    'const eventsOfAHistory = 9;',
  ],
];

test.each(mistakes.flatMap(([what, names, ...change]) => names.map((name) => [what, name, ...change] as const)))(
  '%s of %s is caught',
  async (_what, history, pattern, replacement) => {
    expect(pattern.test(code)).toBe(true);
    await expect(replay(`${history}.json`, code.replace(pattern, replacement))).rejects.toThrow(
      DeterminismViolationError,
    );
  },
);
