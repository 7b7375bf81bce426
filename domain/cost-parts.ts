import { type CostInterval, intervalCost, type Micros } from './money.ts';

/** A machine as the ledger has it, with the disk that goes with it. */
export interface BilledMachine extends CostInterval {
  attempt: number;
  diskPerHourMicros: Micros;
  /** When it was asked to go; from there on it is only being taken down. */
  removalAskedAtMs: number | null;
}

export interface CostPart {
  title: string;
  micros: Micros;
}

/** What the cost so far is made of: the parts sum up to it exactly. */
export function costParts(machines: readonly BilledMachine[], nowMs: number): CostPart[] {
  const newest = Math.max(0, ...machines.map(({ attempt }) => attempt));
  const sums = { machine: 0, disk: 0, earlier: 0, teardown: 0 };
  for (const each of machines) {
    const all = intervalCost(each, nowMs);
    if (each.attempt < newest) {
      sums.earlier += all;
      continue;
    }
    const worked = intervalCost({ ...each, toMs: workedUntil(each, nowMs) }, nowMs);
    const disk = intervalCost(
      { ...each, toMs: workedUntil(each, nowMs), pricePerHourMicros: each.diskPerHourMicros },
      nowMs,
    );
    sums.machine += worked - disk;
    sums.disk += disk;
    sums.teardown += all - worked;
  }
  const parts: CostPart[] = [
    { title: 'Machine', micros: sums.machine },
    { title: 'Disk', micros: sums.disk },
    { title: newest === 2 ? 'The attempt before' : `The ${newest - 1} attempts before`, micros: sums.earlier },
    { title: 'Taking it down', micros: sums.teardown },
  ];
  return parts.filter(({ micros }) => micros > 0);
}

/** A clock that was set back may have it asked to go in the future. */
function workedUntil({ removalAskedAtMs, fromMs, toMs }: BilledMachine, nowMs: number): number {
  const untilMs = toMs ?? nowMs;
  return removalAskedAtMs === null ? untilMs : Math.max(fromMs, Math.min(removalAskedAtMs, untilMs));
}
