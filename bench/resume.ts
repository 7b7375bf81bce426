/**
 * What is lost with a machine: trainers under the real runner, killed with all that is on their disk, and taken up again.
 *
 * For each engine that is installed: one training that nobody disturbs, then the same one killed by SIGKILL at moments drawn
 * by a seed, its work folder deleted, and gone on with from the bucket in a new one. Lost is the time since the checkpoint
 * that was safe in the bucket; the bound is what the engines state, one epoch or one model: the longest step between two
 * checkpoints, and two seconds to upload it. Of what had been told as finished at most one step may be gone. A network
 * must say the very same of every held-out row as the undisturbed one; the score of others must be within its interval.
 */
import { parseArgs } from 'node:util';
import { knownEngines, linesOf } from './engine-python.ts';
import { conclude, say } from './report.ts';

interface Plain {
  engine: string;
  plain: true;
  seconds: number;
  step: number;
}

/** It was over before it could be killed. */
interface Over {
  engine: string;
  plain?: undefined;
  share: number;
  endedBefore: true;
}

interface Lost {
  engine: string;
  plain?: undefined;
  share: number;
  killedAfter: number;
  /** The checkpoint that was in the bucket, and the one that the next machine says it went on from. */
  from: string | null;
  takenUp: string | null;
  endedBefore: false;
  lostSeconds: number;
  boundSeconds: number;
  lostSteps: string[];
  metric: string;
  score: number;
  undisturbed: number;
  interval: number;
  same: boolean;
}

const limit = 1;
const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true },
    times: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    /** For each engine: no further kill is begun after that. */
    minutes: { type: 'string', default: '5' },
  },
});

const { all: known, installed } = await knownEngines();
const engines = values.engine ?? installed;
const left = known.filter((name) => !engines.includes(name));
if (left.length > 0) say(`left out, since not installed here or not asked for: ${left.join(', ')}`);
say(`moments are drawn by --seed ${values.seed}`);

const all: Lost[] = [];
for (const engine of engines) {
  const args = [engine, values.times, values.seed, String(Number(values.minutes) * 60)];
  await linesOf<Plain | Over | Lost>(engine, 'measure_resume.py', args, (line) => {
    if (line.plain) {
      say(`${engine}, undisturbed: ${line.seconds.toFixed(1)} s, longest step ${line.step.toFixed(1)} s`);
      return;
    }
    if (line.endedBefore) {
      say(`${engine}: over before the kill at ${(line.share * 100).toFixed(0)} %, not counted`);
      return;
    }
    all.push(line);
    say(told(line));
  });
}
const ratio = Math.max(0, ...all.map(({ lostSeconds, boundSeconds }) => lostSeconds / boundSeconds));
conclude({
  bench: 'resume',
  ratio: Number(ratio.toFixed(3)),
  limit,
  ok: all.length > 0 && ratio <= limit && all.every((one) => problemOf(one) === undefined),
});

function problemOf(one: Lost): string | undefined {
  if (one.from !== one.takenUp) return `NOT TAKEN UP: ${one.from} was safe, and it went on from ${one.takenUp}`;
  if (one.lostSteps.length > 1) return 'MORE THAN ONE STEP LOST';
  if (one.engine === 'torch') return one.same ? undefined : 'ANOTHER MODEL than undisturbed';
  const worse = Math.abs(one.score - one.undisturbed);
  return worse <= one.interval ? undefined : 'ANOTHER SCORE than undisturbed';
}

function told(one: Lost): string {
  const { engine, killedAfter, share, from, lostSeconds, boundSeconds, lostSteps, metric } = one;
  const kill = `${engine} killed after ${killedAfter.toFixed(1)} s (${(share * 100).toFixed(0)} %)`;
  const steps = lostSteps.length > 0 ? ` and of what was told ${lostSteps.join(', ')}` : '';
  const lost = `${lostSeconds.toFixed(1)} s lost${steps}, bound ${boundSeconds.toFixed(1)} s`;
  const score = `${metric} ${one.score.toFixed(4)}, undisturbed ${one.undisturbed.toFixed(4)}${one.same ? ', row for row the same' : ''}`;
  const problem = problemOf(one);
  return `${kill}, on from ${from ?? 'the start'}: ${lost}; ${score}${problem ? `; ${problem}` : ''}`;
}
