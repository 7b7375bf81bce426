import { failureFamilies, familyOf, isFailureType, notRetried, TrainyardError } from '../../domain/failures.ts';

test('what a person has to mend first is not retried', () => {
  for (const [type, family] of Object.entries(failureFamilies)) {
    if (family === 'user') expect(notRetried).toContain(type);
  }
});

test('of the rest, only what is being taken down is not retried', () => {
  expect(notRetried.filter((type) => familyOf(type) !== 'user')).toEqual(['CreateRevoked', 'ResultDamaged']);
});

test('a type from outside is known or not, whatever it is', () => {
  expect(isFailureType('MachineLost')).toBe(true);
  for (const other of ['machinelost', 'toString', '__proto__', '', undefined, null, 7]) {
    expect(isFailureType(other)).toBe(false);
  }
});

test('an error carries its type, its message and what to do', () => {
  const error = new TrainyardError('DiskFull', 'The disk is full.', 'Make room.');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'TrainyardError',
    type: 'DiskFull',
    message: 'The disk is full.',
    hint: 'Make room.',
  });
  expect(new TrainyardError('Bug', 'x').hint).toBeUndefined();
});
