import { dollars } from '../../domain/money.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { isDone, nothingIsLeft } from './holder-checks.ts';
import { failsWith, succeeds, vanishes } from './scripts.ts';
import { closeTemporal, openTestYard, type TestYard } from './test-yard.ts';

const large = { name: 'large', memoryGib: 16, pricePerHourMicros: dollars(2) };
const needsMore = failsWith('OutOfMemory', 'The memory was not enough.');
const open: TestYard[] = [];

/** One machine after the other, each by its script; on which types they were. */
async function ranOn(
  scripts: Script[],
  { larger = [large], limits = {} }: { larger?: (typeof large)[]; limits?: object } = {},
) {
  const types: string[] = [];
  const script = (order: { attempt: number; type: string }) => {
    types.push(order.type);
    return scripts[order.attempt - 1] ?? scripts.at(-1)!;
  };
  const yard = await openTestYard(new SimulatedCloud({ script, larger }));
  open.push(yard);
  const job = await yard.accept({ limits: { trainingSeconds: 60, attempts: 3, ...limits } });
  const holder = { kind: 'job', id: job.id } as const;
  const row = await isDone(yard, holder, 40);
  await nothingIsLeft(yard, holder);
  const timeline = await yard.dependencies.stores.timeline.list(holder);
  const warnings = timeline.filter(({ kind }) => kind === 'warning').map(({ text }) => text);
  return { types, row, warnings };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('what ran out of memory is tried once more a size up, and the timeline tells the price', async () => {
  const { types, row, warnings } = await ranOn([needsMore, succeeds]);
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  expect(types).toEqual(['local', 'large']);
  expect(warnings).toEqual([
    'Attempt 1 ended: The memory was not enough. Trying once more a size up, on “large” (16 GiB, $2.00 an hour).',
  ]);
}, 60_000);

test('it stays a size up when that machine is lost, and grows only once', async () => {
  const { types, row } = await ranOn([needsMore, vanishes, needsMore], {
    larger: [large, { name: 'huge', memoryGib: 64, pricePerHourMicros: dollars(9) }],
    limits: { attempts: 5 },
  });
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'OutOfMemory', attempt: 3 });
  expect(types).toEqual(['local', 'large', 'large']);
}, 60_000);

test.each([
  ['the cloud has no larger machine', { larger: [] }],
  ['no attempt is left', { limits: { attempts: 1 } }],
])(
  'ends with its sentence where %s',
  async (_why, given) => {
    const { types, row } = await ranOn([needsMore], given);
    const ending = { outcome: 'failed', failure_type: 'OutOfMemory', reason: 'The memory was not enough.' };
    expect(row).toMatchObject({ ...ending, attempt: 1 });
    expect(types).toEqual(['local']);
  },
  60_000,
);

test('ends where the budget does not pay for more, and says so', async () => {
  const { types, row } = await ranOn([needsMore], { limits: { budgetMicros: dollars(0.05) } });
  expect(row.reason).toBe(
    'The memory was not enough. What is left of the budget does not pay for the next size, “large” (16 GiB, $2.00 an hour).',
  );
  expect(types).toEqual(['local']);
}, 60_000);
