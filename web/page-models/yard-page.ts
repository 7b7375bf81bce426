import type { YardFacts } from '../../db/read-models/yard-page.ts';
import type { ResourceRow } from '../../db/tables.ts';
import { costOf, formatMoney } from '../../domain/money.ts';
import type { CloudListing } from '../services/machine-service.ts';
import type { Sample } from '../services/services.ts';
import type { Clock, Moment } from './clock.ts';
import { formatCount, formatMany, formatSpan } from './plain-words.ts';
import { type EngineTitles, type WorkLine, workLine } from './work-line.ts';

export interface YardPage {
  /** Set while there is nothing at all: what to do first. */
  welcome: { samples: Sample[] } | null;
  alerts: Alert[];
  running: WorkLine[];
  waiting: (WorkLine & { why: string })[];
  places: string;
  machines: { href: string; name: string; type: string; price: string; spent: string; since: Moment | null }[];
  perHour: string;
  recent: WorkLine[];
}

/** A thing whose removal does not succeed: how old, what it costs, and how to do it by hand. */
export interface Alert {
  what: string;
  text: string;
  problem: string | null;
  command: string | null;
  href: string;
}

export function yardPage(
  facts: YardFacts,
  env: { clock: Clock; samples: Sample[]; places: number; listings: CloudListing[]; engines: EngineTitles },
): YardPage {
  const { clock, engines } = env;
  const lines = facts.open.map((row) => workLine(row, clock, engines));
  const held = facts.places.filter((place) => place.granted_at_ms !== null);
  const asking = facts.places.filter((place) => place.granted_at_ms === null);
  return {
    welcome: facts.datasets === 0 && facts.jobs === 0 ? { samples: env.samples } : null,
    alerts: alertsOf(facts.stuck, env.listings, clock.nowMs),
    running: lines.filter((_, index) => facts.open[index]?.phase !== 'queued'),
    waiting: lines
      .filter((_, index) => facts.open[index]?.phase === 'queued')
      .map((line) => ({ ...line, why: whyItWaits(line, asking) })),
    places: `${formatCount(held.length)} of ${formatCount(env.places)} places taken${asking.length > 0 ? `, ${asking.length} waiting` : ''}`,
    machines: facts.machines.map((row) => ({
      href: `/${row.holder_kind}s/${row.holder_id}`,
      name: row.name,
      type: row.machine_type ?? row.cloud,
      price: `${formatMoney(row.price_per_hour_micros)} / h`,
      spent: formatMoney(costOf(row.price_per_hour_micros, clock.nowMs - (row.started_at_ms ?? clock.nowMs))),
      since: row.started_at_ms === null ? null : clock.moment(row.started_at_ms),
    })),
    perHour: formatMoney(facts.machines.reduce((sum, row) => sum + row.price_per_hour_micros, 0)),
    recent: facts.recent.map((row) => workLine(row, clock, engines)),
  };
}

function whyItWaits(line: WorkLine, asking: YardFacts['places']): string {
  const position = asking.findIndex((place) => place.holder_id === line.id);
  if (position < 0) return line.sentence;
  return position === 0
    ? `${line.sentence} It is next.`
    : `${line.sentence} ${formatMany(position, 'other')} before it.`;
}

export function alertsOf(stuck: readonly ResourceRow[], listings: readonly CloudListing[], nowMs: number): Alert[] {
  return stuck.map((row) => {
    const since = row.started_at_ms ?? row.intended_at_ms;
    const asked = nowMs - (row.removal_asked_at_ms ?? nowMs);
    const price =
      row.price_per_hour_micros > 0
        ? ` It costs ${formatMoney(row.price_per_hour_micros)} an hour, ${formatMoney(costOf(row.price_per_hour_micros, nowMs - since))} so far.`
        : '';
    return {
      what: `${row.kind} ${row.name}`,
      text: `It is ${formatSpan(nowMs - since)} old; its removal was asked for ${formatSpan(asked)} ago and is not confirmed.${price} Trainyard keeps trying.`,
      problem: row.last_problem,
      command: commandFor(row, listings),
      href: `/${row.holder_kind}s/${row.holder_id}`,
    };
  });
}

/** Also for a cloud that does not answer: that is when a person may have to. */
function commandFor(row: ResourceRow, listings: readonly CloudListing[]): string | null {
  const listing = listings.find(({ cloud }) => cloud === row.cloud);
  const found = listing?.things.find((thing) => thing.kind === row.kind && thing.name === row.name);
  if (found) return found.manualRemoval;
  if (!listing?.removalByHand || listing.problem === null) return null;
  const labels = { kind: row.holder_kind, id: row.holder_id, installationId: '', owner: '' };
  const { kind, name, attempt } = row;
  return listing.removalByHand({ kind, name, labels, attempt, createdAtMs: row.started_at_ms });
}
