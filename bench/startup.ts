/**
 * How long `./x up` takes from the command to its first page when everything is warm: caches filled, database made, one
 * start and one orderly end behind it. The median of three starts, since a start is short against what else a machine does.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRunningYard } from '../test/e2e/running-yard.ts';
import { conclude, median, say } from './report.ts';

const starts = 3;
const limitSeconds = 8;
const patienceMs = 120_000;

// The command as a person gives it, with what it does before there is a program of ours.
const yard = await openRunningYard({}, [join(import.meta.dirname, '../x'), 'up']);
try {
  await yard.down();
  const seconds: number[] = [];
  for (let start = 1; start <= starts; start++) {
    const began = performance.now();
    const [page, ready] = await Promise.all([
      firstPage().then(() => (performance.now() - began) / 1000),
      yard.up().then(() => (performance.now() - began) / 1000),
    ]);
    seconds.push(page);
    say(`start ${start}: first page after ${page.toFixed(1)} s, everything answers after ${ready.toFixed(1)} s`);
    await yard.down();
  }
  const middle = median(seconds);
  say(`median ${middle.toFixed(1)} s of ${limitSeconds} s`);
  await yard.remove();
  conclude({
    bench: 'startup',
    ratio: Number((middle / limitSeconds).toFixed(3)),
    limit: 1,
    ok: middle < limitSeconds,
  });
} finally {
  await yard.remove();
}

/** A page for a person, whole; whether anything behind it is away is its own matter to say. */
async function firstPage(): Promise<void> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    try {
      const answer = await fetch(`${yard.url}/`, { signal: AbortSignal.timeout(5000) });
      if (answer.ok && (await answer.text()).includes('</html>')) return;
    } catch {
      // Not listening yet.
    }
    await sleep(20);
  }
  throw new Error('The first page did not come.');
}
