import type { Holder } from '../../domain/ids.ts';
import type { CostInterval } from '../../domain/money.ts';
import type { Database, Trx } from '../database.ts';
import { raiseVersion } from '../holder-version.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { ResourceKind, ResourceRow } from '../tables.ts';

export interface ResourceKey {
  holder: Holder;
  kind: ResourceKind;
  /** 0 for what belongs to the holder and not to one attempt. */
  attempt: number;
}

export interface Intent extends ResourceKey {
  name: string;
  cloud: string;
  pricePerHourMicros: number;
  diskPerHourMicros?: number;
  leastSeconds?: number;
  nowMs: number;
}

export interface Removal extends ResourceKey {
  name: string;
  cloud: string;
  nowMs: number;
}

export interface Gone {
  /** When the cloud was asked and answered: it is not there. */
  confirmedAtMs: number;
  /** The cloud's own times, when it knows them. */
  startedAtMs?: number | null;
  endedAtMs?: number | null;
}

/** The ledger of what may exist in a cloud: a row before the call, struck off only when it is confirmed gone. */
export function resourceStore(database: Database) {
  const ofKey = (key: ResourceKey) => ({
    ...ofHolder('resources', key.holder),
    'resources.kind': key.kind,
    'resources.attempt': key.attempt,
  });

  function newRow(key: Intent | Removal, state: ResourceRow['state']): ResourceRow {
    return {
      ...holderColumns(key.holder),
      kind: key.kind,
      attempt: key.attempt,
      name: key.name,
      cloud: key.cloud,
      state,
      price_per_hour_micros: 'pricePerHourMicros' in key ? key.pricePerHourMicros : 0,
      disk_price_per_hour_micros: ('diskPerHourMicros' in key ? key.diskPerHourMicros : undefined) ?? 0,
      billed_at_least_seconds: ('leastSeconds' in key ? key.leastSeconds : undefined) ?? 0,
      intended_at_ms: key.nowMs,
      started_at_ms: null,
      ended_at_ms: null,
      gone_confirmed_at_ms: null,
      removal_asked_at_ms: null,
      last_problem: null,
    };
  }

  async function locked(own: Trx, key: ResourceKey): Promise<ResourceRow | undefined> {
    return own('resources').where(ofKey(key)).forUpdate().first('resources.*');
  }

  return {
    /**
     * To be asked right before each create. `revoked`: its removal was asked for, or it is gone; it must not be made
     * any more, however late the call arrives. Asking twice keeps the first row.
     */
    async intend(intent: Intent, trx?: Trx): Promise<'intended' | 'revoked'> {
      return database.transaction(async (own) => {
        if (await database.insertOnce('resources', newRow(intent, 'intended'), own)) return 'intended';
        const row = await locked(own, intent);
        return !row || row.state === 'gone' || row.removal_asked_at_ms !== null ? 'revoked' : 'intended';
      }, trx);
    },

    /** Another way to buy it was decided before there was any: once it stands, its price stands. */
    async setPrice(
      key: ResourceKey,
      { pricePerHourMicros, diskPerHourMicros }: { pricePerHourMicros: number; diskPerHourMicros: number },
      trx?: Trx,
    ): Promise<void> {
      await database.run(trx, (db) =>
        db('resources')
          .where({ ...ofKey(key), 'resources.state': 'intended' })
          .whereNull('resources.started_at_ms')
          .update({
            price_per_hour_micros: pricePerHourMicros,
            disk_price_per_hour_micros: diskPerHourMicros,
          }),
      );
    },

    /** The cloud says that it is there. False when the ledger says gone: then it must be removed again. */
    async created(key: ResourceKey, { startedAtMs }: { startedAtMs: number | null }, trx?: Trx): Promise<boolean> {
      return database.transaction(async (own) => {
        const changed = await own('resources')
          .where(ofKey(key))
          .whereIn('resources.state', ['intended', 'created'])
          .update({
            state: 'created',
            started_at_ms: own.raw('coalesce(??, ?)', ['started_at_ms', startedAtMs]),
            last_problem: null,
          });
        return changed > 0;
      }, trx);
    },

    /** From now on `intend` answers `revoked`, also when nothing was ever intended: then a tombstone is written. */
    async removalAsked(removal: Removal, trx?: Trx): Promise<void> {
      await database.transaction(async (own) => {
        const tombstone = { ...newRow(removal, 'gone'), removal_asked_at_ms: removal.nowMs };
        if (await database.insertOnce('resources', tombstone, own)) return;
        await own('resources')
          .where(ofKey(removal))
          .whereNull('resources.removal_asked_at_ms')
          .update({ removal_asked_at_ms: removal.nowMs });
      }, trx);
    },

    /** The cloud confirmed that it is not there. The first confirmation stands; times it learns later are filled in. */
    async gone(key: ResourceKey, { confirmedAtMs, startedAtMs, endedAtMs }: Gone, trx?: Trx): Promise<void> {
      await database.transaction(async (own) => {
        await own('resources')
          .where(ofKey(key))
          .update({
            state: 'gone',
            started_at_ms: own.raw('coalesce(??, ?)', ['started_at_ms', startedAtMs ?? null]),
            ended_at_ms: own.raw('coalesce(??, ?)', ['ended_at_ms', endedAtMs ?? null]),
            gone_confirmed_at_ms: own.raw('coalesce(??, ?)', ['gone_confirmed_at_ms', confirmedAtMs]),
            last_problem: null,
          });
        await raiseVersion(own, key.holder);
      }, trx);
    },

    /**
     * It stands, though it may have been called gone before it came: open again until it is confirmed gone, and not to
     * be made anew.
     */
    async stands(key: ResourceKey, { nowMs }: { nowMs: number }, trx?: Trx): Promise<void> {
      await database.transaction(async (own) => {
        const changed = await own('resources')
          .where({ ...ofKey(key), 'resources.state': 'gone' })
          .update({
            state: 'created',
            gone_confirmed_at_ms: null,
            removal_asked_at_ms: own.raw('coalesce(??, ?)', ['removal_asked_at_ms', nowMs]),
          });
        if (changed > 0) await raiseVersion(own, key.holder);
      }, trx);
    },

    /**
     * It was there after all, until then: one that lands late was called gone before it came. What is known of its
     * start stands, and its end is the later one.
     */
    async lived(
      key: ResourceKey,
      { startedAtMs, endedAtMs }: Pick<Gone, 'startedAtMs' | 'endedAtMs'>,
      trx?: Trx,
    ): Promise<void> {
      if (startedAtMs === null || startedAtMs === undefined || !endedAtMs) return;
      await database.run(trx, async (db) => {
        const row = db('resources').where(ofKey(key));
        await row.clone().whereNull('resources.started_at_ms').update({ started_at_ms: startedAtMs });
        await row
          .clone()
          .whereRaw('coalesce(??, 0) < ?', ['resources.ended_at_ms', endedAtMs])
          .update({ ended_at_ms: endedAtMs });
      });
    },

    /** Why the last try failed; shown while it is not gone. */
    async problem(key: ResourceKey, text: string, trx?: Trx): Promise<void> {
      await database.transaction(async (own) => {
        await own('resources').where(ofKey(key)).update({ last_problem: text });
        await raiseVersion(own, key.holder);
      }, trx);
    },

    async get(key: ResourceKey, trx?: Trx): Promise<ResourceRow | undefined> {
      return database.run(trx, (db) => db('resources').where(ofKey(key)).first('resources.*'));
    },

    /** All that may exist now. */
    async live(trx?: Trx): Promise<ResourceRow[]> {
      return database.run(trx, (db) =>
        db('resources')
          .whereIn('resources.state', ['intended', 'created'])
          .orderBy('resources.intended_at_ms')
          .select('resources.*'),
      );
    },

    async ofHolder(holder: Holder, trx?: Trx): Promise<ResourceRow[]> {
      return database.run(trx, (db) =>
        db('resources')
          .where(ofHolder('resources', holder))
          .orderBy([{ column: 'resources.attempt' }, { column: 'resources.intended_at_ms' }])
          .select('resources.*'),
      );
    },

    /** Whether the ledger knows anything at all: when not, what is found in the cloud is only reported. */
    async isEmpty(trx?: Trx): Promise<boolean> {
      return (await database.run(trx, (db) => db('resources').first('resources.name'))) === undefined;
    },

    /** When each thing of the holder cost money, by the cloud's times; ours only where the cloud gave none. */
    async intervals(holder: Holder, trx?: Trx): Promise<CostInterval[]> {
      const rows: ResourceRow[] = await database.run(trx, (db) =>
        db('resources').where(ofHolder('resources', holder)).orderBy('resources.attempt').select('resources.*'),
      );
      return rows.flatMap(intervalOf);
    },
  };
}

export type ResourceStore = ReturnType<typeof resourceStore>;

/** An estimate must not be lower than the bill: made without a start is as if made when it was intended. */
export function startOf(row: ResourceRow): number | null {
  return row.started_at_ms ?? (row.state === 'created' ? row.intended_at_ms : null);
}

export function intervalOf(row: ResourceRow): CostInterval[] {
  const fromMs = startOf(row);
  if (fromMs === null) return [];
  const toMs = row.ended_at_ms ?? (row.state === 'gone' ? row.gone_confirmed_at_ms : null);
  const least = row.billed_at_least_seconds > 0 ? { leastSeconds: row.billed_at_least_seconds } : {};
  return [{ pricePerHourMicros: row.price_per_hour_micros, fromMs, toMs, ...least }];
}
