import { createIndex } from '../table.ts';

export const { up, down } = createIndex('jobs_by_phase', 'jobs', 'phase, accepted_at_ms');
