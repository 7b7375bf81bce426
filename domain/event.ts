import { z } from 'zod';

/**
 * What a trainer says, numbered by `seq` (1, 2, 3 …) within its attempt by the runner, with the machine's time.
 * Numbers that JSON cannot carry (NaN, infinity) arrive as null.
 */
const base = { seq: z.int().min(1), atMs: z.int() };
const nullableNumber = z.number().nullable();

const gpuSchema = z.object({
  name: z.string(),
  percent: nullableNumber,
  usedBytes: nullableNumber,
  totalBytes: nullableNumber,
});

export const eventSchema = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('hello'),
    runnerVersion: z.string(),
    host: z.string(),
    cpus: z.number(),
    memoryBytes: z.number(),
    gpus: z.array(gpuSchema),
  }),
  z.object({
    ...base,
    type: z.literal('heartbeat'),
    cpuPercent: nullableNumber,
    memoryUsedBytes: nullableNumber,
    memoryTotalBytes: nullableNumber,
    diskUsedBytes: nullableNumber,
    diskTotalBytes: nullableNumber,
    gpus: z.array(gpuSchema),
  }),
  z.object({ ...base, type: z.literal('log'), stream: z.enum(['out', 'err', 'machine']), text: z.string() }),
  z.object({
    ...base,
    type: z.literal('metric'),
    name: z.string(),
    step: z.number(),
    value: nullableNumber,
    unit: z.string().nullable().default(null),
    higherIsBetter: z.boolean().nullable().default(null),
  }),
  z.object({
    ...base,
    type: z.literal('progress'),
    /** 0 to 1, or null when nobody can know. */
    fraction: nullableNumber,
    secondsLeft: nullableNumber,
    sentence: z.string(),
  }),
  z.object({
    ...base,
    type: z.literal('leaderboard'),
    model: z.string(),
    metric: z.string(),
    higherIsBetter: z.boolean(),
    validation: nullableNumber,
    /** Half the width of the 95 % interval. */
    interval: nullableNumber,
    /** Its two ends, which may lie at different distances from the score. Older trainers told only half the width. */
    low: nullableNumber.default(null),
    high: nullableNumber.default(null),
    fitSeconds: nullableNumber,
    predictMsPer1000: nullableNumber,
    baseline: z.boolean().default(false),
    secondsUsed: nullableNumber,
    secondsLeft: nullableNumber,
  }),
  z.object({ ...base, type: z.literal('checkpoint'), label: z.string(), object: z.string() }),
  z.object({
    ...base,
    type: z.literal('finished'),
    /** Why it came to its end: on its own, because it was asked to, or because the time was up. */
    why: z.enum(['completed', 'stop_asked', 'time_up']),
    hasResult: z.boolean(),
    sentence: z.string(),
  }),
  z.object({
    ...base,
    type: z.literal('failed'),
    failure: z.object({ type: z.string(), message: z.string() }),
    exitCode: z.int().nullable(),
  }),
]);

export type TrainerEvent = z.infer<typeof eventSchema>;
export type EventOf<T extends TrainerEvent['type']> = Extract<TrainerEvent, { type: T }>;

export function isTerminal(event: TrainerEvent): event is EventOf<'finished'> | EventOf<'failed'> {
  return event.type === 'finished' || event.type === 'failed';
}
