import { createIndex } from '../table.ts';

export const { up, down } = createIndex('jobs_by_sweep', 'jobs', 'sweep_id, sweep_trial');
