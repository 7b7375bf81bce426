import type { JobRow, PredictionRow } from '../../db/tables.ts';
import type { Holder } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import { type TestYard, until } from './test-yard.ts';

type RowOf<H extends Holder> = H extends { kind: 'job' } ? JobRow : PredictionRow;

export async function rowOf<H extends Holder>(yard: TestYard, holder: H): Promise<RowOf<H>> {
  const { jobs, predictions } = yard.dependencies.stores;
  const row = await (holder.kind === 'job' ? jobs : predictions).find(holder.id);
  if (!row) throw new Error(`There is no ${holder.kind} ${holder.id}.`);
  return row as RowOf<H>;
}

export async function inPhase(yard: TestYard, holder: Holder, phase: Phase, seconds = 20): Promise<void> {
  const what = `${holder.kind} ${holder.id} is ${phase}`;
  await until(what, async () => (await rowOf(yard, holder)).phase === phase, seconds);
}

export async function isDone<H extends Holder>(yard: TestYard, holder: H, seconds = 20): Promise<RowOf<H>> {
  await inPhase(yard, holder, 'done', seconds);
  return rowOf(yard, holder);
}

/** The oracle is the cloud's own listing, not our tables. */
export async function nothingIsLeft(yard: TestYard, holder: Holder): Promise<void> {
  expect(await yard.cloud.list()).toEqual([]);
  const { stores } = yard.dependencies;
  expect((await stores.places.list()).filter((place) => place.holder_id === holder.id)).toEqual([]);
  const ledger = await stores.resources.ofHolder(holder);
  expect(ledger.map((row) => row.state)).toEqual(ledger.map(() => 'gone'));
  const made = yard.cloud.audit.filter((entry) => entry.startsWith('+')).map((entry) => entry.slice(2));
  const removed = yard.cloud.audit.filter((entry) => entry.startsWith('-')).map((entry) => entry.slice(2));
  expect(removed.toSorted()).toEqual(made.toSorted());
}
