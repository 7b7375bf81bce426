import { Contiguous } from '../../../activities/relay/contiguous.ts';
import type { TrainerEvent } from '../../../domain/event.ts';

const line = (seq: number, text = `line ${seq}`): TrainerEvent => ({
  seq,
  atMs: seq,
  type: 'log',
  stream: 'out',
  text,
});
const missing = (seq: number) => line(seq, 'missing');
const texts = (events: TrainerEvent[]) => events.map((event) => (event.type === 'log' ? event.text : event.type));

test('a gap that nobody can fill any more is closed, and what lay behind it comes out in order', () => {
  const order = new Contiguous(0);
  expect(texts(order.add([line(1), line(4), line(7)]))).toEqual(['line 1']);
  expect(texts(order.closeGap(missing))).toEqual(['missing', 'missing', 'line 4']);
  expect(order.hasGap).toBe(true);
  expect(texts(order.closeGap(missing))).toEqual(['missing', 'missing', 'line 7']);
  expect(order.hasGap).toBe(false);
  expect(order.closeGap(missing)).toEqual([]);
  expect(order.seq).toBe(7);
});
