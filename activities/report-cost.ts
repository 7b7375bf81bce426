import { billedMachine } from '../db/billed-machine.ts';
import { intervalOf } from '../db/stores/resource-store.ts';
import type { AttemptRow } from '../db/tables.ts';
import { type CostPart, costParts } from '../domain/cost-parts.ts';
import type { Holder } from '../domain/ids.ts';
import { formatMoney, type Micros, totalCost } from '../domain/money.ts';
import { priceListsOf } from './costs.ts';
import type { Dependencies } from './dependencies.ts';

/** What a report says of money. Counted by the ledger; a trainer knows nothing of it. */
export interface ReportCost {
  micros: Micros;
  /** False while something of it may still cost: it is then the cost until `countedAt`. */
  isFinal: boolean;
  countedAt: string;
  /** None of its machines has a price. */
  isFree: boolean;
  priceLists: string | null;
  /** One for each attempt that had a machine. */
  machines: string[];
  machineSeconds: number;
  /** Sum up to `micros`; empty where it is one thing alone. */
  parts: CostPart[];
}

/** Where `trainer/report/page.py` leaves room for it. Whatever else is in a page is escaped, so no text can hold them. */
const [opens, closes] = ['<!--trainyard:cost-->', '<!--/trainyard:cost-->'];

export async function costToReport(
  { stores, now }: Pick<Dependencies, 'stores' | 'now'>,
  { kind, id }: Holder,
  { isFinal }: { isFinal: boolean },
): Promise<ReportCost> {
  const holder = { kind, id };
  const [resources, attempts] = await Promise.all([stores.resources.ofHolder(holder), stores.attempts.list(holder)]);
  const nowMs = now();
  const micros = totalCost(resources.flatMap(intervalOf), nowMs);
  const parts = costParts(resources.flatMap(billedMachine), nowMs);
  const machines = resources.filter(({ kind: what }) => what === 'machine').flatMap(intervalOf);
  const endsMs = machines.map(({ toMs }) => toMs ?? nowMs);
  const lastedMs = machines.reduce((sum, { fromMs }, n) => sum + Math.max(0, (endsMs[n] ?? fromMs) - fromMs), 0);
  return {
    micros,
    isFinal,
    // Final is not of the time at which it is written: written again it must be the same.
    countedAt: new Date(isFinal && endsMs.length > 0 ? Math.max(...endsMs) : nowMs).toISOString(),
    isFree: resources.every((row) => row.kind !== 'machine' || row.price_per_hour_micros === 0),
    priceLists: priceListsOf(attempts),
    machines: attempts.map(machineInWords),
    machineSeconds: Math.round(lastedMs / 1000),
    parts: parts.length > 1 && parts.reduce((sum, part) => sum + part.micros, 0) === micros ? parts : [],
  };
}

/** `report.json` with what it cost in it, in place of what it may have said of it. */
export function withCost(reportText: string, cost: ReportCost): string {
  const report = JSON.parse(reportText) as Record<string, unknown>;
  return `${JSON.stringify({ ...report, cost }, null, 1)}\n`;
}

/** The page with a sentence in the room that its trainer left; a page of an older trainer has none and stays as it is. */
export function pageWithCost(page: string, cost: ReportCost): string {
  const from = page.indexOf(opens);
  const to = page.indexOf(closes, from);
  if (from < 0 || to < 0) return page;
  return `${page.slice(0, from + opens.length)}${escaped(costInWords(cost))}${page.slice(to)}`;
}

export function costInWords({ micros, isFinal, isFree, parts, countedAt, ...rest }: ReportCost): string {
  const minutes = `${Math.max(1, Math.round(rest.machineSeconds / 60)).toLocaleString('en')} min`;
  const lasted = rest.machineSeconds < 90 ? `${rest.machineSeconds} s` : minutes;
  const on = rest.machines.length > 0 ? ` ${lasted} of ${[...new Set(rest.machines)].join(', then ')}.` : '';
  if (isFree) return `Nothing: ${rest.machines.length > 0 ? 'its machine has no price' : 'it had no machine'}.${on}`;
  const made = parts.map(({ title, micros: part }) => `${title.toLowerCase()} ${formatMoney(part)}`).join(', ');
  const prices = rest.priceLists ? ` Prices of ${rest.priceLists}.` : '';
  const amount = `${formatMoney(micros)}${made && ` (${made})`}`;
  if (isFinal) return `${amount}, final.${on}${prices}`;
  const until = `${countedAt.slice(0, 16).replace('T', ' ')} UTC`;
  return `${amount} until ${until}, when the model was kept; not final yet.${on}${prices}`;
}

/**
 * Puts the final cost of a job into the report of its model: once everything is gone, so with what taking it down cost.
 * Again is the same as once. The row comes last: who sees it changed finds the changed files.
 */
export async function reportFinalCost(dependencies: Pick<Dependencies, 'stores' | 'store' | 'now'>, id: string) {
  const { stores, store } = dependencies;
  const model = await stores.models.findByJob(id);
  if (!model || model.deleted_at_ms !== null) return;
  const cost = await costToReport(dependencies, { kind: 'job', id }, { isFinal: true });
  const base = `models/${model.id}`;
  const page = await store.readText(`${base}/report.html`);
  if (page !== undefined) await store.putText(`${base}/report.html`, pageWithCost(page, cost));
  const report = withCost(model.report_json, cost);
  if (await store.exists(`${base}/report.json`)) await store.putText(`${base}/report.json`, report);
  await stores.models.setReport(model.id, report);
}

function machineInWords({ cloud, machine_type, spot }: AttemptRow): string {
  return cloud === 'local' ? 'this computer' : `${machine_type} on ${cloud}${spot === 1 ? ' (spot)' : ''}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
