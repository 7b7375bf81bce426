import { reportText } from '../../cli/orphans.ts';

const asked = { cloud: 'gcp', askedAtMs: Date.parse('2026-11-21T14:05:33Z'), problem: null, things: 1, orphans: [] };
const orphan = {
  ...{ kind: 'machine' as const, name: 'ty-j-1', holder: { kind: 'job' as const, id: '1' } },
  ...{ because: 'the job that it was made for is done', manualRemoval: 'gcloud compute instances delete ty-j-1' },
};

test.each([
  [{}, 'gcp: 0 orphans, asked at 14:05 UTC (1 thing of this installation there)'],
  [{ problem: 'No route.' }, 'gcp: could not be asked at 14:05 UTC: No route.'],
  [
    { things: 3, orphans: [orphan] },
    `gcp: 1 orphan, asked at 14:05 UTC (3 things of this installation there)
  machine ty-j-1: the job that it was made for is done
    by hand: gcloud compute instances delete ty-j-1`,
  ],
])('tells what a cloud answered', (more, text) => {
  expect(reportText({ ...asked, ...more })).toBe(text);
});
