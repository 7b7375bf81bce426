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

test('there is a history of every outcome', () => {
  const ways = ['succeeded', 'second-attempt', 'attempts-used-up', 'user-failure', 'stopped', 'cancelled', 'time-up'];
  for (const way of ways) expect(histories.some((name) => name.includes(way))).toBe(true);
});

test.each(histories)('%s is decided today as it was then', async (name) => {
  await replay(name);
});

/** Mistakes that are easily made in running code: each of them must be caught by at least one stored history. */
const mistakes: [string, RegExp, string][] = [
  ['a step left out', /await job\.on\.machines\.createSignals\(holder\);/, ''],
  ['two steps swapped', /await job\.on\.data\.prepareEngine\([^;]*;/, 'await job.on.machines.createBucket(holder);'],
  [
    'a step added',
    /await job\.waitForPlace\(\);/,
    'await job.waitForPlace(); await job.on.machines.createBucket(holder);',
  ],
  ['a release left out', /undoWith\('signals', \(\)=>job\.on\.releases\.removeSignals\(holder\)\);/, ''],
];

test.each(mistakes)('%s is caught', async (_what, pattern, replacement) => {
  expect(pattern.test(code)).toBe(true);
  await expect(replay('train-job-succeeded.json', code.replace(pattern, replacement))).rejects.toThrow(
    DeterminismViolationError,
  );
});
