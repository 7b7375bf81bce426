import type { Holder } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { PlaceRow } from '../tables.ts';

export interface AskForPlace {
  holder: Holder;
  workspaceId: string;
  cloud: string;
  nowMs: number;
}

export interface Claim {
  granted: boolean;
  /** How many wait before this one. */
  ahead: number;
  /** False when it never asked, or its place was freed since: it must not go on. */
  asked: boolean;
}

/**
 * The yard: first come, first served, per cloud; but a prediction, which takes seconds and somebody waits for, goes
 * before the trainings that wait, each of which may take hours.
 */
export function placeStore(database: Database) {
  const inOrder = [
    // By the alphabet: “prediction” before “job”.
    { column: 'places.holder_kind', order: 'desc' },
    { column: 'places.asked_at_ms', order: 'asc' },
    { column: 'places.holder_id', order: 'asc' },
  ];

  const same = (row: PlaceRow, holder: Holder) => row.holder_kind === holder.kind && row.holder_id === holder.id;

  function claimOf(rows: PlaceRow[], holder: Holder): Claim {
    const mine = rows.find((row) => same(row, holder));
    if (!mine) return { granted: false, ahead: 0, asked: false };
    if (mine.granted_at_ms !== null) return { granted: true, ahead: 0, asked: true };
    const ahead = rows.slice(0, rows.indexOf(mine)).filter((row) => row.granted_at_ms === null).length;
    return { granted: false, ahead, asked: true };
  }

  /** All of the holder's cloud, in order; locked, so that claims go one by one. */
  async function lockedAround(own: Trx, holder: Holder): Promise<PlaceRow[]> {
    const mine = await own('places').where(ofHolder('places', holder)).first('places.cloud');
    if (!mine) return [];
    return own('places').where('places.cloud', mine.cloud).orderBy(inOrder).forUpdate().select('places.*');
  }

  return {
    /** Asking twice keeps the first turn. */
    async ask({ holder, workspaceId, cloud, nowMs }: AskForPlace, trx?: Trx): Promise<void> {
      const row: PlaceRow = {
        ...holderColumns(holder),
        workspace_id: workspaceId,
        cloud,
        asked_at_ms: nowMs,
        granted_at_ms: null,
      };
      await database.insertOnce('places', row, trx);
    },

    /**
     * Grants a place when one is free for it and for all who wait before it: those have theirs kept until they claim.
     * Never more than `capacity` are granted at once.
     */
    async claim(holder: Holder, capacity: number, nowMs: number, trx?: Trx): Promise<Claim> {
      return database.transaction(async (own) => {
        const rows = await lockedAround(own, holder);
        const claim = claimOf(rows, holder);
        const taken = rows.filter((row) => row.granted_at_ms !== null).length;
        if (claim.granted || !claim.asked || taken + claim.ahead >= capacity) return claim;
        await own('places').where(ofHolder('places', holder)).update({ granted_at_ms: nowMs });
        return { granted: true, ahead: 0, asked: true };
      }, trx);
    },

    /**
     * Gives the place back (or the turn up) and returns who waits in that cloud, first one first, to be woken. Freed
     * twice it cannot know the cloud any more and returns who waits anywhere: a wake-up too many does no harm.
     */
    async free(holder: Holder, trx?: Trx): Promise<Holder[]> {
      return database.transaction(async (own) => {
        const mine = await own('places').where(ofHolder('places', holder)).forUpdate().first('places.cloud');
        await own('places').where(ofHolder('places', holder)).delete();
        const waiting = own('places').whereNull('places.granted_at_ms').orderBy(inOrder);
        if (mine) void waiting.where('places.cloud', mine.cloud);
        const rows: PlaceRow[] = await waiting.select('places.*');
        return rows.map((row) => ({ kind: row.holder_kind, id: row.holder_id }));
      }, trx);
    },

    async list(cloud?: string, trx?: Trx): Promise<PlaceRow[]> {
      return database.run(trx, (db) => {
        const rows = db('places')
          .orderBy([{ column: 'places.cloud' }, ...inOrder])
          .select('places.*');
        return cloud === undefined ? rows : rows.where('places.cloud', cloud);
      });
    },
  };
}

export type PlaceStore = ReturnType<typeof placeStore>;
