import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
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

const workflowIdIn = (name: string) => `${name.startsWith('predict') ? 'prediction' : 'job'}-replayed`;

const ways = {
  'train-job': ['succeeded', 'second-attempt', 'attempts-used-up', 'user-failure', 'stopped', 'cancelled', 'time-up'],
  'predict-batch': ['succeeded', 'second-attempt', 'user-failure'],
  'release-holder': ['terminated'],
};

test.each(Object.entries(ways))('there is a history of every way that %s can go', (story, endings) => {
  const recorded = histories.filter((name) => name.startsWith(story));
  for (const ending of endings) expect(recorded.filter((name) => name.includes(ending))).not.toEqual([]);
});

test.each(histories)('%s tells nothing of the machine that it was recorded on', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');
  expect(text).not.toMatch(/"\/|file:|\.ts:\d|node_modules/);
  for (const [, identity] of text.matchAll(/"identity": "([^"]*)"/g)) expect(identity).toBe('a worker');
});

test.each(histories)('%s is decided today as it was then', async (name) => {
  await replay(name);
});

/** Mistakes that are easily made in running code: each of them must be caught by at least one stored history. */
const mistakes: [string, string, RegExp, string][] = [
  ['a step left out', 'train-job-succeeded', /await job\.on\.machines\.createSignals\(holder\);/, ''],
  [
    'two steps swapped',
    'train-job-succeeded',
    /await job\.on\.data\.prepareEngine\([^;]*;/,
    'await job.on.machines.createBucket(holder);',
  ],
  [
    'a step added',
    'train-job-succeeded',
    /await job\.waitForPlace\(\);/,
    'await job.waitForPlace(); await job.on.machines.createBucket(holder);',
  ],
  [
    'a release left out',
    'train-job-succeeded',
    /undoWith\('signals', \(\)=>job\.on\.releases\.removeSignals\(holder\)\);/,
    '',
  ],
  ['a step left out', 'predict-batch-succeeded', /await work\.on\.data\.stagePrediction\(holder\);/, ''],
  ['a release left out', 'release-holder-terminated', /await releases\.removeSignals\(holder\);/, ''],
];

test.each(mistakes)('%s of %s is caught', async (_what, history, pattern, replacement) => {
  expect(pattern.test(code)).toBe(true);
  await expect(replay(`${history}.json`, code.replace(pattern, replacement))).rejects.toThrow(
    DeterminismViolationError,
  );
});
