import { setTimeout as sleep } from 'node:timers/promises';
import { Turns } from '../../../infra/gcp/terraform/turns.ts';

const never = new AbortController().signal;

describe('turns', () => {
  test('lets no more than so many work at once, and all of them in the end, in the order in which they came', async () => {
    const turns = new Turns(2);
    const began: number[] = [];
    let [now, most] = [0, 0];
    const work = (each: number) =>
      turns.take(never, async () => {
        began.push(each);
        most = Math.max(most, (now += 1));
        await sleep(5);
        now -= 1;
      });
    await Promise.all([1, 2, 3, 4, 5].map(work));
    expect(began).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  test('gives the turn on after a failure, and takes whoever gives up out of the row', async () => {
    const turns = new Turns(1);
    const [stop, done] = [new AbortController(), new AbortController()];
    const first = turns.take(never, async () => {
      await new Promise((resolve) => done.signal.addEventListener('abort', resolve));
      throw new Error('It failed.');
    });
    const givesUp = turns.take(stop.signal, async () => 'never begun');
    const last = turns.take(never, async () => 'done');
    stop.abort(new Error('Not wanted any more.'));
    await expect(givesUp).rejects.toThrow('Not wanted any more.');
    done.abort();
    await expect(first).rejects.toThrow('It failed.');
    expect(await last).toBe('done');
    await expect(turns.take(stop.signal, async () => 'never begun')).rejects.toThrow('Not wanted any more.');
    expect(await turns.take(never, async () => 'free again')).toBe('free again');
  });
});
