import type { BilledMachine } from '../domain/cost-parts.ts';
import type { ResourceRow } from './tables.ts';

/** A row of the ledger as something that is billed; nothing before the cloud has said when it began. */
export function billedMachine(row: ResourceRow): BilledMachine[] {
  if (row.started_at_ms === null) return [];
  return [
    {
      attempt: row.attempt,
      pricePerHourMicros: row.price_per_hour_micros,
      diskPerHourMicros: row.disk_price_per_hour_micros,
      leastSeconds: row.billed_at_least_seconds,
      fromMs: row.started_at_ms,
      toMs: row.ended_at_ms ?? (row.state === 'gone' ? row.gone_confirmed_at_ms : null),
      removalAskedAtMs: row.removal_asked_at_ms,
    },
  ];
}
