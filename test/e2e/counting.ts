import { join } from 'node:path';
import { apiAt } from './api.ts';
import { openRunningYard, type RunningYard } from './running-yard.ts';

/** The whole product with a trainer that counts: light enough to be killed a hundred times. */
export const countingTrainer = join(import.meta.dirname, '../chaos/trainer-image');

export async function openCountingYard(env: Record<string, string> = {}) {
  const yard = await openRunningYard({
    TRAINYARD_TRAINER_FOLDER: countingTrainer,
    TRAINYARD_LOCAL_PLACES: '4',
    ...env,
  });
  const api = apiAt(yard.url);
  const dataset = await api.upload('counted.csv', 'x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,a\n8,b\n9,a\n10,b\n');
  return { yard, api, dataset };
}

export interface CountingJob {
  lines?: number;
  seconds?: number;
  trainingSeconds?: number;
  attempts?: number;
  silenceSeconds?: number;
  /** How long it takes to hand in what it has when it is asked to stop, as a real one does. */
  lingers?: number;
}

export function countingRequest(
  id: string,
  datasetId: string,
  { lines = 40, seconds = 2, trainingSeconds = 60, attempts = 10, silenceSeconds = 30, lingers = 0 }: CountingJob = {},
) {
  return {
    id,
    name: `count to ${lines}`,
    datasetId,
    task: { kind: 'binary', labels: ['y'] },
    engine: { name: 'counting', settings: { lines, seconds, lingers } },
    limits: { trainingSeconds, attempts, silenceSeconds },
  };
}

export async function acceptCounting(
  api: ReturnType<typeof apiAt>,
  datasetId: string,
  job: CountingJob = {},
): Promise<string> {
  const id = crypto.randomUUID();
  await api.post('/jobs', countingRequest(id, datasetId, job), { 'idempotency-key': id });
  return id;
}

/** Every line of the attempt that ended well is there once and in order; of the others no line is there twice. */
export function checkCounted(log: readonly string[], lines: number, attempts: number): void {
  const counted = log.flatMap((text) => {
    const found = /line (\d+) of \d+ at ([\d.]+)/.exec(text);
    return found ? [{ number: Number(found[1]), stamp: `${found[1]} ${found[2]}` }] : [];
  });
  const twice = counted.filter(({ stamp }, index) => counted.findIndex((other) => other.stamp === stamp) !== index);
  if (twice.length > 0) throw new Error(`Lines that are there twice: ${twice.map(({ stamp }) => stamp).join(', ')}`);
  const last = counted.slice(-lines).map(({ number }) => number);
  const whole = last.length === lines && last.every((number, index) => number === index + 1);
  if (!whole) throw new Error(`The last attempt (of ${attempts}) did not count to ${lines}: ${last.join(' ')}`);
}

export type { RunningYard };
