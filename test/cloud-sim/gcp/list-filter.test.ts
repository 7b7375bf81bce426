import { parseFilter } from './compute/list-filter.ts';

const record = {
  name: 'ty-j-1',
  status: 'RUNNING',
  targetLink: 'https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/ty-j-1',
  labels: { 'trainyard-installation': 'home', kind: 'job' },
};

describe('the filter of a listing', () => {
  test.each([
    [null, true],
    ['', true],
    ['name=ty-j-1', true],
    ['name = "ty-j-1"', true],
    ['name="other"', false],
    ['status!=RUNNING', false],
    ['labels.trainyard-installation=home', true],
    ['labels.trainyard-installation=home AND labels.kind=prediction', false],
    ['(labels.trainyard-installation=home) (labels.kind=job)', true],
    ['labels.kind=prediction OR labels.kind=job', true],
    ['NOT labels.kind=prediction', true],
    ['labels.kind:*', true],
    ['labels.none:*', false],
    ['name eq ty-j-.*', true],
    ['name ne ty-j-.*', false],
    ['(status eq RUNNING) (name eq other)', false],
    [`targetLink="${record.targetLink}" AND status=RUNNING`, true],
    [`targetLink=${record.targetLink}`, true],
  ])('%j is %j', (text, expected) => {
    expect(parseFilter(text)(record)).toBe(expected);
  });

  test('refuses what it does not understand', () => {
    expect(() => parseFilter('name=')).toThrow('Invalid list filter expression');
    expect(() => parseFilter('(name=a')).toThrow('Invalid list filter expression');
  });
});
