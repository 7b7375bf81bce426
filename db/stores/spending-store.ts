import type { HolderKind } from '../../domain/ids.ts';
import { intervalCost, type Micros } from '../../domain/money.ts';
import type { WorkspaceUse } from '../../domain/workspace-limits.ts';
import type { Database, Trx } from '../database.ts';
import type { ResourceRow } from '../tables.ts';
import { intervalOf } from './resource-store.ts';

interface Asked {
  workspaceId: string;
  /** When the month began. */
  fromMs: number;
  nowMs: number;
  /** Whose own use does not count. */
  except?: string;
  /** Counts as open only what has its place: what waits has been weighed, and waits its turn. */
  onlyPlaced?: boolean;
}

/** What workspaces use of their limits; reads only. */
export function spendingStore(database: Database) {
  /** What was billed from then on, of whom. */
  async function billed(own: Trx, table: 'jobs' | 'predictions', kind: HolderKind, { workspaceId, fromMs }: Asked) {
    const rows: ResourceRow[] = await own('resources')
      .join(table, `${table}.id`, 'resources.holder_id')
      .where({ 'resources.holder_kind': kind, [`${table}.workspace_id`]: workspaceId })
      .where('resources.price_per_hour_micros', '>', 0)
      .where((either) => {
        void either.whereNull('resources.ended_at_ms').orWhere('resources.ended_at_ms', '>', fromMs);
      })
      .select('resources.*');
    return rows;
  }

  return {
    async ofWorkspace(asked: Asked, trx?: Trx): Promise<WorkspaceUse> {
      const { workspaceId, fromMs, nowMs, except, onlyPlaced = false } = asked;
      return database.transaction(async (own) => {
        const rows = [
          ...(await billed(own, 'jobs', 'job', asked)),
          ...(await billed(own, 'predictions', 'prediction', asked)),
        ];
        const spent = new Map<string, Micros>();
        for (const row of rows) {
          const cost = intervalOf(row)
            .map((interval) => intervalCost({ ...interval, fromMs: Math.max(interval.fromMs, fromMs) }, nowMs))
            .reduce((sum, micros) => sum + micros, 0);
          spent.set(row.holder_id, (spent.get(row.holder_id) ?? 0) + cost);
        }
        const open = [...(await openIn(own, 'jobs', workspaceId)), ...(await openIn(own, 'predictions', workspaceId))];
        const places = await own('places')
          .where('places.workspace_id', workspaceId)
          .whereNotNull('places.granted_at_ms');
        const placed = new Set(places.map(({ holder_id }) => holder_id));
        let openMicros = 0;
        for (const { id, worst_micros } of open) {
          const micros = spent.get(id) ?? 0;
          spent.delete(id);
          // What has cost something is at work, or was, whoever has its place now.
          if (id === except || (onlyPlaced && !placed.has(id) && micros === 0)) continue;
          openMicros += Math.max(worst_micros ?? 0, micros);
        }
        const spentMicros = [...spent.values()].reduce((sum, micros) => sum + micros, 0);
        const machines = [...placed].filter((id) => id !== except).length;
        return { machines, spentMicros, openMicros };
      }, trx);
    },
  };

  async function openIn(
    own: Trx,
    table: 'jobs' | 'predictions',
    workspaceId: string,
  ): Promise<{ id: string; worst_micros: number | null }[]> {
    return own(table)
      .where(`${table}.workspace_id`, workspaceId)
      .whereNot(`${table}.phase`, 'done')
      .select([`${table}.id`, `${table}.worst_micros`]);
  }
}

export type SpendingStore = ReturnType<typeof spendingStore>;
