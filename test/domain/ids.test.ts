import * as fc from 'fast-check';
import {
  bucketNameOf,
  type Holder,
  holderOfWorkflow,
  idSchema,
  machineNameOf,
  workflowIdOf,
} from '../../domain/ids.ts';

const holders: fc.Arbitrary<Holder> = fc.record({
  kind: fc.constantFrom('job' as const, 'prediction' as const),
  id: fc.uuid().map((id) => idSchema.parse(id)),
});

test('the workflow of a holder tells its holder again', () => {
  fc.assert(
    fc.property(holders, (holder) => {
      expect(holderOfWorkflow(workflowIdOf(holder))).toEqual(holder);
    }),
  );
});

test.each(['', 'job-', 'job-x', 'release-job-00000000-0000-0000-0000-000000000000', 'keep-house-local-x'])(
  'the workflow “%s” is no holder’s',
  (workflowId) => {
    expect(holderOfWorkflow(workflowId)).toBeUndefined();
  },
);

test('names of machines and buckets are short and plain enough for any cloud', () => {
  fc.assert(
    fc.property(holders, fc.integer({ min: 1, max: 99_999 }), (holder, attempt) => {
      for (const name of [machineNameOf({ ...holder, attempt }), bucketNameOf(holder)]) {
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name).toMatch(/^[a-z][a-z0-9-]*[a-z0-9]$/);
      }
    }),
  );
});

test('no two holders or attempts share a name', () => {
  const id = '6f0d6c5e-7f3e-4d0a-9a30-1f1c5b1b9d11';
  const job = { kind: 'job', id } as const;
  const prediction = { kind: 'prediction', id } as const;
  const names = [job, prediction].flatMap((holder) => [
    bucketNameOf(holder),
    workflowIdOf(holder),
    machineNameOf({ ...holder, attempt: 1 }),
    machineNameOf({ ...holder, attempt: 11 }),
  ]);
  expect(new Set(names).size).toBe(names.length);
});

test('an id is a UUID, kept in small letters whoever wrote it', () => {
  const id = '6F0D6C5E-7F3E-4D0A-9A30-1F1C5B1B9D11';
  expect(idSchema.parse(id)).toBe(id.toLowerCase());
  expect(holderOfWorkflow(workflowIdOf({ kind: 'job', id: idSchema.parse(id) }))).toBeDefined();
  for (const other of ['', 'x', `${id}0`, id.replaceAll('-', '')])
    expect(idSchema.safeParse(other).success).toBe(false);
});
