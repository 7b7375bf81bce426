import { createIndex } from '../table.ts';

export const { up, down } = createIndex('metrics_in_order', 'metrics', 'job_id, id');
