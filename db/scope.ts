import type { Knex } from 'knex';
import type { Holder } from '../domain/ids.ts';

export type ScopedTable = 'datasets' | 'jobs' | 'predictions' | 'models' | 'recipes' | 'preparations' | 'sweeps';

export interface Scope {
  workspaceId: string;
  /** Also what was deleted: its row stays, for the cost and for what came of it. */
  deleted?: boolean;
}

/** The one place where what a person asks for is kept to their workspace. */
export function inScope(db: Knex, table: ScopedTable, { workspaceId, deleted = false }: Scope): Knex.QueryBuilder {
  const query: Knex.QueryBuilder = db(table).where(`${table}.workspace_id`, workspaceId);
  if (!deleted) void query.whereNull(`${table}.deleted_at_ms`);
  return query;
}

/** What a holder has in a table of attempts, log lines, resources … Whose holder it is was checked when it was read. */
export function ofHolder(table: string, holder: Holder): Record<string, string> {
  return { [`${table}.holder_kind`]: holder.kind, [`${table}.holder_id`]: holder.id };
}

export function holderColumns(holder: Holder): { holder_kind: Holder['kind']; holder_id: string } {
  return { holder_kind: holder.kind, holder_id: holder.id };
}

export interface PageOf {
  limit?: number;
  offset?: number;
}

/** `text` as a part of `column`, upper and lower case alike, `%` and `_` meaning themselves. */
export function containing(db: Knex, column: string, text: string): Knex.Raw {
  const escaped = text.replace(/[!%_]/g, (sign) => `!${sign}`);
  return db.raw(`lower(??) like lower(?) escape '!'`, [column, `%${escaped}%`]);
}
