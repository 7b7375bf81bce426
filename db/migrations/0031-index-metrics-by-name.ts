import { createIndex } from '../table.ts';

export const { up, down } = createIndex('metrics_by_name', 'metrics', 'job_id, name, id');
