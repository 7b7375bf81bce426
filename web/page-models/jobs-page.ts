import {
  type JobSort,
  type JobsFacts,
  type JobsQuery,
  type JobStatus,
  jobSorts,
  jobsPerPage,
} from '../../db/read-models/jobs-page.ts';
import { outcomeMarks } from '../../domain/outcomes.ts';
import type { Clock } from './clock.ts';
import { formatCount, formatMany } from './plain-words.ts';
import { type EngineTitles, type WorkLine, workLine } from './work-line.ts';

export interface JobsPage {
  rows: WorkLine[];
  columns: {
    word: string;
    href: string | null;
    current: boolean;
    order: 'ascending' | 'descending' | 'none';
    isNumber: boolean;
  }[];
  statuses: { value: JobStatus; word: string; selected: boolean }[];
  /** Empty where there is no sweep to narrow to. */
  sweeps: { value: string; word: string; selected: boolean }[];
  text: string;
  sort: JobSort;
  direction: 'asc' | 'desc';
  summary: string;
  isFiltered: boolean;
  isEmpty: boolean;
  previous: string | null;
  next: string | null;
}

const words: Record<JobSort, { word: string; isNumber: boolean }> = {
  name: { word: 'Name', isNumber: false },
  data: { word: 'Data', isNumber: false },
  engine: { word: 'Engine', isNumber: false },
  score: { word: 'Score', isNumber: true },
  accepted: { word: 'Started', isNumber: true },
  cost: { word: 'Cost', isNumber: true },
};

/** In the order of the table; null is a column that cannot be sorted by. */
const order: ({ sort: JobSort } | { word: string; isNumber: boolean })[] = [
  { sort: 'name' },
  { word: 'Status', isNumber: false },
  { sort: 'data' },
  { sort: 'engine' },
  { sort: 'score' },
  { sort: 'accepted' },
  { word: 'Took', isNumber: true },
  { sort: 'cost' },
];

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export function jobsQuery(read: (name: string) => string): JobsQuery {
  const status = read('status');
  const sort = read('sort');
  const page = Number(read('page'));
  const statuses: string[] = ['all', 'open', ...Object.keys(outcomeMarks)];
  return {
    status: statuses.includes(status) ? (status as JobStatus) : 'all',
    text: read('q').trim().slice(0, 200),
    sweepId: uuid.test(read('sweep')) ? read('sweep') : null,
    sort: jobSorts.find((name) => name === sort) ?? 'accepted',
    direction: read('direction') === 'asc' ? 'asc' : 'desc',
    page: Number.isInteger(page) && page > 0 && page < 100_000 ? page : 1,
  };
}

export function jobsPage(facts: JobsFacts, query: JobsQuery, clock: Clock, engines: EngineTitles): JobsPage {
  const address = (change: Partial<JobsQuery>) => addressOf({ ...query, page: 1, ...change });
  const pages = Math.max(1, Math.ceil(facts.total / jobsPerPage));
  return {
    rows: facts.rows.map((row) => workLine(row, clock, engines)),
    columns: order.map((column) => {
      if (!('sort' in column)) return { ...column, href: null, current: false, order: 'none' };
      const current = query.sort === column.sort;
      const direction = current && query.direction === 'desc' ? 'asc' : 'desc';
      return {
        ...words[column.sort],
        href: address({ sort: column.sort, direction }),
        current,
        order: current ? (query.direction === 'asc' ? 'ascending' : 'descending') : 'none',
      };
    }),
    statuses: [
      { value: 'all' as const, word: 'All' },
      { value: 'open' as const, word: 'Open' },
      ...Object.entries(outcomeMarks).map(([value, mark]) => ({ value: value as JobStatus, word: mark.word })),
    ].map((status) => ({ ...status, selected: status.value === query.status })),
    sweeps:
      facts.sweeps.length === 0
        ? []
        : [{ id: '', name: 'Any job' }, ...facts.sweeps].map(({ id, name }) => ({
            value: id,
            word: name,
            selected: id === (query.sweepId ?? ''),
          })),
    text: query.text,
    sort: query.sort,
    direction: query.direction,
    summary:
      pages > 1
        ? `${formatMany(facts.total, 'job')}, page ${formatCount(query.page)} of ${formatCount(pages)}`
        : formatMany(facts.total, 'job'),
    isFiltered: query.status !== 'all' || query.text !== '' || query.sweepId !== null,
    isEmpty: facts.all === 0,
    previous: query.page > 1 ? address({ page: query.page - 1 }) : null,
    next: query.page < pages ? address({ page: query.page + 1 }) : null,
  };
}

function addressOf(query: JobsQuery): string {
  const search = new URLSearchParams();
  if (query.status !== 'all') search.set('status', query.status);
  if (query.text !== '') search.set('q', query.text);
  if (query.sweepId !== null) search.set('sweep', query.sweepId);
  if (query.sort !== 'accepted') search.set('sort', query.sort);
  if (query.direction !== 'desc') search.set('direction', query.direction);
  if (query.page > 1) search.set('page', String(query.page));
  const text = search.toString();
  return text === '' ? '/jobs' : `/jobs?${text}`;
}
