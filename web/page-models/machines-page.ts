import type { LedgerLine, MachinesFacts } from '../../db/read-models/machines-page.ts';
import { intervalOf } from '../../db/stores/resource-store.ts';
import { formatMoney, totalCost } from '../../domain/money.ts';
import { isStuck } from '../../domain/stuck.ts';
import type { Obstacle } from '../../infra/cloud.ts';
import type { WorkspaceLimits, WorkspaceUse } from '../../domain/workspace-limits.ts';
import type { StorageView } from '../services/services.ts';
import type { CloudListing } from '../services/machine-service.ts';
import type { OrphanReport } from '../services/views.ts';
import type { Chip } from './chip.ts';
import type { Clock, Moment } from './clock.ts';
import { cloudWords } from './machine-card.ts';
import { formatBytes, formatDuration, formatMany } from './plain-words.ts';
import { type Alert, alertsOf } from './yard-page.ts';

export interface MachinesPage {
  alerts: Alert[];
  standing: {
    name: string;
    kindWord: string;
    holder: { href: string; name: string };
    chip: Chip;
    cloudSays: Chip;
    since: Moment | null;
    endsAt: Moment | null;
    price: string;
    spent: string;
  }[];
  kept: { used: string; free: string; logs: string; when: string };
  asked: {
    cloud: string;
    when: string;
    sentence: string;
    orphans: string;
    clean: boolean;
    problem: string | null;
    obstacle: Obstacle | null;
  }[];
  /** Of the workspace; null where it has none. */
  limits: { name: string; value: string }[] | null;
  /** In the cloud, and nobody's, or not in the ledger. */
  strays: { name: string; kindWord: string; cloud: string; because: string; command: string }[];
  ended: {
    name: string;
    holder: { href: string; name: string };
    type: string;
    ran: string;
    ended: Moment | null;
    why: string;
    cost: string;
  }[];
}

export interface CloudFacts {
  listings: readonly CloudListing[];
  orphans: readonly OrphanReport[];
  workspace: { limits: WorkspaceLimits; use: WorkspaceUse };
}

const kindWords = { machine: 'machine', bucket: 'bucket', signals: 'signal channel' } as const;

export function machinesPage(
  facts: MachinesFacts,
  { listings, orphans, workspace }: CloudFacts,
  storage: StorageView,
  clock: Clock,
): MachinesPage {
  const { nowMs } = clock;
  const nobodys = new Set(orphans.flatMap((report) => report.orphans.map(({ kind, name }) => `${kind} ${name}`)));
  const ledgerNames = new Set(facts.standing.map((row) => `${row.kind} ${row.name}`));
  const stuck = facts.standing.filter((row) => isStuck(row, nowMs));
  return {
    alerts: alertsOf(stuck, listings, nowMs),
    standing: facts.standing.map((row) => ({
      name: row.name,
      kindWord: kindWords[row.kind],
      holder: holderOf(row),
      chip: ledgerChip(row),
      cloudSays: cloudChip(row, listings),
      since: row.started_at_ms === null ? null : clock.moment(row.started_at_ms),
      endsAt: row.ends_at_ms && row.kind === 'machine' ? clock.moment(row.ends_at_ms) : null,
      price: row.kind === 'machine' ? `${formatMoney(row.price_per_hour_micros)} / h` : '',
      spent: row.kind === 'machine' ? spentOn(row, nowMs) : '',
    })),
    kept: {
      used: formatBytes(storage.usedBytes),
      free: formatBytes(storage.freeBytes),
      logs: storage.logRetentionDays === 0 ? 'for ever' : formatMany(storage.logRetentionDays, 'day'),
      when: clock.second(storage.countedAtMs),
    },
    asked: listings.map((listing) => ({
      cloud: cloudWords[listing.cloud] ?? listing.cloud,
      when: clock.second(listing.askedAtMs),
      sentence: `${formatMany(listing.things.filter((thing) => thing.kind === 'machine').length, 'machine')}, ${formatMany(
        listing.things.filter((thing) => thing.kind !== 'machine').length,
        'other thing',
      )}`,
      orphans: orphansAt(orphans, listing, clock),
      clean: orphans.every(({ cloud, orphans: found }) => cloud !== listing.cloud || found.length === 0),
      problem: listing.problem,
      obstacle: listing.obstacle,
    })),
    limits: limitsOf(workspace),
    strays: [
      ...orphans.flatMap((report) => report.orphans.map((each) => strayOf(each, report.cloud, each.because))),
      ...listings.flatMap(({ cloud, things }) =>
        things
          .filter(
            (thing) => !ledgerNames.has(`${thing.kind} ${thing.name}`) && !nobodys.has(`${thing.kind} ${thing.name}`),
          )
          .map((thing) => strayOf(thing, cloud, 'our ledger does not have it')),
      ),
    ],
    ended: facts.ended.map((row) => ({
      name: row.name,
      holder: holderOf(row),
      type: row.machine_type ?? row.cloud,
      ran:
        row.started_at_ms === null || row.ended_at_ms === null
          ? '–'
          : formatDuration(row.ended_at_ms - row.started_at_ms),
      ended: row.ended_at_ms === null ? null : clock.moment(row.ended_at_ms),
      why: endWords[row.ended_because ?? ''] ?? '–',
      cost: spentOn(row, nowMs),
    })),
  };
}

/** “0 orphans, asked at 14:05”: the answer of the cloud, and not of our tables. */
function orphansAt(orphans: readonly OrphanReport[], { cloud, askedAtMs }: CloudListing, clock: Clock): string {
  const count = orphans.find((report) => report.cloud === cloud)?.orphans.length ?? 0;
  return `${formatMany(count, 'orphan')}, asked at ${clock.moment(askedAtMs).text}`;
}

function strayOf(
  { kind, name, manualRemoval }: { kind: keyof typeof kindWords; name: string; manualRemoval: string },
  cloud: string,
  because: string,
): MachinesPage['strays'][number] {
  return { name, kindWord: kindWords[kind], cloud: cloudWords[cloud] ?? cloud, because, command: manualRemoval };
}

function limitsOf({ limits, use }: CloudFacts['workspace']): MachinesPage['limits'] {
  const { machines, monthlyMicros } = limits;
  if (machines === null && monthlyMicros === null) return null;
  const money = [
    { name: 'Spent this month', value: formatMoney(use.spentMicros) },
    { name: 'Open work may come to', value: formatMoney(use.openMicros) },
    { name: 'Most in a month', value: monthlyMicros === null ? 'no limit' : formatMoney(monthlyMicros) },
  ];
  return [
    { name: 'Machines now', value: machines === null ? String(use.machines) : `${use.machines} of ${machines}` },
    ...money,
  ];
}

const endWords: Record<string, string> = {
  finished: 'its work was done',
  expired: 'its own end was reached',
  killed: 'ended from outside',
  out_of_memory: 'out of memory',
  preempted: 'spot, taken back',
};

function holderOf(row: LedgerLine): { href: string; name: string } {
  return { href: `/${row.holder_kind}s/${row.holder_id}`, name: row.holder_name ?? row.holder_id };
}

function spentOn(row: LedgerLine, nowMs: number): string {
  if (row.started_at_ms === null) return '–';
  return formatMoney(totalCost(intervalOf(row), nowMs));
}

function ledgerChip(row: LedgerLine): Chip {
  if (row.removal_asked_at_ms !== null) return { icon: '▷', word: 'being removed', tone: 'wait' };
  if (row.state === 'intended') return { icon: '▷', word: 'being made', tone: 'run' };
  return { icon: '●', word: 'in use', tone: 'go' };
}

/** The cloud's own word beside ours: the two may differ, and then it is the cloud that is right. */
function cloudChip(row: LedgerLine, listings: readonly CloudListing[]): Chip {
  const listing = listings.find((each) => each.cloud === row.cloud);
  if (!listing || listing.problem !== null) return { icon: '?', word: 'could not be asked', tone: 'wait' };
  const isThere = listing.things.some((thing) => thing.kind === row.kind && thing.name === row.name);
  if (isThere) return { icon: '✓', word: 'exists', tone: 'plain' };
  const isExpected = row.state === 'intended' || row.removal_asked_at_ms !== null;
  return isExpected ? { icon: '–', word: 'not there', tone: 'plain' } : { icon: '!', word: 'not there', tone: 'wait' };
}
