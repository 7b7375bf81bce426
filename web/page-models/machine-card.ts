import { z } from 'zod';
import type { AttemptRow, JobRow, ResourceRow } from '../../db/tables.ts';
import type { EventOf } from '../../domain/event.ts';
import { formatMoney } from '../../domain/money.ts';
import type { Chip } from './chip.ts';
import type { Clock, Moment } from './clock.ts';
import { formatGib, formatPercent, formatSpan } from './plain-words.ts';

export interface MachineCard {
  chip: Chip;
  /** For the page's own clock to count from; null when it will not speak again. */
  heardAt: Moment | null;
  facts: { name: string; value: string }[];
  note: string;
  /** How a person logs in; null unless it was asked for and it stands. */
  login: string | null;
}

const number = z.number().nullish();
const gpu = z.object({ name: z.string().nullish(), percent: number, usedBytes: number, totalBytes: number });
const heartbeatSchema = z.object({
  cpuPercent: number,
  memoryUsedBytes: number,
  memoryTotalBytes: number,
  diskUsedBytes: number,
  diskTotalBytes: number,
  gpus: z.array(gpu).nullish(),
});

/** Who stands behind a cloud, in a sentence about what it does. */
const houses: Record<string, string> = { local: 'Its own guard', gcp: 'Google', aws: 'Amazon' };
export const cloudWords: Record<string, string> = { local: 'this computer', gcp: 'Google', aws: 'Amazon' };

/** A machine that said nothing for so long is worth a look. */
const quietAfterMs = 30_000;

/** What was asked of the work, and what became of it. */
type Work = Pick<JobRow, 'outcome' | 'cancel_asked_at_ms' | 'stop_asked_at_ms'>;

/** Of a cloud; null where nobody may log in. */
export type LoginCommand = (cloud: string, machine: { name: string; zone: string }) => string | null;

export function machineCard(
  attempts: readonly AttemptRow[],
  resources: readonly ResourceRow[],
  clock: Clock,
  work: Work,
  loginCommand: LoginCommand = () => null,
): MachineCard | null {
  const attempt = attempts.at(-1);
  if (!attempt) return null;
  const resource = resources.find((row) => row.kind === 'machine' && row.attempt === attempt.attempt);
  const isGone = resource?.state === 'gone' || attempt.ended_at_ms !== null;
  return {
    chip: isGone ? { icon: '✓', word: 'gone', tone: 'plain' } : livingChip(attempt, clock.nowMs),
    heardAt: isGone || attempt.last_heard_at_ms === null ? null : clock.moment(attempt.last_heard_at_ms),
    facts: [
      { name: 'Type', value: `${attempt.machine_type}${attempt.spot ? ' · spot' : ''}` },
      ...(attempt.zone ? [{ name: 'Zone', value: attempt.zone }] : []),
      { name: 'Price', value: `${formatMoney(attempt.price_per_hour_micros)} / h` },
      ...heartbeatFacts(attempt.heartbeat_json),
      ...checkpointFacts(attempt, clock),
    ],
    note: isGone ? goneNote(attempt, work) : endNote(attempt, clock),
    login:
      isGone || !attempt.zone ? null : loginCommand(attempt.cloud, { name: attempt.machine_name, zone: attempt.zone }),
  };
}

function livingChip(attempt: AttemptRow, nowMs: number): Chip {
  if (attempt.last_heard_at_ms === null) return { icon: '…', word: 'not heard yet', tone: 'wait' };
  const silent = nowMs - attempt.last_heard_at_ms;
  return {
    icon: silent > quietAfterMs ? '!' : '●',
    word: `heard ${formatSpan(silent)} ago`,
    tone: silent > quietAfterMs ? 'wait' : 'go',
  };
}

function heartbeatFacts(json: string | null): MachineCard['facts'] {
  const parsed = json === null ? undefined : heartbeatSchema.safeParse(JSON.parse(json));
  if (!parsed?.success) return [];
  const beat = parsed.data;
  return [
    { name: 'CPU', value: formatPercent(beat.cpuPercent ?? null) },
    { name: 'Memory', value: formatGib(beat.memoryUsedBytes ?? null, beat.memoryTotalBytes ?? null) },
    ...(beat.gpus ?? []).map((each) => ({
      name: 'GPU',
      value: `${formatPercent(each.percent ?? null)} · ${formatGib(each.usedBytes ?? null, each.totalBytes ?? null)}`,
    })),
    { name: 'Disk', value: formatGib(beat.diskUsedBytes ?? null, beat.diskTotalBytes ?? null) },
  ];
}

/** What a next attempt would begin with, should this machine be lost now. */
function checkpointFacts(attempt: AttemptRow, clock: Clock): MachineCard['facts'] {
  if (attempt.checkpoint_json === null) return [];
  const { label, atMs } = JSON.parse(attempt.checkpoint_json) as EventOf<'checkpoint'>;
  return [{ name: 'Safe', value: `${label} · ${clock.moment(atMs).text}` }];
}

function endNote(attempt: AttemptRow, clock: Clock): string {
  const house = houses[attempt.cloud] ?? attempt.cloud;
  return `${house} removes it at ${clock.moment(attempt.ends_at_ms).text} at the latest, even if Trainyard is gone.`;
}

const endWords: Record<string, string> = {
  finished: 'It ended when its work was done.',
  expired: 'It was ended at the time that was fixed when it was made.',
  killed: 'It was ended from outside.',
  out_of_memory: 'It ran out of memory.',
  preempted: 'It was a spot machine, and its cloud took it back.',
};

function goneNote(attempt: AttemptRow, work: Work): string {
  // A machine that is taken away looks to its cloud as one that ended; who took it away, and why, we know.
  const ownEnd = ['expired', 'out_of_memory', 'preempted'].includes(attempt.ended_because ?? '');
  if (work.outcome === 'cancelled' && !ownEnd) {
    if (work.cancel_asked_at_ms !== null) return 'It ended because you cancelled.';
    if (work.stop_asked_at_ms !== null) return 'It ended because you stopped before there was anything to keep.';
    return 'It ended because the workflow was terminated.';
  }
  return endWords[attempt.ended_because ?? ''] ?? 'It is gone.';
}
