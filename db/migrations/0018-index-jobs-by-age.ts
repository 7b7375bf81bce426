import { createIndex } from '../table.ts';

export const { up, down } = createIndex('jobs_by_age', 'jobs', 'workspace_id, accepted_at_ms');
