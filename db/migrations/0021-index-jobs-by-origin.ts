import { createIndex } from '../table.ts';

export const { up, down } = createIndex('jobs_by_origin', 'jobs', 'continues_job_id');
