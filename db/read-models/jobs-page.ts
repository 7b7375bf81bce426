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
}

export const readJobsPage = reading(async (knex: Knex, workspaceId: string, query: JobsQuery): Promise<JobsFacts> => {
  const matching = jobRows(knex, workspaceId).modify(narrow, query);
  const [rows, counted, all] = await Promise.all([
    matching
      .clone()
      .orderBy(columns[query.sort], query.direction)
      .orderBy('jobs.id')
      .limit(jobsPerPage)
      .offset((query.page - 1) * jobsPerPage),
    matching.clone().clearSelect().countDistinct({ n: 'jobs.id' }).first(),
    knex('jobs').count({ n: '*' }).where('jobs.workspace_id', workspaceId).whereNull('jobs.deleted_at_ms').first(),
  ]);
  return { rows, total: Number(counted?.n ?? 0), all: Number(all?.['n'] ?? 0) };
});

function narrow(builder: Knex.QueryBuilder, { status, text }: JobsQuery): void {
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
