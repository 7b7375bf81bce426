import * as fc from 'fast-check';
import { costParts } from '../../domain/cost-parts.ts';
import { dollars, totalCost } from '../../domain/money.ts';

const first = { attempt: 1, pricePerHourMicros: dollars(36), diskPerHourMicros: dollars(3.6), fromMs: 0, toMs: 10_000 };
const machine = { ...first, removalAskedAtMs: 8000 as number | null };

test('tells machine, disk, the attempts before and the taking down apart', () => {
  const second = { ...machine, attempt: 2, fromMs: 20_000, toMs: null, removalAskedAtMs: null };
  expect(costParts([machine], 99_000)).toEqual([
    { title: 'Machine', micros: dollars(0.072) },
    { title: 'Disk', micros: dollars(0.008) },
    { title: 'Taking it down', micros: dollars(0.02) },
  ]);
  expect(costParts([machine, second], 30_000)).toEqual([
    { title: 'Machine', micros: dollars(0.09) },
    { title: 'Disk', micros: dollars(0.01) },
    { title: 'The attempt before', micros: dollars(0.1) },
  ]);
});

test('the parts sum up to the cost, to the last millionth', () => {
  const at = fc.integer({ min: 0, max: 10_000_000 });
  const any = fc.record({
    ...{ attempt: fc.integer({ min: 1, max: 4 }), pricePerHourMicros: fc.integer({ min: 0, max: dollars(90) }) },
    ...{ share: fc.double({ min: 0, max: 1, noNaN: true }), fromMs: at, lasts: fc.option(at), asked: fc.option(at) },
    leastSeconds: fc.constantFrom(0, 60),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), at, (given, nowMs) => {
      const machines = given.map(({ share, lasts, asked, ...each }) => ({
        ...each,
        diskPerHourMicros: Math.floor(each.pricePerHourMicros * share),
        toMs: lasts === null ? null : each.fromMs + lasts,
        removalAskedAtMs: asked === null ? null : each.fromMs + asked,
      }));
      const sum = costParts(machines, nowMs).reduce((total, { micros }) => total + micros, 0);
      expect(sum).toBe(totalCost(machines, nowMs));
    }),
  );
});
