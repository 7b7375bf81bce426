import * as fc from 'fast-check';
import { Contiguous } from '../../../activities/relay/contiguous.ts';
import type { TrainerEvent } from '../../../domain/event.ts';

const line = (seq: number): TrainerEvent => ({ seq, atMs: seq, type: 'log', stream: 'out', text: `line ${seq}` });
const seqs = (events: readonly TrainerEvent[]) => events.map(({ seq }) => seq);

test('gives out each event once and in order, in whatever order and however often they come', () => {
  const batches = fc
    .integer({ min: 0, max: 40 })
    .chain((last) => {
      const all = Array.from({ length: last }, (_, index) => index + 1);
      const repeated = last === 0 ? fc.constant([]) : fc.array(fc.integer({ min: 1, max: last }));
      return fc.tuple(fc.shuffledSubarray(all, { minLength: last, maxLength: last }), repeated);
    })
    .chain(([all, more]) => fc.tuple(fc.constant(all.length), fc.array(fc.nat(4)), fc.constant([...all, ...more])));
  fc.assert(
    fc.property(batches, ([last, sizes, order]) => {
      const contiguous = new Contiguous(0);
      const given: number[] = [];
      const rest = order.map(line);
      for (const size of sizes) given.push(...seqs(contiguous.add(rest.splice(0, size))));
      given.push(...seqs(contiguous.add(rest)));
      expect(given).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      expect(contiguous.seq).toBe(last);
      expect(contiguous.hasGap).toBe(false);
    }),
  );
});

test('what lies beyond a gap is held back until the gap is filled', () => {
  const contiguous = new Contiguous(0);
  expect(seqs(contiguous.add([line(1), line(3), line(4)]))).toEqual([1]);
  expect(contiguous.hasGap).toBe(true);
  expect(seqs(contiguous.add([line(2)]))).toEqual([2, 3, 4]);
  expect(contiguous.hasGap).toBe(false);
});

test('what was taken in by an earlier relay is not given out again', () => {
  const contiguous = new Contiguous(5);
  expect(seqs(contiguous.add([line(4), line(5), line(6)]))).toEqual([6]);
});
