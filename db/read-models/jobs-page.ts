import type { Knex } from 'knex';
import type { Outcome } from '../../domain/outcomes.ts';
import { jobRows, type WorkRow } from './work-rows.ts';
import { reading } from './reading.ts';

export const jobSorts = ['accepted', 'name', 'engine', 'data', 'score', 'cost'] as const;
export type JobSort = (typeof jobSorts)[number];
export type JobStatus = 'all' | 'open' | Outcome;

export interface JobsQuery {
  status: JobStatus;
  text: string;
  /** Only the trials of this sweep. */
  sweepId: string | null;
  sort: JobSort;
  direction: 'asc' | 'desc';
  page: number;
}

export const jobsPerPage = 25;

const columns: Record<JobSort, string> = {
  accepted: 'jobs.accepted_at_ms',
  name: 'jobs.name',
  engine: 'jobs.engine',
  data: 'datasets.name',
  score: 'models.test_score',
  cost: 'jobs.cost_micros',
};

export interface JobsFacts {
  rows: WorkRow[];
  /** How many match, over all pages. */
  total: number;
  /** How many there are at all, whatever the filter. */
  all: number;
  /** To narrow to: the newest ones, and the one that is narrowed to, though it may have been deleted. */
  sweeps: { id: string; name: string }[];
}

const sweepsOffered = 50;

export const readJobsPage = reading(async (knex: Knex, workspaceId: string, query: JobsQuery): Promise<JobsFacts> => {
  const matching = jobRows(knex, workspaceId).modify(narrow, query);
  const [rows, counted, all, sweeps] = await Promise.all([
    matching
      .clone()
      .orderBy(columns[query.sort], query.direction)
      .orderBy('jobs.id')
      .limit(jobsPerPage)
      .offset((query.page - 1) * jobsPerPage),
    matching.clone().clearSelect().countDistinct({ n: 'jobs.id' }).first(),
    knex('jobs').count({ n: '*' }).where('jobs.workspace_id', workspaceId).whereNull('jobs.deleted_at_ms').first(),
    sweepsOf(knex, workspaceId, query.sweepId),
  ]);
  return { rows, total: Number(counted?.n ?? 0), all: Number(all?.['n'] ?? 0), sweeps };
});

async function sweepsOf(knex: Knex, workspaceId: string, chosen: string | null): Promise<JobsFacts['sweeps']> {
  const ours = () => knex('sweeps').select('sweeps.id', 'sweeps.name').where('sweeps.workspace_id', workspaceId);
  const newest: JobsFacts['sweeps'] = await ours()
    .whereNull('sweeps.deleted_at_ms')
    .orderBy([{ column: 'sweeps.accepted_at_ms', order: 'desc' }, { column: 'sweeps.id' }])
    .limit(sweepsOffered);
  if (chosen === null || newest.some(({ id }) => id === chosen)) return newest;
  return [...newest, ...(await ours().where('sweeps.id', chosen))];
}

function narrow(builder: Knex.QueryBuilder, { status, text, sweepId }: JobsQuery): void {
  if (sweepId !== null) void builder.where('jobs.sweep_id', sweepId);
  if (status === 'open') void builder.whereNull('jobs.done_at_ms');
  else if (status !== 'all') void builder.where('jobs.outcome', status);
  if (text === '') return;
  // "!" escapes, because MySQL and SQLite disagree about the backslash; they also disagree about letters.
  const pattern = `%${text.toLowerCase().replace(/[!%_]/g, (found) => `!${found}`)}%`;
  void builder.where((any) => {
    for (const column of ['jobs.name', 'datasets.name', 'jobs.engine']) {
      void any.orWhereRaw("lower(??) like ? escape '!'", [column, pattern]);
    }
  });
}
