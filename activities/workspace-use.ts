import type { Trx } from '../db/database.ts';
import type { Stores } from '../db/open-stores.ts';
import type { Holder } from '../domain/ids.ts';
import type { Micros } from '../domain/money.ts';
import { monthBegan, tooMuchForMonth, type WorkspaceLimits, type WorkspaceUse } from '../domain/workspace-limits.ts';
import type { Dependencies } from './dependencies.ts';

type Needs = Pick<Stores, 'workspaces' | 'spending'>;

/** What a workspace uses of its limits now, in the calendar month that it is there. */
export async function useOf(
  { workspaces, spending }: Needs,
  asked: { workspaceId: string; nowMs: number; except?: string; onlyPlaced?: boolean },
  trx?: Trx,
): Promise<WorkspaceUse> {
  const workspace = await workspaces.get(asked.workspaceId, trx);
  const fromMs = monthBegan(asked.nowMs, workspace?.time_zone ?? 'UTC');
  return spending.ofWorkspace({ ...asked, fromMs }, trx);
}

/**
 * Why its workspace cannot take on what may cost so much; undefined when it can. The workspace is held until the end
 * of `trx`, in which it is accepted: two at once are not both the last for which there is money.
 */
export async function tooMuchFor(
  stores: Needs,
  limits: WorkspaceLimits,
  { workspaceId, worstMicros, nowMs }: { workspaceId: string; worstMicros: Micros; nowMs: number },
  trx: Trx,
): Promise<string | undefined> {
  if (limits.monthlyMicros === null || worstMicros === 0) return undefined;
  await stores.workspaces.hold(workspaceId, trx);
  return tooMuchForMonth(limits, await useOf(stores, { workspaceId, nowMs }, trx), worstMicros);
}

/** Why a place must wait, free or not: its workspace has all the machines, or spends all the money, that it may. */
export async function heldBack(
  { stores, workspaceLimits, now }: Pick<Dependencies, 'stores' | 'workspaceLimits' | 'now'>,
  { id }: Holder,
  { workspaceId, worstMicros }: { workspaceId: string; worstMicros: Micros },
  trx: Trx,
): Promise<string | undefined> {
  const { machines, monthlyMicros } = workspaceLimits;
  if (machines === null && monthlyMicros === null) return undefined;
  await stores.workspaces.hold(workspaceId, trx);
  const use = await useOf(stores, { workspaceId, nowMs: now(), except: id, onlyPlaced: true }, trx);
  if (machines !== null && use.machines >= machines) {
    const all = machines === 1 ? 'the one machine' : `all ${machines} machines`;
    return `Its workspace has ${all} that it may have at once; it waits until one is gone.`;
  }
  const tooMuch = tooMuchForMonth(workspaceLimits, use, worstMicros);
  return tooMuch && `${tooMuch} It waits until there is room.`;
}
